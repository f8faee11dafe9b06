"""Tasks that attack a target: found ones, those of randomly drawn networks; and the groups of an attribute."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from whichtask.config import SplitJob
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.networks import build
from whichtask.tasks import TaskSet, factor_tasks
from whichtask.training import ImageBank

Integers = npt.NDArray[np.integer[Any]]
BATCH = 2_000  # images a forward pass


class Labelling(NamedTuple):
    """A named binary labelling."""

    name: str
    labels: Integers
    """0 or 1 for each image."""


def found_attackers(found: TaskSet, pool: Integers, count: int) -> list[Labelling]:
    """Return the first ``count`` tasks of a set on the images to split."""
    return [Labelling(name, labels[pool]) for name, labels in zip(found.names[:count], found.labels, strict=False)]


def lowest_halves(logits: npt.NDArray[np.floating[Any]], classes: Integers) -> npt.NDArray[np.uint8]:
    """Label the half of each class that has the lowest logits 1, the rest 0: a task that is balanced in every class.

    Args:
        logits: [P]; of equal ones the first counts as lower.
        classes: [P].

    Returns:
        uint8 [P]; of an odd number of images the smaller half is 1.
    """
    labels = np.zeros(len(logits), dtype=np.uint8)
    for c in np.unique(classes):
        members = np.flatnonzero(classes == c)
        labels[members[np.argsort(logits[members], kind="stable")[: len(members) // 2]]] = 1
    return labels


@torch.no_grad()
def random_network_attackers(bank: ImageBank, pool: Integers, classes: Integers, job: SplitJob) -> list[Labelling]:
    """Make tasks of randomly drawn networks, without any search (``random_net_adv_split.py``).

    Each network of the architecture that is trained gives every image one logit, and ``lowest_halves`` makes a task of
    them. As in the authors' code it is in evaluation mode and nothing was normalised before: batch norm has its initial
    statistics, mean 0 and variance 1.

    Args:
        bank: all images.
        pool: [P], the images to split.
        classes: [P], their classes.
        job: settings; networks of one seed and number are the same for every target.
    """
    indices = torch.from_numpy(pool).to(bank.pixels.device)
    tasks = []
    for k in range(job.splits.random_networks):
        network = build(job.network, bank.shape, 1, seed=("random network task", job.seed, k)).to(bank.pixels.device)
        network.eval()
        logits = torch.cat([network(bank.batch(part)) for part in indices.split(BATCH)])[:, 0]
        tasks.append(Labelling(f"random_network_{k:02d}", lowest_halves(logits.cpu().numpy(), classes)))
    return tasks


def confounder(images: ImageSet, target: Integers, attacker: Labelling, pool: Integers) -> Labelling:
    """Choose the attribute that names groups together with a target: the known factor that the attacker is most like.

    It is the half of a factor's values whose correlation with the attacker on the images to split has the largest
    absolute value, the first of equal ones; factors that decide the target are left out.

    Args:
        images: the data set, with factors.
        target: [N], 0 or 1 for each of its images.
        attacker: a task on the images to split.
        pool: [P], those images.

    Returns:
        The attribute on the images to split, [P].

    Raises:
        WhichtaskError: the data set has no factors, or none that can be used.
    """
    if images.factors is None:
        raise WhichtaskError(
            f"{images.name} has no known factors to name groups by; give a second attribute (--group, --group-name)"
        )
    others = [f for f in range(images.factors.shape[1]) if not _decides(images.factors[: len(target), f], target)]
    if not others:
        raise WhichtaskError(f"each factor of {images.name} decides the target; give --group and --group-name")
    tasks = factor_tasks(images.factors[:, others], [images.factor_names[f] for f in others])
    labels = tasks.labels[:, pool]
    likeness = np.abs(_correlations(labels, attacker.labels))
    best = int(np.argmax(likeness))
    return Labelling(tasks.names[best], labels[best])


def _decides(factor: Integers, target: Integers) -> bool:
    """Say whether all images of one value of a factor have one label."""
    shares = [target[factor == value].mean() for value in np.unique(factor)]
    return bool(np.isin(shares, (0, 1)).all())


def _correlations(tasks: Integers, other: Integers) -> npt.NDArray[np.float64]:
    """Return the correlation of each of [K, P] tasks with another one [P]; 0 where either is constant."""
    first = tasks - tasks.mean(axis=1, keepdims=True)
    second = other - other.mean()
    scale = np.sqrt((first**2).sum(axis=1) * (second**2).sum())
    found: npt.NDArray[np.float64] = np.divide(first @ second, scale, out=np.zeros_like(scale), where=scale > 0)
    return found


def worst_group(right: npt.NDArray[np.bool_], target: Labelling, group: Labelling) -> dict[str, Any]:
    """Return the groups' attribute and the group with the lowest accuracy.

    Groups are the (up to four) combinations of a target's and an attribute's label; one without images is left out.

    Args:
        right: [T], whether each test image was predicted right.
        target: [T].
        group: [T].
    """
    accuracy = {
        f"{target.name}={t} & {group.name}={g}": float(right[members].mean())
        for t in (0, 1)
        for g in (0, 1)
        if (members := (target.labels == t) & (group.labels == g)).any()
    }
    worst = min(accuracy, key=lambda name: accuracy[name])
    return {"group": group.name, "worst_group": worst, "worst_group_accuracy": accuracy[worst]}


def named_attribute(tasks: TaskSet, name: str, pool: Sequence[int] | Integers) -> Labelling:
    """Return a task of a set by its name, on the images to split.

    Raises:
        WhichtaskError: there is no such task.
    """
    if name not in tasks.names:
        raise WhichtaskError(f"no task {name!r} to name groups by; allowed: {', '.join(tasks.names)}")
    return Labelling(name, tasks.labels[tasks.names.index(name)][pool])
