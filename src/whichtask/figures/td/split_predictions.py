"""What networks predicted on splits of the classes, read from several jobs and checked against their tables."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from whichtask.artifacts import read_npz
from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.tables import only
from whichtask.figures.td.split_pairs import DEFAULT_SOURCE, read_splits

Array = npt.NDArray[Any]

KIND = "classes"
BY_ROW = ("in_train", "labels", "predictions")  # arrays with a row for each row of the table


class Predictions(NamedTuple):
    """What every network of a table predicted; the first axis of the two-dimensional arrays is the table's rows."""

    pool: Array
    """[P] indices into the images of the data set, training then test."""
    in_train: Array
    """[R, P]."""
    labels: Array
    """[R, P] target classes."""
    predictions: Array
    """[R, P] predicted classes on the test side, -1 on the training side."""
    class_names: tuple[str, ...]
    binary_names: tuple[str, ...]
    """Of the sides of targets that are no classes."""


def read_predictions(path: Path, accuracies: pd.DataFrame) -> Predictions:
    """Read predictions and check that they are those behind a table of accuracies, row by row.

    Raises:
        WhichtaskError: an array is missing or has another shape, a side has the wrong predictions, or a row's accuracy
            is not the table's.
    """
    arrays = read_npz(path)
    missing = [name for name in Predictions._fields if name not in arrays]
    if missing:
        raise WhichtaskError(f"{path}: no {', '.join(missing)}; predictions need {', '.join(Predictions._fields)}")
    shape = (len(accuracies), len(arrays["pool"]))
    for name in BY_ROW:
        if arrays[name].shape != shape:
            raise WhichtaskError(
                f"{path}: {name} is {arrays[name].shape}; rows of the table and images of the pool make it {shape}"
            )
    names = (tuple(map(str, arrays[name])) for name in ("class_names", "binary_names"))
    found = Predictions(arrays["pool"], arrays["in_train"], arrays["labels"], arrays["predictions"], *names)
    tested = ~found.in_train.astype(bool)
    if ((found.predictions >= 0) != tested).any():
        raise WhichtaskError(f"{path}: predictions must be -1 on the training side and classes on the test side")
    right = ((found.predictions == found.labels) & tested).sum(axis=1) / tested.sum(axis=1)
    wrong = np.flatnonzero(np.abs(right - accuracies["test_accuracy"].to_numpy(np.float64)) > 1e-6)
    if len(wrong):
        row = wrong[0]
        raise WhichtaskError(
            f"{path}: row {row} has accuracy {right[row]:.4f}, but the table says "
            f"{accuracies['test_accuracy'].iloc[row]:.4f}; both files must come from one run"
        )
    return found


def read_class_splits(inputs: Inputs, figure: str) -> tuple[pd.DataFrame, Predictions]:
    """Read tables and predictions of one network and join those of class splits by found tasks.

    Raises:
        WhichtaskError: the files are not pairs in one order, several networks, no such splits, or splits of other
            images or classes in one file than in another.
    """
    tables, arrays = files(inputs, "tables"), files(inputs, "predictions")
    if len(tables) != len(arrays):
        raise WhichtaskError(
            f"{figure} was given {len(tables)} tables and {len(arrays)} predictions; each table needs its own "
            "predictions, in the same order"
        )
    # All tables at once: one network twice, or several data sets, are errors.
    only(read_splits(tables), "network")
    parts = [_of_classes(table, path) for table, path in zip(tables, arrays, strict=True)]
    parts = [(rows, found) for rows, found in parts if len(rows)]
    if not parts:
        raise WhichtaskError(
            f"{figure} needs splits of the kind {KIND!r} by discovered tasks, but the tables hold none"
        )
    first = parts[0][1]
    for _, found in parts:
        if found.class_names != first.class_names or not np.array_equal(found.pool, first.pool):
            raise WhichtaskError(
                f"{figure}: the predictions are of other images or classes in one file than in another"
            )
    joined: dict[str, Any] = {name: np.concatenate([getattr(found, name) for _, found in parts]) for name in BY_ROW}
    return pd.concat([rows for rows, _ in parts], ignore_index=True), first._replace(**joined)


def _of_classes(table: Path, path: Path) -> tuple[pd.DataFrame, Predictions]:
    """Read one table and its predictions, check them against each other, and keep class splits by found tasks."""
    accuracies = read_splits([table])
    found = read_predictions(path, accuracies)
    rows = np.flatnonzero((accuracies["kind"] == KIND) & (accuracies["source"] == DEFAULT_SOURCE))
    kept: dict[str, Any] = {name: getattr(found, name)[rows] for name in BY_ROW}
    return accuracies.iloc[rows].reset_index(drop=True), found._replace(**kept)
