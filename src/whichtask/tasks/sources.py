"""Tasks that need no training: fair coins, partitions of the classes, splits of known factors."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from whichtask.errors import WhichtaskError
from whichtask.seeding import numpy_generator
from whichtask.tasks.partitions import Half, balanced_partitions, core_partitions, drawn_partitions, partition_count
from whichtask.tasks.taskset import Kind, TaskSet, normalise_polarity

MOST_ENUMERATED_CLASSES = 12  # 462 partitions; 14 classes already have 1,716
DRAWN_CORE_TASKS = 7  # as many as the authors' core set for ten classes

Integers = npt.NDArray[np.integer[Any]]


def random_tasks(n_images: int, count: int, seed: int) -> TaskSet:
    """Label each image by a fair coin, independently for each task (``models/tasks.py:88-90``).

    Args:
        n_images: N, training and test images together.
        count: number of tasks K, at least 1.
        seed: task k depends on the seed and on k only, not on ``count``.

    Raises:
        WhichtaskError: so few images that a task got one class only.
    """
    coins = [
        numpy_generator("random_task", seed, k).integers(0, 2, size=n_images, dtype=np.uint8) for k in range(count)
    ]
    return TaskSet(np.stack(coins), tuple(f"random_{k:03d}" for k in range(count)), "random", {"seed": seed})


def human_tasks(
    labels: Integers,
    class_names: Sequence[str],
    which: Literal["core", "all"] = "core",
    limit: int | None = None,
    seed: int = 0,
) -> TaskSet:
    """Label images by which half of the classes they belong to (``models/tasks.py:17-19``).

    Up to 12 classes, "all" are the C(C, C/2)/2 balanced partitions in lexicographic order (126 for ten classes), and
    "core" is the greedy set of mutually dissimilar ones (``core_partitions``; seven for ten classes). More classes have
    too many partitions: "all" needs a limit and takes the first ones, which differ in few classes only; "core" draws
    ``limit`` or 7 at random, which are dissimilar enough (0.54 on average for 100 classes), as the authors' Tiny
    ImageNet tasks are.

    Args:
        labels: class of each image, [N], indices into ``class_names``.
        class_names: C names.
        which: the partitions.
        limit: at most so many tasks.
        seed: for the partitions drawn at random; nothing else depends on it.

    Returns:
        Tasks named by the number of their partition (``human_011``) or draw (``human_draw_000``). The provenance lists
        under ``partitions`` the class names behind each label of each task.

    Raises:
        WhichtaskError: an odd number of classes or fewer than two; too many partitions; a task with one class only.
    """
    named = human_partitions(len(class_names), which, limit, seed)
    splits = [_Split(name, np.asarray(labels), class_names, half) for name, half in named]
    return _tasks_of(splits, "human", {"which": which, "seed": seed})


def human_partitions(
    n_classes: int, which: Literal["core", "all"] = "core", limit: int | None = None, seed: int = 0
) -> list[tuple[str, Half]]:
    """Return the names of human tasks and the half of the classes that each is about; see ``human_tasks``.

    Raises:
        WhichtaskError: an odd number of classes or fewer than two; too many partitions.
    """
    if n_classes <= MOST_ENUMERATED_CLASSES:
        halves = core_partitions(n_classes) if which == "core" else dict(enumerate(balanced_partitions(n_classes)))
        named = [(f"human_{index:03d}", half) for index, half in halves.items()]
    elif which == "core":
        drawn = drawn_partitions(n_classes, DRAWN_CORE_TASKS if limit is None else limit, seed)
        named = [(f"human_draw_{index:03d}", half) for index, half in enumerate(drawn)]
    elif limit is None:
        raise WhichtaskError(
            f"{n_classes} classes have {partition_count(n_classes):,} balanced partitions; "
            f"with more than {MOST_ENUMERATED_CLASSES} classes give a limit, or take the core tasks"
        )
    else:
        first = islice(balanced_partitions(n_classes), limit)
        named = [(f"human_{index:03d}", half) for index, half in enumerate(first)]
    return named[:limit]


def factor_tasks(factors: Integers, factor_names: Sequence[str], sizes: Sequence[int] | None = None) -> TaskSet:
    """Label images by which half of the values one generative factor has: all such splits of all factors.

    A factor of k values (k even) gives C(k, k/2)/2 tasks; one with an odd number of values has no balanced split and is
    listed in the provenance under ``skipped``.

    Args:
        factors: value of each factor of each image, [N, F], values 0 .. k-1.
        factor_names: F names.
        sizes: number k of values of each factor, [F]; by default the largest value found plus one.

    Returns:
        Tasks named by the factor and its values on the side of value 0 (``hue_0-1-2-3``). The provenance lists under
        ``partitions`` the values behind each label of each task.

    Raises:
        WhichtaskError: no factor has an even number of values, or a task has one class only.
    """
    table = np.asarray(factors)
    counts = table.max(axis=0).astype(int) + 1 if sizes is None else np.asarray(sizes)
    splits = [
        _Split(f"{name}_{'-'.join(map(str, half))}", values, range(size), half)
        for name, values, size in zip(factor_names, table.T, counts.tolist(), strict=True)
        if size % 2 == 0
        for half in balanced_partitions(size)
    ]
    skipped = [name for name, size in zip(factor_names, counts, strict=True) if size % 2]
    if not splits:
        raise WhichtaskError(
            f"no factor can be split into halves: {', '.join(skipped)} have an odd number of values; "
            "at least one factor needs an even number"
        )
    return _tasks_of(splits, "factor", {"skipped": skipped})


class _Split(NamedTuple):
    """A task that says whether the value (class or factor value) of an image is in one half of all values."""

    task: str
    values: Integers
    value_names: Sequence[str | int]
    half: Half


def _tasks_of(splits: Sequence[_Split], kind: Kind, provenance: Mapping[str, Any]) -> TaskSet:
    """Turn splits into tasks; their provenance names the values on each side as the normalised labels have them."""
    inside = np.stack([np.isin(split.values, split.half) for split in splits])
    labels = normalise_polarity(inside)
    partitions = []
    for split, flipped in zip(splits, labels[:, 0] != inside[:, 0], strict=True):
        within = [name for value, name in enumerate(split.value_names) if value in split.half]
        outside = [name for value, name in enumerate(split.value_names) if value not in split.half]
        zero, one = (within, outside) if flipped else (outside, within)
        partitions.append({"task": split.task, "label_0": zero, "label_1": one})
    return TaskSet(labels, tuple(split.task for split in splits), kind, {**provenance, "partitions": partitions})
