"""Tasks as a CSV that anyone can write: a column ``image``, then one column of 0 and 1 for each task.

A task of C > 2 classes, at most ten, has the digits 0 .. C-1 instead.

``image`` (or a column without a name, as the authors' ``ssl_tasks.csv`` has it) is the index of the image, training
images first, then test images, from 0; rows may be in any order. The test images may be left out, all of them.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from whichtask.artifacts import one_line, write_csv
from whichtask.errors import WhichtaskError
from whichtask.tasks.taskset import UNLABELLED, TaskSet, normalise_polarity

MOST_DIGITS = 10


def user_tasks(path: Path, n_train: int, n_test: int) -> TaskSet:
    """Read tasks from a CSV.

    Args:
        path: the file, UTF-8, separated by commas.
        n_train: number of training images, which have indices 0 .. n_train-1.
        n_test: number of test images, which have the indices after them.

    Returns:
        One task for each column, named by it, of kind "user". The provenance lists under ``flipped`` the tasks whose
        classes were renumbered by the polarity rule: 0 and 1 exchanged if it is binary. Where the file has no test
        image, neither has the set, and the provenance says how many lack labels.

    Raises:
        WhichtaskError: the file cannot be read; no column ``image`` or no task; an index that is no image, occurs twice
            or is missing; a label that is no digit, or a digit left out; a task with one class only; a bad or repeated
            name.
    """
    header, cells = _read(path)
    names = tuple(header[1:])
    order = _image_order(path, cells[:, 0], n_train, n_test)
    labels = np.empty((len(names), len(order)), dtype=np.uint8)
    for task, name, column in zip(labels, names, cells.T[1:], strict=True):
        values = _numbers(column)
        wrong = np.flatnonzero(~np.isin(values, range(MOST_DIGITS)))
        if wrong.size:
            raise WhichtaskError(
                f"{path}, row {wrong[0] + 1} below the header, column {name!r}: label {column[wrong[0]]!r}; "
                "only 0 and 1 are allowed, or the digits 0 to 9 for more classes"
            )
        task[order] = values
    flips = (normalise_polarity(labels) != labels).any(axis=1)
    flipped = [name for name, flip in zip(names, flips, strict=True) if flip]
    try:
        unlabelled = {} if len(order) > n_train else {UNLABELLED: n_test}
        return TaskSet(labels, names, "user", {"file": path.name, "flipped": flipped, **unlabelled})
    except WhichtaskError as error:
        raise WhichtaskError(f"{path}: {error}") from error


def write_user_csv(path: Path, tasks: TaskSet) -> None:
    """Write tasks as ``user_tasks`` reads them, atomically.

    Raises:
        WhichtaskError: a task is called ``image``.
    """
    if "image" in tasks.names:
        raise WhichtaskError("a task named 'image' cannot be written as CSV: that column holds the indices")
    table = pd.DataFrame(tasks.labels.T, columns=list(tasks.names))
    table.insert(0, "image", np.arange(len(table)))
    write_csv(path, table)


def _read(path: Path) -> tuple[list[str], npt.NDArray[Any]]:
    """Return the header and the cells as text, [rows, columns]; absent cells at the end of a row are empty."""
    try:
        # Everything as text and the header as a row: pandas would rename repeated columns and guess types.
        table = pd.read_csv(path, header=None, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise WhichtaskError(f"cannot read the tasks in {path}: {one_line(error)}") from error
    text = table.fillna("").to_numpy(dtype=object)
    header = [str(name).strip() for name in text[0]]
    if header[0] not in ("image", "") or len(header) < 2:
        raise WhichtaskError(
            f"{path}, line 1: the header is {','.join(header)!r}; allowed: 'image', then at least one task name, "
            "separated by commas"
        )
    return header, text[1:]


def _image_order(path: Path, column: npt.NDArray[Any], n_train: int, n_test: int) -> npt.NDArray[np.int64]:
    """Check that the column lists each image once, or each training image, and return the indices, [N]."""
    values, n_images = _numbers(column), n_train + n_test
    wrong = np.flatnonzero(~np.isin(values, np.arange(n_images)))
    if wrong.size:
        raise WhichtaskError(
            f"{path}, row {wrong[0] + 1} below the header, column 'image': {column[wrong[0]]!r} is no index "
            f"of an image, 0 to {n_images - 1}: training images first, then test images"
        )
    order = values.astype(np.int64)
    if np.array_equal(np.sort(order), np.arange(n_train)):
        return order
    counts = np.bincount(order, minlength=n_images)
    repeated, missing = np.flatnonzero(counts > 1), np.flatnonzero(counts == 0)
    for what, images in (("listed more than once", repeated), ("missing", missing)):
        if images.size:
            few = ", ".join(map(str, images[:5])) + (", ..." if images.size > 5 else "")
            raise WhichtaskError(
                f"{path}, column 'image': {images.size} images are {what} ({few}); "
                f"each of the {n_images} images needs exactly one row, or each of the {n_train} training images"
            )
    return order


def _numbers(column: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return cells as numbers; a cell that is none becomes NaN, which no check admits."""
    return np.asarray(pd.to_numeric(pd.Series(column), errors="coerce"), dtype=np.float64)
