"""Image sets from ``.npz`` files in the form that Keras made common: x_train, y_train, x_test, y_test."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from whichtask.artifacts import read_npz
from whichtask.data.imageset import ImageSet
from whichtask.errors import WhichtaskError

Array = npt.NDArray[Any]


def load_npz(path: Path, class_names: Sequence[str] | None = None) -> ImageSet:
    """Read somebody's ``.npz``: any integer dtype, labels [N] or [N, 1], class names optional.

    Files that ``ImageSet.save`` wrote keep their factors and provenance.

    Args:
        path: the file.
        class_names: the names to use when the file has none; without them the names are the label numbers.

    Raises:
        WhichtaskError: the file is missing or damaged, lacks an array, or holds floats or values outside 0 to 255.
    """
    arrays = read_npz(path)
    for split in ("train", "test"):
        for kind in ("x", "y"):
            if f"{kind}_{split}" not in arrays:
                raise WhichtaskError(
                    f"{path} has no array {kind}_{split}; x_train, y_train, x_test and y_test are needed, "
                    f"found {', '.join(sorted(arrays)) or 'nothing'}"
                )
        arrays[f"x_{split}"] = _as_uint8(arrays[f"x_{split}"], f"{path}: x_{split}")
        arrays[f"y_{split}"] = _as_labels(arrays[f"y_{split}"], f"{path}: y_{split}")
    if "class_names" not in arrays:
        highest = max(int(arrays[name].max(initial=0)) for name in ("y_train", "y_test"))
        arrays["class_names"] = np.array(class_names or [str(label) for label in range(highest + 1)])
    arrays.setdefault("provenance", np.array(json.dumps({"source": f"the file {path.name}"})))
    return ImageSet.from_arrays(arrays, path)


def _integers(array: Array, what: str) -> Array:
    if not np.issubdtype(array.dtype, np.integer):
        raise WhichtaskError(
            f"{what} has dtype {array.dtype}; allowed is any integer dtype with values 0 to 255 for images and class "
            "numbers for labels (images scaled to 0..1: multiply by 255 and round)"
        )
    return array


def _as_uint8(array: Array, what: str) -> Array:
    """Images of any integer dtype as uint8."""
    if _integers(array, what).dtype == np.uint8 or array.size == 0:
        return array.astype(np.uint8, copy=False)
    if array.min() < 0 or array.max() > 255:
        raise WhichtaskError(f"{what} holds values from {array.min()} to {array.max()}; allowed are 0 to 255")
    return array.astype(np.uint8)


def _as_labels(array: Array, what: str) -> Array:
    """Labels [N] or, as Keras gives CIFAR, [N, 1], as int64 [N]."""
    flat = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    return _integers(flat, what).astype(np.int64)
