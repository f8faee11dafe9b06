"""What goes wrong on adversarial splits: one split in images, and the accuracy and confusion of classes."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.artifacts import read_npz
from whichtask.config import FigureSettings
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.figures.images import Pixels, mosaic, show, tiles
from whichtask.figures.inputs import Inputs, file
from whichtask.figures.panels import MEAN_STYLE, interval_bars
from whichtask.figures.splits import PAIRS_NOTE, SPLIT_COLOURS, read_splits, split_key, splits_of
from whichtask.figures.style import annotate, save, styled
from whichtask.figures.tables import RESAMPLES, only
from whichtask.stats import mean_interval

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

KIND = "classes"
BLOCKS = {
    "training": "Training images; columns: true class",
    "test": "Test images; columns: true class, below: predicted class",
    "mistaken": "Mistaken test images; columns: predicted class, below: true class",
}
ROWS = 3  # images of a class in each block
MOST_COLUMNS = 10
GAP = 8  # pixels between columns
CAPTION = 20  # pixels below an image for the name of a class
MOST_NUMBERED = 10  # numbers in the cells of a larger matrix could not be read


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
    for name in ("in_train", "labels", "predictions"):
        if arrays[name].shape != shape:
            raise WhichtaskError(
                f"{path}: {name} is {arrays[name].shape}; rows of the table and images of the pool make it {shape}"
            )
    names = tuple(map(str, arrays["class_names"]))
    found = Predictions(arrays["pool"], arrays["in_train"], arrays["labels"], arrays["predictions"], names)
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


def _read(inputs: Inputs, figure: str) -> tuple[pd.DataFrame, Predictions]:
    """Read table and predictions of one network, of which there must be splits of the classes."""
    accuracies = read_splits([file(inputs, "tables")])
    only(accuracies, "network")
    if KIND not in set(accuracies["kind"]):
        raise WhichtaskError(f"{figure} needs splits of the kind {KIND!r}, but the table holds binary targets only")
    return accuracies, read_predictions(file(inputs, "predictions"), accuracies)


@styled()
def draw_split_gallery(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw training, test and mistaken test images of one adversarial split of the classes.

    It is the split with the median test accuracy (of an even number the lower of the middle two, the first of equal
    ones), and each column shows its first images in the order of the pool: nothing is picked by its looks.

    Args:
        inputs: ``data``, an image set; ``tables``, split accuracies; ``predictions``, the arrays beside them.
        out: the PNG.
        settings: resolution.
    """
    data = ImageSet.load(file(inputs, "data"))
    accuracies, found = _read(inputs, "td_split_gallery")
    row = median_row(accuracies)
    _check_images(data, found, row, file(inputs, "predictions"))
    shown = range(min(MOST_COLUMNS, len(data.class_names)))
    table = _choose(found, row, len(shown)).assign(**accuracies.loc[row, ["target", "task", "seed"]])
    tile = tiles(data.images[:1]).shape[1]
    width = max(4.0, 0.5 + 0.78 * len(shown))
    height = width * ROWS * (tile + CAPTION) / (len(shown) * (tile + GAP))
    figure = Figure(figsize=(width, 0.9 + len(BLOCKS) * (min(height, 1.1 * ROWS) + 0.42)), layout="constrained")
    grid = figure.subplots(len(BLOCKS), 1, squeeze=False)[:, 0]
    for axes, block in zip(grid, BLOCKS, strict=True):
        _draw_block(axes, block, table[table["block"] == block], data.images, data.class_names[: len(shown)])
    chosen = accuracies.loc[row]
    some = f" The first {len(shown)} of {len(data.class_names)} classes." if len(shown) < len(data.class_names) else ""
    annotate(
        figure,
        f"An adversarial split of {data.name}",
        f"Discovered task {chosen['task']}, classes parted by {chosen['target']}, seed {chosen['seed']}: the "
        "adversarial split of median test accuracy, the lower of two middle ones, the first of equal ones "
        f"({chosen['test_accuracy']:.3f}; {chosen['network']}, "
        f"{chosen['images_train']:,} training and {chosen['images_test']:,} test images). Shown are the first images "
        f"of each column in the order of the pool; nothing is picked by hand.{some}",
    )
    save(figure, table, out, settings)


