"""Train pairs of networks on the splits of one target and test them on the other side."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from tqdm import tqdm

from whichtask.artifacts import digest
from whichtask.config import SplitJob
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.networks import build
from whichtask.splits.attackers import Labelling, found_attackers, random_network_attackers, worst_group
from whichtask.splits.cases import Case, Source, list_cases
from whichtask.splits.define import Bools, Integers, Target, check_tasks
from whichtask.training import GroupFit, ImageBank, LiveState, Sample, divide

MOST_CLASSES = 256  # predictions are kept as bytes
ROWS, ATTACKERS = "rows", "attackers"


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


def run_splits(
    images: ImageSet, target: Target, source: Source, job: SplitJob, *, device: torch.device, results: Path
) -> SplitResults:
    """Train networks on adversarial splits of one target and their random controls, and test them on the other side.

    Each split trains pairs of networks: the same images, batches and order, different initial weights. No draw depends
    on other targets, attackers or kinds.

    Args:
        images: the data set.
        target: what is attacked.
        source: by what, and as which kinds of target.
        job: settings.
        device: where to train.
        results: results folder, for the live state.

    Raises:
        WhichtaskError: too many classes, tasks that do not fit the images, a target that parts no classes where it
            must, or every split has an empty side or class; see ``adversarial_split``. Where only some have, they are
            skipped and the reasons printed.
    """
    if len(images.class_names) > MOST_CLASSES:
        raise WhichtaskError(f"{images.name} has {len(images.class_names)} classes; at most {MOST_CLASSES} are allowed")
    given = [tasks for tasks in (source.found, source.group and source.group[0]) if tasks is not None]
    for tasks in given:
        check_tasks(tasks, images)
    bank = ImageBank.of(images, device)
    pool = divide(images.n_train, job.data).train[: job.splits.images]
    what: dict[str, Any] = {
        "verb": "splits",
        "job": job.model_dump(mode="json"),
        "source": source.name,
        "images": images.sha256,
        "target": [target.name, digest(target.labels)],
        "tasks": [tasks.sha256 for tasks in given],
        "group": source.group and source.group[1],
        "device": device.type,
    }
    live = LiveState(results, what)
    skipped: list[str] = []
    attackers = _attackers(images, source, bank, pool, job, live)
    cases = list(list_cases(images, target, attackers, source, pool, job, skipped))
    if not cases:
        raise WhichtaskError("no adversarial split can be made:\n  " + "\n  ".join(skipped))
    for reason in skipped:
        print(f"skipped: {reason}")
    resumed = live.load(ROWS)
    rows: list[dict[str, Any]] = resumed[1]["rows"] if resumed else []
    predictions = [part.numpy() for part in resumed[0].values()] if resumed else []
    runs = [(case, pair) for case in cases for pair in range(job.splits.pairs)]
    done = len(rows) // 2
    for case, pair in tqdm(runs[done:], initial=done, total=len(runs), desc="splits", unit="pair", disable=None):
        new_rows, new_predictions = _fit(case, pair, bank, pool, job, live)
        name = {"data": images.name, "network": job.network_name, "source": source.name}
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


def _attackers(
    images: ImageSet, source: Source, bank: ImageBank, pool: Integers, job: SplitJob, live: LiveState
) -> list[Labelling]:
    """Return the attacking tasks; those of random networks are kept, because logits may differ in their last digits."""
    if source.found is not None:
        return found_attackers(source.found, pool, job.splits.tasks)
    if kept := live.load(ATTACKERS):
        return [Labelling(name, tensor.numpy()) for name, tensor in sorted(kept[0].items())]
    drawn = random_network_attackers(bank, pool, images.labels[pool], job)
    live.save(ATTACKERS, {name: torch.from_numpy(labels) for name, labels in drawn}, {})
    return drawn


def _fit(
    case: Case, pair: int, bank: ImageBank, pool: Integers, job: SplitJob, live: LiveState
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
    fit = GroupFit([net.to(device) for net in networks], [pair], sample, job.agreement, ("splits", job.seed, *case.key))
    (fitted,) = fit.run(live)
    rows, everything = [], []
    truth = case.target[~case.in_train]
    for member in (0, 1):
        predicted = fitted.heldout_predictions[member].numpy()
        right = predicted == truth
        # A random split may leave a rare class without test images.
        of_class = {c: float(right[truth == c].mean()) for c in np.unique(truth).tolist()}
        worst = min(of_class, key=lambda c: of_class[c])
        row = {
            "kind": case.kind,
            "target": case.target_name,
            "task": case.task_name,
            "split": case.split,
            "seed": 2 * pair + member,
            "test_accuracy": float(right.mean()),
            "worst_class_accuracy": of_class[worst],
            "worst_class": case.names[worst],
            "train_accuracy": fitted.train_accuracy[member],
            "images_train": int(case.in_train.sum()),
            "images_test": len(truth),
            "n_classes": len(case.names),
            "epochs": fitted.epochs,
            "seconds": fitted.seconds,
        }
        if case.group is not None:
            of_target = Labelling(case.target_name, truth)
            row |= worst_group(right, of_target, Labelling(case.group.name, case.group.labels[~case.in_train]))
        rows.append(row)
        whole = np.full(len(pool), -1, dtype=np.int16)
        whole[~case.in_train] = predicted
        everything.append(whole)
    return rows, everything
