"""Image sets from ``.npz`` files in the form that Keras made common: x_train, y_train, x_test, y_test."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from whichtask.artifacts import read_npz
from whichtask.data.checks import require_learnable
from whichtask.data.imageset import Images, ImageSet, Labels
from whichtask.errors import WhichtaskError

Array = npt.NDArray[Any]
_CHUNK = 4096  # images a step, so that what is converted is never twice in memory


def is_npz(path: Path) -> bool:
    """Say whether a name is that of an ``.npz``, in any case."""
    return path.suffix.lower() == ".npz"


def load_npz(path: Path, class_names: Sequence[str] | None = None) -> ImageSet:
    """Read somebody's ``.npz``: labels [N] or [N, 1] of any integer dtype, images of any dtype with levels 0 to 255.

    Class names are optional; without them only label values that occur are classes, and are named by themselves. Files
    that ``ImageSet.save`` wrote keep their factors and provenance.

    Args:
        path: the file.
        class_names: the names to use when the file has none.

    Raises:
        WhichtaskError: the file is missing or damaged, lacks an array, holds other labels or levels, or nothing that
            can be learned.
    """
    arrays = read_npz(path)
    labelling = _labelling(arrays, path, class_names)
    for split in ("train", "test"):
        arrays[f"x_{split}"] = _as_uint8(arrays[f"x_{split}"], f"{path}: x_{split}")
    arrays |= {"y_train": labelling.y_train, "y_test": labelling.y_test, "class_names": np.array(labelling.class_names)}
    own = "provenance" in arrays
    if not own:
        said = {"classes": labelling.note} if labelling.note else {}
        arrays["provenance"] = np.array(json.dumps({"source": f"the file {path.name}", **said}))
    images = ImageSet.from_arrays(arrays, path)
    # What the project wrote itself was looked at before; a small draw of it may lack a class.
    return images if own else require_learnable(images)


def count_npz_classes(path: Path) -> int:
    """Return the number of classes of a file, without reading its images.

    Raises:
        WhichtaskError: as for ``load_npz``, as far as labels can tell.
    """
    return len(_labelling(read_npz(path, unread=("x_train", "x_test")), path, None).class_names)


@dataclass(frozen=True)
class _Labelling:
    y_train: Labels
    y_test: Labels
    class_names: tuple[str, ...]
    note: str
    """What became of the label values; empty where they were 0 to K-1."""


def _labelling(arrays: Mapping[str, Array], path: Path, class_names: Sequence[str] | None) -> _Labelling:
    for name in ("x_train", "y_train", "x_test", "y_test"):
        if name not in arrays:
            raise WhichtaskError(
                f"{path} has no array {name}; x_train, y_train, x_test and y_test are needed, "
                f"found {', '.join(sorted(arrays)) or 'nothing'}"
            )
        if not arrays[name].size or not arrays[name].ndim:
            raise WhichtaskError(f"{path}: {name} has the shape {arrays[name].shape}; at least one image is needed")
    train, test = (_integers(arrays[name], f"{path}: {name}") for name in ("y_train", "y_test"))
    if "class_names" in arrays or class_names:
        given = np.atleast_1d(arrays["class_names"] if "class_names" in arrays else np.array(class_names))
        names = tuple(name.decode(errors="replace") if isinstance(name, bytes) else str(name) for name in given)
        return _Labelling(train.astype(np.int64), test.astype(np.int64), names, "")
    values = {int(value): number for number, value in enumerate(np.unique(train))}
    packed = [_packed(part, values, f"{path}: {name}") for part, name in ((train, "y_train"), (test, "y_test"))]
    few = ", ".join(map(str, list(values)[:5])) + (", ..." if len(values) > 5 else "")
    note = "" if list(values) == list(range(len(values))) else f"named by the {len(values):,} label values {few}"
    return _Labelling(packed[0], packed[1], tuple(map(str, values)), note)


def _integers(array: Array, what: str) -> Array:
    """Labels [N] or, as Keras gives CIFAR, [N, 1], as they are, [N]."""
    flat = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    if flat.ndim != 1:
        raise WhichtaskError(f"{what}: shape {array.shape}; labels are one class number an image")
    if not np.issubdtype(flat.dtype, np.integer):
        raise WhichtaskError(
            f"{what} has dtype {flat.dtype}; labels are class numbers of any integer dtype, and their names go into an "
            "array class_names"
        )
    if flat.min() < 0 or flat.max() > np.iinfo(np.int64).max:
        raise WhichtaskError(
            f"{what}: labels from {flat.min()} to {flat.max()}; class numbers are 0 or more, below 2 ** 63"
        )
    return flat


def _packed(labels: Array, values: Mapping[int, int], what: str) -> Labels:
    """Number the labels [N] by the order of their values."""
    found, where = np.unique(labels, return_inverse=True)
    unknown = [str(value) for value in found if int(value) not in values]
    if unknown:
        raise WhichtaskError(f"{what} has labels that y_train lacks: {', '.join(unknown[:5])}")
    return np.array([values[int(value)] for value in found], np.int64)[where]


def _as_uint8(array: Array, what: str) -> Images:
    """Take levels 0 to 255 of any number type as uint8."""
    if array.dtype == np.uint8:
        return array
    real = np.issubdtype(array.dtype, np.floating)
    if not (real or np.issubdtype(array.dtype, np.integer)):
        raise WhichtaskError(f"{what} has dtype {array.dtype}; images are whole levels 0 to 255")
    low, high = array.min(), array.max()
    if real and low >= 0 and high <= 1:
        raise WhichtaskError(
            f"{what} has dtype {array.dtype}; allowed is any integer dtype with levels 0 to 255, or whole numbers "
            f"(its values run from {low:g} to {high:g}; images scaled to 0..1: multiply by 255 and round)"
        )
    if not (low >= 0 and high <= 255):
        raise WhichtaskError(f"{what} holds values from {low} to {high}; allowed are 0 to 255")
    images = np.empty(array.shape, np.uint8)
    for start in range(0, len(array), _CHUNK):
        part = array[start : start + _CHUNK]
        if real and (np.rint(part) != part).any():
            raise WhichtaskError(f"{what} has dtype {array.dtype} and levels between whole ones; round them")
        images[start : start + _CHUNK] = part
    return images