def median_row(accuracies: pd.DataFrame) -> int:
    """Return the place of the adversarial split of the classes with the median test accuracy.

    Of an even number it is the lower of the middle two; of equal ones the first.
    """
    chosen = (accuracies["kind"] == KIND) & (accuracies["split"] == "adversarial")
    places = np.flatnonzero(chosen.to_numpy())
    values = accuracies["test_accuracy"].to_numpy(np.float64)[places]
    middle = np.sort(values)[(len(values) - 1) // 2]
    return int(places[np.flatnonzero(values == middle)[0]])


def _check_images(data: ImageSet, found: Predictions, row: int, path: Path) -> None:
    """Check that the indices mean the images of a data set: then its own labels are the target.

    Raises:
        WhichtaskError: they do not.
    """
    if found.class_names != data.class_names or found.pool.min() < 0 or found.pool.max() >= len(data.images):
        raise WhichtaskError(f"{path} has other classes or more images than the data set {data.name!r}")
    if not np.array_equal(data.labels[found.pool], found.labels[row]):
        raise WhichtaskError(f"{path}: its labels are not those of the images in the data set {data.name!r}")


def _choose(found: Predictions, row: int, columns: int) -> pd.DataFrame:
    """Choose the first ``ROWS`` images of every block and column, in the order of the pool."""
    in_train, labels, predicted = found.in_train[row].astype(bool), found.labels[row], found.predictions[row]
    members = {
        "training": (in_train, labels),
        "test": (~in_train, labels),
        "mistaken": (~in_train & (predicted != labels), predicted),
    }
    rows = []
    for block, (candidates, column_of) in members.items():
        for column in range(columns):
            for rank, place in enumerate(np.flatnonzero(candidates & (column_of == column))[:ROWS]):
                guess = int(predicted[place])
                rows.append(
                    {
                        "block": block,
                        "column": column,
                        "column_class": found.class_names[column],
                        "rank": rank + 1,
                        "image_index": int(found.pool[place]),
                        "true_class": found.class_names[int(labels[place])],
                        "predicted_class": found.class_names[guess] if guess >= 0 else "",
                    }
                )
    return pd.DataFrame(rows)


def _draw_block(axes: Axes, block: str, rows: pd.DataFrame, images: Pixels, columns: tuple[str, ...]) -> None:
    """Draw one block: a column a class, with the other class below each image where there is one."""
    caption = {"training": None, "test": "predicted_class", "mistaken": "true_class"}[block]
    tile = tiles(images[:1])
    # White where a column has too few images.
    pictures = np.full((ROWS * len(columns), *tile.shape[1:]), 255, np.uint8)
    places = (rows["rank"].to_numpy(np.int64) - 1) * len(columns) + rows["column"].to_numpy(np.int64)
    pictures[places] = tiles(images[rows["image_index"].to_numpy(np.int64)])
    laid = mosaic(pictures, len(columns), gap=(CAPTION, GAP))
    # The caption of the last row needs white below it; all blocks get it, so that their images are equally large.
    show(axes, np.pad(laid.pixels, ((0, CAPTION), (0, 0), (0, 0)), constant_values=255))
    for (x, y), name in zip(laid.centres[: len(columns)], columns, strict=True):
        axes.text(x, y - laid.tile / 2 - 4, name, ha="center", va="bottom", fontsize=7, fontweight="bold")
    if caption:
        for (x, y), name, true in zip(laid.centres[places], rows[caption], rows["true_class"], strict=True):
            colour = "black" if block == "test" and name == true else SPLIT_COLOURS["adversarial"]
            axes.text(x, y + laid.tile / 2 + 2, name, ha="center", va="top", fontsize=6, color=colour)
    axes.set_title(BLOCKS[block], loc="left", pad=16)


@styled()
def draw_split_classes(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw the accuracy of every class on all kinds of splits, and what is confused on the adversarial ones.

    Args:
        inputs: ``tables``, split accuracies of one network; ``predictions``, the arrays beside them.
        out: the PNG.
        settings: resolution.
    """
    accuracies, found = _read(inputs, "td_split_classes")
    names = found.class_names
    of_pairs = {split: _confusion_of_pairs(accuracies, found, split) for split in splits_of(accuracies)}
    parts = [_class_rows(of_pairs, names), _confusion_rows(of_pairs["adversarial"], names)]
    table = pd.concat(parts, ignore_index=True)
    matrix = _mean(of_pairs["adversarial"])
    side = 1.2 + min(0.32 * len(names), 6.0)
    figure = Figure(figsize=(2.2 * side + 0.8, side + 1.1), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.1])
    _draw_classes(left, table[table["row"] == "class"], names)
    _draw_confusion(figure, right, matrix, names)
    pairs = len(of_pairs["adversarial"])
    annotate(
        figure,
        f"Classes on adversarial and random splits ({only(accuracies, 'data')}, {only(accuracies, 'network')})",
        f"Left: share of a class's test images that are predicted right; mean with {PAIRS_NOTE}; {pairs} "
        f"pair{'s' if pairs > 1 else ''}. Right: share of each true class's test images (rows sum to 1) by predicted "
        "class, mean over the adversarial splits.",
    )
    save(figure, table, out, settings)


def _confusion_of_pairs(accuracies: pd.DataFrame, found: Predictions, split: str) -> Floats:
    """Return the row-normalised confusion of every pair of target and task [n, C, C], mean over its networks.

    A class without test images has NaN.
    """
    rows = accuracies.reset_index(drop=True)
    rows = rows[(rows["kind"] == KIND) & (rows["split"] == split)]
    return np.stack(
        [
            _mean(np.stack([_confusion(found, place) for place in places.index]))
            for _, places in rows.groupby(["target", "task"])
        ]
    )


def _confusion(found: Predictions, row: int) -> Floats:
    """Return the share of each true class's test images [C] by predicted class [C]."""
    n = len(found.class_names)
    tested = ~found.in_train[row].astype(bool)
    codes = found.labels[row, tested].astype(np.int64) * n + found.predictions[row, tested]
    counts = np.bincount(codes, minlength=n * n).reshape(n, n).astype(np.float64)
    total = counts.sum(axis=1, keepdims=True)
    shares: Floats = np.divide(counts, total, out=np.full_like(counts, np.nan), where=total > 0)
    return shares


def _mean(values: Floats) -> Floats:
    """Average over the first axis what is not NaN; NaN where nothing is left."""
    known = ~np.isnan(values)
    total, count = np.where(known, values, 0).sum(axis=0), known.sum(axis=0)
    means: Floats = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    return means


def _class_rows(of_pairs: dict[str, Floats], names: tuple[str, ...]) -> pd.DataFrame:
    """Return the accuracy of every class on each kind of split with its interval over pairs."""
    rows: list[dict[str, Any]] = []
    for split, confusions in of_pairs.items():
        for c, name in enumerate(names):
            values = confusions[:, c, c]
            values = values[~np.isnan(values)]
            if len(values) == 0:  # no test image of this class in any split
                continue
            estimate = mean_interval(values.tolist(), resamples=RESAMPLES)
            ends = {"low": estimate.low, "high": estimate.high, "pairs": estimate.n}
            rows.append({"row": "class", "split": split, "true_class": name, "share": estimate.mean, **ends})
    return pd.DataFrame(rows)


def _confusion_rows(confusions: Floats, names: tuple[str, ...]) -> pd.DataFrame:
    """Return the cells of the mean confusion matrix."""
    pairs = (~np.isnan(confusions)).sum(axis=0)
    return pd.DataFrame(
        [
            {
                "row": "confusion",
                "split": "adversarial",
                "true_class": names[true],
                "predicted_class": names[predicted],
                "share": share,
                "pairs": pairs[true, predicted],
            }
            for (true, predicted), share in np.ndenumerate(_mean(confusions))
        ]
    )


def _draw_classes(axes: Axes, rows: pd.DataFrame, names: tuple[str, ...]) -> None:
    splits = splits_of(rows)
    for split, shift in zip(splits, np.linspace(-0.24, 0.24, len(splits)), strict=True):
        of_split = rows[rows["split"] == split]
        x = np.array([names.index(name) for name in of_split["true_class"]]) + shift
        bars = interval_bars(of_split.rename(columns={"share": "agreement"}))
        axes.errorbar(x, of_split["share"], **bars, **MEAN_STYLE, color=SPLIT_COLOURS[split])
    axes.set_ylim(0, 1.02)
    axes.set_xlim(-0.6, len(names) - 0.4)
    _name_classes(axes, names)
    axes.set_ylabel("accuracy of a class\n[share of its test images]")
    keys = [split_key(split) for split in splits]
    axes.legend(handles=keys, loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2)


def _draw_confusion(figure: Figure, axes: Axes, matrix: Floats, names: tuple[str, ...]) -> None:
    axes.grid(visible=False)
    axes.set_facecolor("#EEEEEE")
    picture = axes.imshow(matrix, vmin=0, vmax=1, cmap="cividis")
    figure.colorbar(picture, ax=axes, label="share of the true class", shrink=0.85)
    _name_classes(axes, names)
    axes.set_yticks(range(len(names)), names, fontsize=_size(names))
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    axes.set_title("adversarial splits", loc="left")
    if len(names) > MOST_NUMBERED:
        return
    for (true, predicted), share in np.ndenumerate(matrix):
        if not np.isnan(share):
            colour = "white" if share < 0.55 else "black"
            axes.text(predicted, true, f"{share:.2f}", ha="center", va="center", fontsize=6, color=colour)


def _name_classes(axes: Axes, names: tuple[str, ...]) -> None:
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=_size(names))
    axes.tick_params(length=0)


def _size(names: tuple[str, ...]) -> float:
    """Return the size at which the names of so many classes do not cover each other."""
    return 7.5 if len(names) <= 20 else 4.0
