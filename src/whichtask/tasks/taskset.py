"""The one currency of all experiments: named labellings of a data set's images, and their file."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from whichtask.artifacts import digest, read_npz, require_digest, write_npz
from whichtask.errors import WhichtaskError

if TYPE_CHECKING:
    from whichtask.data import ImageSet

Kind = Literal[
    "random", "human", "factor", "user", "discovered", "regulated", "network", "kmeans", "pca", "feature", "bits"
]
"""Where a labelling comes from; ``bits`` are tasks of several sources, each of which begins the names of its own."""

Labels = npt.NDArray[np.uint8]
MOST_CLASSES = 256  # of a uint8
IMAGES = "images"  # key of the provenance: the digest of the labelled images
UNLABELLED = "unlabelled_test_images"  # likewise: how many test images have no label, all of them or none


@dataclass(frozen=True, eq=False)
class TaskSet:
    """K tasks, each a label for each of N images, training images first: 0 or 1, or 0 .. C-1 with C of the task's own.

    Construction checks the tasks and normalises their polarity (``normalise_polarity``), so that a task and its
    negation are one task everywhere; a source that cares which side was 1 records that in the provenance.

    Tasks of a file of a user's may lack the labels of the test images; then N counts the training images only.

    Attributes:
        labels: uint8 [K, N]; any integer or boolean array is taken whose tasks have all of their classes 0 .. C-1.
        names: K distinct names, printable and without surrounding spaces, because they become column names and titles.
        kind: where the tasks come from.
        provenance: how they were made, JSON values only; ``images``, the digest of the images, where it is known.

    Raises:
        WhichtaskError: a class number left out, a task with one class only, a bad or repeated name, an unknown kind.
    """

    labels: Labels
    names: tuple[str, ...]
    kind: Kind
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        labels = np.asarray(self.labels)
        names = tuple(self.names)
        _check_names(names)
        if self.kind not in get_args(Kind):
            raise WhichtaskError(f"unknown kind of tasks {self.kind!r}; allowed: {', '.join(get_args(Kind))}")
        if labels.ndim != 2 or len(labels) != len(names):
            raise WhichtaskError(f"labels have shape {labels.shape}; {len(names)} task names need {len(names)} rows")
        _check_labels(labels, names)
        object.__setattr__(self, "labels", normalise_polarity(labels))
        object.__setattr__(self, "names", names)
        # Through JSON and back, so that a set equals its saved copy (tuples become lists).
        object.__setattr__(self, "provenance", json.loads(json.dumps(dict(self.provenance))))

    @cached_property
    def sha256(self) -> str:
        """The digest (hex) of labels and names."""
        return digest(self.labels, np.array(self.names))

    @cached_property
    def n_classes(self) -> tuple[int, ...]:
        """The number C of classes of each task, [K], at least 2."""
        return tuple((self.labels.max(axis=1).astype(int) + 1).tolist())

    def made_for(self, images: "ImageSet") -> "TaskSet":
        """Return the same tasks with the digest of the images that they label, so that no other images are taken."""
        return replace(self, provenance={**self.provenance, IMAGES: images.sha256})

    def require_images(self, images: "ImageSet", what: object = "the task set", *, test_images: bool = True) -> None:
        """Check that these are labels of the images of a data set.

        Args:
            images: the data set.
            what: the tasks, as an error calls them, such as their file.
            test_images: whether labels of the test images are needed.

        Raises:
            WhichtaskError: they label fewer or more images, or others.
        """
        count = self.labels.shape[1]
        partial = UNLABELLED in self.provenance and count == images.n_train
        if partial and test_images:
            raise WhichtaskError(f"{what} labels the training images only; labels of the test images are needed here")
        if count != len(images.labels) and not partial:
            raise WhichtaskError(
                f"{what} labels {count} images, but {images.name} has {len(images.labels)} (training and test); tasks "
                "belong to one data set"
            )
        require_digest(self.provenance.get(IMAGES), images.sha256, what, images.name)

    def require_same_images(self, other: "TaskSet", what: object, other_what: object) -> None:
        """Check that two sets label the same images, as far as they know.

        Raises:
            WhichtaskError: they do not.
        """
        counts = [tasks.labels.shape[1] for tasks in (self, other)]
        if counts[0] != counts[1]:
            raise WhichtaskError(
                f"{what} labels {counts[0]} images and {other_what} {counts[1]}; tasks are compared on the same images"
            )
        require_digest(self.provenance.get(IMAGES), other.provenance.get(IMAGES), what, str(other_what))

    def subset(self, indices: Sequence[int]) -> "TaskSet":
        """Return the tasks at these indices, in this order, with the same kind and provenance."""
        names = tuple(self.names[k] for k in indices)
        return TaskSet(self.labels[list(indices)], names, self.kind, self.provenance)

    def positive_rate(self) -> npt.NDArray[np.float64]:
        """Return the share of images outside the majority class, [K]: of label 1 if binary, then at most 0.5."""
        rates: npt.NDArray[np.float64] = (self.labels > 0).mean(axis=1, dtype=np.float64)
        return rates

    def save(self, path: Path) -> None:
        """Write ``labels``, ``names``, ``kind`` and ``provenance`` (JSON text) as ``.npz``, atomically."""
        arrays = {"labels": self.labels, "names": np.array(self.names), "kind": np.array(self.kind)}
        write_npz(path, {**arrays, "provenance": np.array(json.dumps(self.provenance))})

    @classmethod
    def load(cls, path: Path) -> "TaskSet":
        """Read what ``save`` wrote.

        Raises:
            WhichtaskError: the file is missing or damaged, or holds something else.
        """
        arrays = read_npz(path)
        try:
            names = tuple(str(name) for name in arrays["names"])
            kind: Any = str(arrays["kind"])  # checked by the constructor
            return cls(arrays["labels"], names, kind, json.loads(str(arrays["provenance"])))
        except KeyError as error:
            raise WhichtaskError(f"{path} is no task set: it has no array {error}") from error
        except (WhichtaskError, ValueError, TypeError) as error:
            raise WhichtaskError(f"{path} is no task set: {error}") from error


def normalise_polarity(labels: npt.ArrayLike) -> Labels:
    """Number the classes of each task by decreasing frequency, equally frequent ones by their first image.

    A binary task is thus flipped so that label 0 is the majority; in a tie the first image has label 0.

    Args:
        labels: [K, N], integers 0 .. 255.

    Returns:
        A new array, uint8 [K, N].
    """
    original: Labels = np.asarray(labels, dtype=np.uint8)
    normalised = np.empty_like(original)
    for new, task in zip(normalised, original, strict=True):
        classes, first, counts = np.unique(task, return_index=True, return_counts=True)
        numbers = np.zeros(MOST_CLASSES, dtype=np.uint8)
        numbers[classes[np.lexsort((first, -counts))]] = np.arange(len(classes))
        new[:] = numbers[task]
    return normalised


def _check_names(names: Sequence[str]) -> None:
    if not names:
        raise WhichtaskError("a task set needs at least one task")
    for name in names:
        if not name or name != name.strip() or not name.isprintable():
            raise WhichtaskError(
                f"bad task name {name!r}: names must be printable, not empty, and without spaces at their ends"
            )
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise WhichtaskError(f"task names must be distinct, but these are repeated: {', '.join(repeated)}")


def _check_labels(labels: npt.NDArray[Any], names: Sequence[str]) -> None:
    if not (np.issubdtype(labels.dtype, np.integer) or labels.dtype == bool):
        raise WhichtaskError(f"task labels must be integers 0, 1, ..., got an array of {labels.dtype}")
    for name, task in zip(names, labels, strict=True):
        found = np.unique(task)
        if len(found) < 2:
            raise WhichtaskError(
                f"task {name!r} is a task with one class only: all {task.size} images have label {found.tolist()}; "
                "both 0 and 1 must occur"
            )
        if len(found) > MOST_CLASSES or not np.array_equal(found, np.arange(len(found))):
            raise WhichtaskError(
                f"task {name!r} has labels {found[:5].tolist()}{' ...' if len(found) > 5 else ''}; only 0 and 1 are "
                f"allowed, or 0 .. C-1 for C classes that all occur, C at most {MOST_CLASSES}"
            )
