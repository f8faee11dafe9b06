"""Adversarial train-test splits: images on which a target and a discovered task agree train, the rest test.

A network then learns the discovered task as a shortcut for the target, and fails where the two part (paper, section 6;
facts 1.8). Each adversarial split stands beside two controls with as many training images. A *random* split is the
paper's baseline. An adversarial split also changes how frequent each class is, because a discovered task labels some
classes more often than others; a *class-matched* split is random but has as many training images of every class, so
what is left between it and the adversarial one is due to which images of a class they are, and to nothing else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from tqdm import tqdm

from whichtask.config import SplitJob
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.networks import build
from whichtask.seeding import numpy_generator
from whichtask.tasks import TaskSet
from whichtask.training import ImageBank, LiveState, PairFit, Sample, divide

Integers = npt.NDArray[np.integer[Any]]
Bools = npt.NDArray[np.bool_]
Kind = Literal["binary", "classes"]
Split = Literal["adversarial", "random", "class_matched"]
ROWS = "rows"


@dataclass(frozen=True)
class SplitResults:
    """Accuracies of all trained networks, and what each predicted."""

    accuracies: pd.DataFrame
    """One row a network."""
    pool: npt.NDArray[np.int64]
    """[P], the images that are split, as indices into training then test images."""
    in_train: Bools
    """[R, P], which of them a network learned from."""
    labels: npt.NDArray[np.uint8]
    """[R, P], target classes."""
    predictions: npt.NDArray[np.int16]
    """[R, P], predicted classes of the images on the test side; -1 on the training side."""


def adversarial_split(target: Integers, sides: Sequence[int], discovered: Integers, names: Sequence[str]) -> Bools:
    """Say which images are for training: those whose discovered label is the side of their class.

    For a binary target and sides (0, 1) this is {discovered = target}. With more classes the partition gives each class
    one side: its training images all have one discovered label and its test images the other (paper, section 6.2).

    Args:
        target: [N], classes 0 .. C-1.
        sides: [C], 0 or 1 for each class; both occur.
        discovered: [N], 0 or 1.
        names: [C], for errors.

    Returns:
        bool [N], True for training.

    Raises:
        WhichtaskError: the sides are no partition into two, a class does not occur, or one of its sides is empty.
    """
    if len(sides) != len(names) or set(sides) != {0, 1}:
        raise WhichtaskError(
            f"the class partition {list(sides)} is no partition: each of the {len(names)} classes needs side 0 or 1, "
            "and both sides must occur"
        )
    in_train: Bools = np.asarray(sides)[target] == discovered
    for c, name in enumerate(names):
        of_class = target == c
        if not of_class.any():
            raise WhichtaskError(f"the target has no image of class {name!r} among the {len(target)} to split")
        for side, chosen in (("training", in_train), ("test", ~in_train)):
            if not (of_class & chosen).any():
                raise WhichtaskError(
                    f"the {side} side of the split has no image of class {name!r}: the discovered task labels all of "
                    "them alike; use another task or another target"
                )
    return in_train


def random_split(in_train: Bools, generator: np.random.Generator) -> Bools:
    """Draw a split at random with as many training images as another one.

    Args:
        in_train: [N], the split to match.
        generator: source of the draw.
    """
    return generator.permutation(in_train)


def class_matched_split(target: Integers, in_train: Bools, generator: np.random.Generator) -> Bools:
    """Draw a split at random that has as many training images of every class as another one.

    Args:
        target: [N], classes.
        in_train: [N], the split to match.
        generator: source of the draw.
    """
    drawn = np.zeros_like(in_train)
    for c in np.unique(target):
        members = np.flatnonzero(target == c)
        drawn[generator.choice(members, int(in_train[members].sum()), replace=False)] = True
    return drawn


@dataclass(frozen=True)
class _Case:
    """One split to train on."""

    kind: Kind
    target_name: str
    task_name: str
    split: Split
    target: npt.NDArray[np.int64]
    """[P]."""
    in_train: Bools
    """[P]."""
    names: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What names the random draws of this case."""
        return self.kind, self.target_name, self.task_name, self.split


def _cases(
    images: ImageSet, human: TaskSet, found: TaskSet, pool: Integers, job: SplitJob, skipped: list[str]
) -> Iterator[_Case]:
    """List the splits: for every target and discovered task, of both kinds, adversarial with its two controls.

    A discovered task that labels all images of a class alike cannot split that class; ``skipped`` gets the reason.
    """
    classes = images.labels[pool]
    for t in range(min(job.splits.targets, len(human.names))):
        binary = human.labels[t, pool].astype(np.int64)
        # A human task is a union of classes, so any image of a class tells its side.
        sides = [int(human.labels[t, images.labels == c].max()) for c in range(len(images.class_names))]
        for k in range(min(job.splits.tasks, len(found.names))):
            targets: list[tuple[Kind, npt.NDArray[np.int64], list[int], tuple[str, ...]]] = [
                ("binary", binary, [0, 1], ("0", "1")),
                ("classes", classes, sides, images.class_names),
            ]
            for kind, target, of_class, names in targets:
                try:
                    adversarial = adversarial_split(target, of_class, found.labels[k, pool], names)
                except WhichtaskError as error:
                    skipped.append(f"{kind} target {human.names[t]} by {found.names[k]}: {error}")
                    continue
                draw = numpy_generator("random split", job.seed, kind, human.names[t], found.names[k])
                splits: dict[Split, Bools] = {
                    "adversarial": adversarial,
                    "random": random_split(adversarial, draw),
                    "class_matched": class_matched_split(target, adversarial, draw),
                }
                for split, in_train in splits.items():
                    yield _Case(kind, human.names[t], found.names[k], split, target, in_train, names)


