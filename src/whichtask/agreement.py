"""The agreement score (AS) of tasks: do two networks trained on the same labels agree on new images?

Protocol (``check_as.py`` and ``supervised.py`` of the authors): two networks from different weights, the
same batches in the same order, Adam on hard labels, agreement of their predictions in evaluation mode on held-out
images. It needs no labels there. A random task says nothing unless the networks have memorised it, so train accuracy
stands beside every score, and so does the agreement expected by chance from how often each network predicts each side.

Networks that saw the same batches can be compared with more than one other: with ``agreement.group`` = M all pairs
among M networks count, and the mean AS of a task costs fewer networks for the same variance. Such pairs share networks,
so an interval over them is the jackknife's over networks (``stats.pairs_interval``).

Two switches beside the protocol tell the sources of chance apart: the networks of a pair may start from the same
weights, see their batches in different orders, or both; with neither they are the same network twice.
"""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor
from tqdm import tqdm

from whichtask.config import AgreementJob
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.networks import build
from whichtask.seeding import seed_of
from whichtask.stats import share_interval
from whichtask.tasks import TaskSet
from whichtask.training import FittedGroup, GroupFit, ImageBank, LiveState, Sample, divide, resolve_precision

ROWS = "rows"


def chance_agreement(first: Tensor, second: Tensor) -> float:
    """Return how often two independent networks with these class rates p and q would agree: the sum of p_c q_c.

    Args:
        first: [n] predicted classes.
        second: [n] likewise.
    """
    classes = int(max(first.max().item(), second.max().item())) + 1
    p, q = (torch.bincount(part.long(), minlength=classes).double() / len(part) for part in (first, second))
    return (p * q).sum().item()


def score_tasks(
    images: ImageSet,
    tasks: TaskSet,
    set_name: str,
    job: AgreementJob,
    *,
    device: torch.device,
    results: Path,
    first: int | None = None,
) -> pd.DataFrame:
    """Score each task with the groups of networks that the job asks for.

    Finished rows and the fit in progress are kept in the job's live state, so that a killed run goes on where it was
    and ends with the same scores.

    Args:
        images: the data set.
        tasks: labellings of all its images, K of them.
        set_name: the name of the task set, for the table.
        job: settings.
        device: where to train.
        results: results folder, for the live state.
        first: score only the first so many tasks.

    Returns:
        One row for each task and pair of networks of one group; see ``row_of`` for the columns.

    Raises:
        WhichtaskError: the tasks are not of these images, or a task has one class only where networks train on it.
    """
    sample = _Sampler(images, tasks, job, device)
    chosen = range(min(first or len(tasks.names), len(tasks.names)))
    what = {"images": images.sha256, "tasks": tasks.sha256, "set": set_name, "first": first}
    live = LiveState(results, {"verb": "agreement", "job": job.model_dump(mode="json"), "device": device.type, **what})
    resumed = live.load(ROWS)
    rows: list[dict[str, Any]] = resumed[1]["rows"] if resumed else []
    groups = range(job.agreement.pairs)
    together = [list(groups)] if job.agreement.execution == "batched" else [[group] for group in groups]
    finished = {(row["task"], row["group"]) for row in rows}
    label = f"AS of {set_name} tasks, {job.network_name}"
    with tqdm(total=len(chosen) * len(groups), initial=len(finished), desc=label, unit="group", disable=None) as bar:
        for k in chosen:
            for part in together:
                if (tasks.names[k], part[0]) in finished:
                    continue
                for fitted in sample.fit(k, part, live, bar):
                    rows += sample.rows_of(set_name, k, fitted)
                live.save(ROWS, {}, {"rows": rows})
                bar.update(len(part))
    live.clear()
    return pd.DataFrame(rows)


