"""The splits of a target as one file of arrays, and as plain text files that any other program can load."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
import pandas as pd

from whichtask.artifacts import read_npz, write_csv, write_text
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.splits.cases import BINARY_NAMES
from whichtask.splits.train import SplitResults

Array = npt.NDArray[Any]
SPLIT_ARRAYS = ("pool", "in_train", "labels", "names", "kind", "class_names", "binary_names", "images_sha256")


def split_arrays(outcome: SplitResults, images: ImageSet) -> dict[str, Array]:
    """Return the splits themselves, once each, without the networks.

    Args:
        outcome: of ``run_splits``.
        images: the data set that was split.

    Returns:
        ``pool`` int64 [P], indices into training then test images; ``in_train`` bool and ``labels`` uint8 [S, P];
        ``names`` [S], kind, target, task and split joined by hyphens; ``kind`` [S]; ``class_names`` [C], of the kind
        classes, and ``binary_names`` [2], of the others; ``images_sha256``, the digest of the data set.
    """
    case = ["kind", "target", "task", "split"]
    first = outcome.accuracies.drop_duplicates(case)
    rows = first.index.to_numpy()
    return {
        "pool": outcome.pool,
        "in_train": outcome.in_train[rows],
        "labels": outcome.labels[rows],
        "names": np.array(first[case].agg("-".join, axis=1).to_list()),
        "kind": np.array(first["kind"].to_list()),
        "class_names": np.array(images.class_names),
        "binary_names": np.array(BINARY_NAMES),
        "images_sha256": np.array(images.sha256),
    }


def read_split(path: Path) -> dict[str, Array]:
    """Read what ``split_arrays`` returned, from its file.

    Raises:
        WhichtaskError: the file cannot be read, an array is missing, or their shapes contradict each other.
    """
    arrays = read_npz(path)
    if missing := [name for name in SPLIT_ARRAYS if name not in arrays]:
        raise WhichtaskError(f"{path}: no {', '.join(missing)}; splits need {', '.join(SPLIT_ARRAYS)}")
    shape = (len(arrays["names"]), len(arrays["pool"]))
    for name in ("in_train", "labels"):
        if arrays[name].shape != shape:
            raise WhichtaskError(f"{path}: {name} is {arrays[name].shape}; names and pool make it {shape}")
    return arrays


def export_splits(path: Path, images: ImageSet, folder: Path) -> list[Path]:
    """Write each split as text: NAME.csv with all its images, and the indices of both sides, one a line.

    Characters of a name that a file's name should not have are percent-encoded.

    Args:
        path: splits, as ``whichtask splits`` wrote them (split.npz).
        images: the data set that was split.
        folder: where to write; each file is written atomically, README.txt last.

    Returns:
        The CSV files, in the order of the splits.

    Raises:
        WhichtaskError: see ``read_split``; or the splits are of other images.
    """
    arrays = read_split(path)
    if str(arrays["images_sha256"]) != images.sha256:
        raise WhichtaskError(f"{path} splits other images than those of {images.name!r}: their digests differ")
    order = np.argsort(arrays["pool"], kind="stable")
    tables = []
    for row, (name, kind) in enumerate(zip(arrays["names"], arrays["kind"], strict=True)):
        names = arrays["class_names" if kind == "classes" else "binary_names"]
        table = pd.DataFrame(
            {
                "image": arrays["pool"][order],
                "split": np.where(arrays["in_train"][row, order], "train", "test"),
                "label": arrays["labels"][row, order],
                "class_name": names[arrays["labels"][row, order]],
            }
        )
        stem = quote(str(name), safe="")
        tables.append(folder / f"{stem}.csv")
        write_csv(tables[-1], table)
        for side in ("train", "test"):
            lines = [str(index) for index in table.loc[table["split"] == side, "image"]]
            write_text(folder / f"{stem}.{side}.txt", "\n".join([*lines, ""]))
    write_text(folder / "README.txt", _readme(arrays, images))
    return tables


def _readme(arrays: Mapping[str, Array], images: ImageSet) -> str:
    """Return one paragraph about the files."""
    return (
        f"{len(arrays['names'])} train-test splits of {len(arrays['pool'])} images of the data set {images.name} "
        f"(SHA-256 of its arrays: {images.sha256}). An image's index counts its {images.n_train} training images from "
        f"0, then its {images.n_test} test images; all split images are among the former. NAME.csv has a row for each "
        "image: index, side (train or test), label and the label's name; NAME.train.txt and NAME.test.txt hold the "
        "indices of each side, one a line. A name consists of the kind of target (classes: the data set's own labels; "
        "binary and attribute: a task with labels 0 and 1), target, attacking task, and split: adversarial, or one of "
        "its controls, random (as many training images) and class_matched (as many of every class).\n"
    )