def run_splits(
    images: ImageSet, human: TaskSet, found: TaskSet, job: SplitJob, *, device: torch.device, results: Path
) -> SplitResults:
    """Train networks on adversarial splits and their random controls, and test them on the other side.

    Each split trains pairs of networks: the same images, batches and order, different initial weights.

    Args:
        images: the data set.
        human: target tasks; unions of classes, whose two sides are also the partition for the multi-class target.
        found: discovered tasks.
        job: settings.
        device: where to train.
        results: results folder, for the live state.

    Raises:
        WhichtaskError: every split has an empty side or class; see ``adversarial_split``. Where only some have, they
            are skipped and the reasons printed.
    """
    bank = ImageBank.of(images, device)
    pool = divide(images.n_train, job.data).train[: job.splits.images]
    skipped: list[str] = []
    cases = list(_cases(images, human, found, pool, job, skipped))
    if not cases:
        raise WhichtaskError("no adversarial split can be made:\n  " + "\n  ".join(skipped))
    for reason in skipped:
        print(f"skipped: {reason}")
    digests = {"images": images.sha256, "human": human.sha256, "found": found.sha256}
    live = LiveState(results, {"verb": "splits", "job": job.model_dump(mode="json"), "device": device.type, **digests})
    resumed = live.load(ROWS)
    rows: list[dict[str, Any]] = resumed[1]["rows"] if resumed else []
    predictions = [part.numpy() for part in resumed[0].values()] if resumed else []
    runs = [(case, pair) for case in cases for pair in range(job.splits.pairs)]
    done = len(rows) // 2
    for case, pair in tqdm(runs[done:], initial=done, total=len(runs), desc="splits", unit="pair", disable=None):
        new_rows, new_predictions = _fit(case, pair, bank, pool, job, live)
        name = {"data": images.name, "network": job.network_name}
        rows += [name | row | {"device": device.type} for row in new_rows]
        predictions += new_predictions
        # Zero-padded, because the tensors come back in the order of their names.
        tensors = {f"{i:06d}": torch.from_numpy(part) for i, part in enumerate(predictions)}
        live.save(ROWS, tensors, {"rows": rows})
    live.clear()
    repeated = [case for case, _ in runs for _ in (0, 1)]
    return SplitResults(
        pd.DataFrame(rows),
        pool,
        np.stack([case.in_train for case in repeated]),
        np.stack([case.target for case in repeated]).astype(np.uint8),
        np.stack(predictions),
    )


def _fit(
    case: _Case, pair: int, bank: ImageBank, pool: Integers, job: SplitJob, live: LiveState
) -> tuple[list[dict[str, Any]], list[npt.NDArray[np.int16]]]:
    """Train one pair of networks on one split; return a row and the predictions [P] of each."""
    device = bank.pixels.device
    networks = [
        build(job.network, bank.shape, len(case.names), seed=("split weights", job.seed, *case.key, pair, member))
        for member in (0, 1)
    ]
    labels = torch.zeros(len(bank.pixels), dtype=torch.int64)
    labels[torch.from_numpy(pool)] = torch.from_numpy(case.target)
    train, test = (torch.from_numpy(pool[chosen]).to(device) for chosen in (case.in_train, ~case.in_train))
    sample = Sample(bank, train, test, labels.to(device))
    fit = PairFit([net.to(device) for net in networks], [pair], sample, job.agreement, ("splits", job.seed, *case.key))
    (fitted,) = fit.run(live)
    rows, everything = [], []
    truth = case.target[~case.in_train]
    for member in (0, 1):
        predicted = fitted.heldout_predictions[member].numpy()
        of_class = [float((predicted[truth == c] == c).mean()) for c in range(len(case.names))]
        worst = int(np.argmin(of_class))
        rows.append(
            {
                "kind": case.kind,
                "target": case.target_name,
                "task": case.task_name,
                "split": case.split,
                "seed": 2 * pair + member,
                "test_accuracy": float((predicted == truth).mean()),
                "worst_class_accuracy": of_class[worst],
                "worst_class": case.names[worst],
                "train_accuracy": fitted.train_accuracy[member],
                "images_train": int(case.in_train.sum()),
                "images_test": len(truth),
                "n_classes": len(case.names),
                "epochs": fitted.epochs,
                "seconds": fitted.seconds,
            }
        )
        whole = np.full(len(pool), -1, dtype=np.int16)
        whole[~case.in_train] = predicted
        everything.append(whole)
    return rows, everything
