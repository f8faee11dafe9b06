"""Adversarial splits as the website shows them: images of each class, accuracies, and what is taken for what."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.figures.td.split_classes import confusion, known_mean
from whichtask.figures.td.split_pairs import GROUPS, read_splits
from whichtask.figures.td.split_predictions import Predictions, read_predictions
from whichtask.site.run import Missing, Run

SHOWN = 4
"""Images of a class in each block, the first ones in the order of the pool."""
MOST_CLASSES = 10
"""Classes shown of a split; of more, those with the most mistaken images."""
MOST_CELLS = 12
"""Classes up to which the whole confusion is shown."""
TAKEN = 8
"""Confusions listed, most frequent first."""
NAMED = 6
"""Classes named of one side of a binary target."""


class Captioned(NamedTuple):
    """One image with the name of the other class."""

    image: int
    name: str


class OfClass(NamedTuple):
    """What one class of a split looks like: images as indices into the set."""

    name: str
    recall: float
    """Share of its test images that the shown network got right."""
    trained: list[int]
    tested: list[Captioned]
    """With the predicted class."""
    mistaken: list[Captioned]
    """Taken for this class, with the true one."""


class Accuracy(NamedTuple):
    """One kind of split by one attacker: the mean over its networks."""

    split: str
    test: float
    networks: list[float]
    train: float
    images_train: int
    images_test: int


class Attack(NamedTuple):
    """One adversarial split with its controls."""

    target: str
    task: str
    names: tuple[str, ...]
    """Of the labels."""
    meaning: tuple[str, ...]
    """Classes on each side of a binary target, in words; empty otherwise."""
    accuracies: list[Accuracy]
    shown: float
    """Test accuracy of the network whose mistakes are shown, the first."""
    classes: list[OfClass]
    confusion: npt.NDArray[np.float64] | None
    """Share of each true class [C] by predicted class [C] over all networks; None where it is too large to show."""
    taken: list[tuple[str, str, float]]
    """True class, predicted class and share of the true one, most frequent first."""
    pool: npt.NDArray[np.int64]
    labels: npt.NDArray[np.uint8]
    in_train: dict[str, npt.NDArray[np.bool_]]
    """[P] by kind of split."""


class Group(NamedTuple):
    """All attacks by one source on targets of one kind."""

    source: str
    kind: str
    images: ImageSet
    table: pd.DataFrame
    """Rows of ``read_splits``."""
    attacks: list[Attack]


Job = tuple[ImageSet, pd.DataFrame, Predictions]
"""The splits of one target."""


def groups(run: Run) -> tuple[list[Group], list[Missing]]:
    """Return the splits of a run by source and kind, and what is missing."""
    jobs = {source: _jobs(run, source) for source in run.plan.split_sources}
    found = []
    for source, kind in GROUPS:
        own = [job for job in jobs.get(source, []) if kind in set(job[1]["kind"])]
        if own:
            table = pd.concat([rows[rows["kind"] == kind] for _, rows, _ in own], ignore_index=True)
            attacks = [one for images, rows, made in own for one in _attacks(images, rows, made, kind)]
            found.append(Group(source, kind, own[0][0], table, attacks))
    wanted = {
        "discovered": ("Splits by discovered tasks", "td_splits_table"),
        "random_network": ("Splits by random networks", "td_split_sources"),
        "attribute": ("Splits of attributes", "td_split_sources"),
    }
    return found, [run.missing(*wanted[source]) for source, own in jobs.items() if not own]


def _jobs(run: Run, source: str) -> list[Job]:
    """Read the splits of every target that one source attacks."""
    images = run.images(run.plan.split_sources[source].data)
    tables, arrays = (run.plan.splits(name, source) for name in ("accuracies.csv", "predictions.npz"))
    if images is None:
        return []
    found = (_job(run, images, table, predictions) for table, predictions in zip(tables, arrays, strict=True))
    return [job for job in found if job]


def _job(run: Run, images: ImageSet, table: str, predictions: str) -> Job | None:
    rows = run.read(table, lambda path: read_splits([path]))
    if rows is None:
        return None
    made = run.read(predictions, lambda path: _checked(path, rows, images))
    return None if made is None else (images, rows, made)


def _checked(path: Path, rows: pd.DataFrame, images: ImageSet) -> Predictions:
    """Read predictions of these images.

    Raises:
        WhichtaskError: see ``read_predictions``; or they are of other images.
    """
    found = read_predictions(path, rows)
    if found.class_names != images.class_names or not 0 <= found.pool.min() <= found.pool.max() < len(images.images):
        raise WhichtaskError(f"{path}: the predictions have other classes or more images than {images.name!r}")
    return found


def _attacks(images: ImageSet, table: pd.DataFrame, found: Predictions, kind: str) -> list[Attack]:
    names = found.class_names if kind == "classes" else found.binary_names
    own = found._replace(class_names=names)
    pairs = table[table["kind"] == kind].groupby(["target", "task"], sort=False)
    return [_attack(images, rows, own, kind) for _, rows in pairs]


def _attack(images: ImageSet, rows: pd.DataFrame, found: Predictions, kind: str) -> Attack:
    # The rows of a table are those of its arrays.
    by_split = {str(split): own for split, own in rows.groupby("split", sort=False)}
    places = by_split["adversarial"].index
    first, labels = int(places[0]), found.labels[int(places[0])]
    shares = known_mean(np.stack([confusion(found, int(row)) for row in places]))
    return Attack(
        str(rows["target"].iloc[0]),
        str(rows["task"].iloc[0]),
        found.class_names,
        _meaning(images, found.pool, labels) if kind != "classes" else (),
        [_accuracy(split, own) for split, own in by_split.items()],
        float(by_split["adversarial"]["test_accuracy"].iloc[0]),
        _classes(found, first, confusion(found, first)),
        shares if len(shares) <= MOST_CELLS else None,
        _taken(shares, found.class_names),
        found.pool,
        labels,
        {split: found.in_train[int(own.index[0])].astype(bool) for split, own in by_split.items()},
    )


def _accuracy(split: str, rows: pd.DataFrame) -> Accuracy:
    test, train = rows["test_accuracy"], rows["train_accuracy"]
    sizes = (int(rows[column].iloc[0]) for column in ("images_train", "images_test"))
    return Accuracy(split, float(test.mean()), test.tolist(), float(train.mean()), *sizes)


def _classes(found: Predictions, row: int, shares: npt.NDArray[np.float64]) -> list[OfClass]:
    """Choose the images of every class, or of those with the most mistaken test images, in the order of the classes."""
    in_train, labels, predicted = found.in_train[row].astype(bool), found.labels[row], found.predictions[row]
    names, wrong = found.class_names, ~in_train & (predicted != labels)
    mistakes = np.bincount(labels[wrong], minlength=len(names))
    chosen = np.sort(np.argsort(-mistakes, kind="stable")[:MOST_CLASSES])

    def some(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        return np.flatnonzero(mask)[:SHOWN]

    return [
        OfClass(
            names[c],
            float(shares[c, c]),
            found.pool[some(in_train & (labels == c))].tolist(),
            [Captioned(int(found.pool[p]), names[predicted[p]]) for p in some(~in_train & (labels == c))],
            [Captioned(int(found.pool[p]), names[labels[p]]) for p in some(wrong & (predicted == c))],
        )
        for c in chosen.tolist()
    ]


def _taken(shares: npt.NDArray[np.float64], names: Sequence[str]) -> list[tuple[str, str, float]]:
    wrong = np.nan_to_num(shares * (1 - np.eye(len(shares))))
    order = np.argsort(-wrong, axis=None, kind="stable")[:TAKEN]
    cells = [divmod(int(place), len(shares)) for place in order]
    return [(names[true], names[guess], float(wrong[true, guess])) for true, guess in cells if wrong[true, guess] > 0]


def _meaning(images: ImageSet, pool: npt.NDArray[np.int64], labels: npt.NDArray[Any]) -> tuple[str, ...]:
    """Name the classes of each side; nothing where the target is no union of classes."""
    size = len(images.class_names)
    counts = np.stack([np.bincount(images.labels[pool[labels == side]], minlength=size) for side in (0, 1)]) > 0
    if (counts.sum(axis=0) > 1).any():
        return ()
    sides = [[images.class_names[c] for c in np.flatnonzero(side)] for side in counts]
    return tuple(
        ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "") for names in sides
    )