class _Sampler:
    """The images of a job on the device, and groups of networks fitted to one task after another."""

    def __init__(self, images: ImageSet, tasks: TaskSet, job: AgreementJob, device: torch.device):
        tasks.require_images(images, test_images=False)
        self.tasks, self.job, self.device, self.data_name = tasks, job, device, images.name
        self.bank = ImageBank.of(images, device)
        division = divide(images.n_train, job.data)
        train = division.train[: job.agreement.images]
        if len(train) < (job.agreement.images or 1):
            raise WhichtaskError(
                f"agreement.images = {job.agreement.images}, but the training part of {images.name} has {len(train)}"
            )
        self.train, self.heldout = torch.from_numpy(train).to(device), torch.from_numpy(division.heldout).to(device)

    def fit(self, k: int, groups: Sequence[int], live: LiveState, bar: "tqdm[Any]") -> list[FittedGroup]:
        """Fit fresh groups of networks to task k."""
        job, name = self.job, self.tasks.names[k]
        labels = torch.from_numpy(self.tasks.labels[k]).long().to(self.device)
        classes = self.tasks.n_classes[k]
        if len(labels[self.train].unique()) == 1:
            raise WhichtaskError(
                f"task {name!r} has one class only on the {len(self.train)} training images; networks need more"
            )
        networks = [
            build(job.network, self.bank.shape, classes, seed=("weights", job.seed, name, group, start)).to(self.device)
            for group in groups
            for start in (0 if job.agreement.shared_initialisation else n for n in range(job.agreement.group))
        ]
        sample = Sample(self.bank, self.train, self.heldout, labels)
        fit = GroupFit(networks, groups, sample, job.agreement, ("agreement", job.seed, name))
        return fit.run(live, tick=lambda epoch: bar.set_postfix(task=name, epoch=epoch, refresh=False))

    def rows_of(self, set_name: str, k: int, fitted: FittedGroup) -> list[dict[str, Any]]:
        """Return the table rows of all pairs of one group; see ``row_of``."""
        found = combinations(range(self.job.agreement.group), 2)
        return [self.row_of(set_name, k, fitted, members) for members in found]

    def row_of(self, set_name: str, k: int, fitted: FittedGroup, members: tuple[int, int]) -> dict[str, Any]:
        """Return the table row of one pair: shares in 0..1, images learned from per second.

        ``pair`` counts the pairs of a task, ``network_1`` and ``network_2`` its networks, which pairs of one ``group``
        may share. ``seconds`` is wall time, the group's divided among its pairs.
        """
        settings, name = self.job.agreement, self.tasks.names[k]
        pairs = list(combinations(range(settings.group), 2))
        pair = fitted.group * len(pairs) + pairs.index(members)
        first, second = (fitted.heldout_predictions[member] for member in members)
        accuracy = [fitted.train_accuracy[member] for member in members]
        labels = torch.from_numpy(self.tasks.labels[k])
        truth = labels[self.heldout.cpu()]
        agreement = (first == second).double().mean().item()
        low, high = share_interval(agreement, len(first), settings.bootstrap, seed_of("row", name, pair))
        test = [(predictions == truth).double().mean().item() for predictions in (first, second)]
        return {
            "data": self.data_name,
            "network": self.job.network_name,
            "set": set_name,
            "task": name,
            "pair": pair,
            "group": fitted.group,
            "network_1": fitted.group * settings.group + members[0],
            "network_2": fitted.group * settings.group + members[1],
            "agreement": agreement,
            "agreement_low": low,
            "agreement_high": high,
            "chance_agreement": chance_agreement(first, second),
            "train_accuracy_1": accuracy[0],
            "train_accuracy_2": accuracy[1],
            "train_accuracy": sum(accuracy) / 2,
            "test_accuracy_1": test[0],
            "test_accuracy_2": test[1],
            "test_accuracy": sum(test) / 2,
            "positive_rate": (labels[self.train.cpu()] > 0).double().mean().item(),
            "n_classes": self.tasks.n_classes[k],
            "images_train": len(self.train),
            "images_heldout": len(self.heldout),
            "epochs": fitted.epochs,
            "seconds": fitted.seconds / len(pairs),
            "images_per_s": settings.group * len(self.train) * fitted.epochs / max(fitted.seconds, 1e-9),
            "shared_order": settings.shared_order,
            "shared_initialisation": settings.shared_initialisation,
            "execution": settings.execution,
            "precision": resolve_precision(settings.precision, self.device),
            "device": self.device.type,
        }
