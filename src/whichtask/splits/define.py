"""What an adversarial split is, and its two controls; what a target is, and how its classes are parted."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.tasks import TaskSet

Integers = npt.NDArray[np.integer[Any]]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Target:
    """What the networks are to learn: a binary labelling, and where it is one, the partition of the classes."""

    name: str
    labels: Integers
    """[N], 0 or 1 for each image of the data set, training images first; or for each training image."""
    sides: tuple[int, ...] | None
    """[C], the label that all images of a class have; None where those of some class differ."""

    @classmethod
    def of_task(cls, tasks: TaskSet, which: str, images: ImageSet) -> "Target":
        """Take a task of a set.

        Args:
            tasks: the set.
            which: a task's name, or its number in the set.
            images: the data set that it labels.

        Raises:
            WhichtaskError: the set has no such task, or does not fit the images.
        """
        check_tasks(tasks, images)
        numbers = {str(number): number for number in range(len(tasks.names))}
        numbers |= {name: number for number, name in enumerate(tasks.names)}
        if which not in numbers:
            raise WhichtaskError(
                f"there is no target {which!r}; allowed: 0 to {len(tasks.names) - 1}, or {', '.join(tasks.names)}"
            )
        index = numbers[which]
        labels = tasks.labels[index]
        of_class = [labels[images.labels[: len(labels)] == c] for c in range(len(images.class_names))]
        united = all(part.min(initial=1) >= part.max(initial=0) for part in of_class)
        sides = tuple(int(part.max(initial=0)) for part in of_class) if united else None
        return cls(tasks.names[index], labels, sides)

    @classmethod
    def of_partition(cls, path: Path, images: ImageSet) -> "Target":
        """Read a partition of the classes: a YAML or JSON mapping of every class name to 0 or 1.

        Returns:
            The target that says which side an image's class is on, called like the file.

        Raises:
            WhichtaskError: the file cannot be read or is no mapping; a class is unknown or missing; a side is neither 0
                nor 1; or both sides do not occur.
        """
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise WhichtaskError(f"cannot read the partition {path}: {error}") from error
        if not isinstance(content, dict):
            raise WhichtaskError(f"the partition {path} must be a mapping of class names to 0 or 1")
        given = {str(name): side for name, side in content.items()}
        allowed = ", ".join(images.class_names)
        if unknown := [name for name in given if name not in images.class_names]:
            raise WhichtaskError(f"{path}: unknown class {unknown[0]!r}; the classes of {images.name} are {allowed}")
        if missing := [name for name in images.class_names if name not in given]:
            raise WhichtaskError(f"{path}: the class {missing[0]!r} is missing; each of {allowed} needs 0 or 1")
        for name, side in given.items():
            if isinstance(side, bool) or side not in (0, 1):
                raise WhichtaskError(f"{path}: the class {name!r} has side {side!r}; allowed: 0 and 1")
        sides = tuple(int(given[name]) for name in images.class_names)
        if set(sides) != {0, 1}:
            raise WhichtaskError(f"{path}: all classes have side {sides[0]}; both sides, 0 and 1, must occur")
        return cls(path.stem, np.asarray(sides, dtype=np.uint8)[images.labels], sides)


def check_tasks(tasks: TaskSet, images: ImageSet) -> None:
    """Check that tasks are binary and label the images of a data set.

    Raises:
        WhichtaskError: they do not.
    """
    tasks.require_images(images, f"the set of the task {tasks.names[0]!r}", test_images=False)
    for name, labels in zip(tasks.names, tasks.labels, strict=True):
        if labels.max() > 1:
            raise WhichtaskError(f"the task {name!r} has {labels.max() + 1} classes; splits are made from binary tasks")


def adversarial_split(target: Integers, sides: Sequence[int], attacker: Integers, names: Sequence[str]) -> Bools:
    """Say which images are for training: those that the attacker labels like the side of their class.

    For a binary target and sides (0, 1) this is {attacker = target}. With more classes the partition gives each class
    one side: its training images all have one label of the attacker and its test images the other (paper, section 6.2).

    Args:
        target: [N], classes 0 .. C-1.
        sides: [C], 0 or 1 for each class; both occur.
        attacker: [N], 0 or 1.
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
    in_train: Bools = np.asarray(sides)[target] == attacker
    for c, name in enumerate(names):
        of_class = target == c
        if not of_class.any():
            raise WhichtaskError(f"the target has no image of class {name!r} among the {len(target)} to split")
        for side, chosen in (("training", in_train), ("test", ~in_train)):
            if not (of_class & chosen).any():
                raise WhichtaskError(
                    f"the {side} side of the split has no image of class {name!r}: the attacking task labels all of "
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
