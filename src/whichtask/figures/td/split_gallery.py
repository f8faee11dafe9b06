"""One adversarial split in images: what trained, what was tested, and what was mistaken."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.figures.images import Pixels, mosaic, show, tiles
from whichtask.figures.inputs import Inputs, file
from whichtask.figures.style import annotate, save, styled
from whichtask.figures.td.split_predictions import KIND, Predictions, read_class_splits
from whichtask.figures.td.splits import SPLIT_COLOURS

BLOCKS = {
    "training": "Training images; columns: true class",
    "test": "Test images; columns: true class, below: predicted class",
    "mistaken": "Mistaken test images; columns: predicted class, below: true class",
}
ROWS = 3  # images of a class in each block
MOST_COLUMNS = 10
GAP = 8  # pixels between columns
CAPTION = 20  # pixels below an image for the name of a class


@styled()
def draw_split_gallery(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw training, test and mistaken test images of one adversarial split of the classes.

    It is the split with the median test accuracy (of an even number the lower of the middle two, the first of equal
    ones), and each column shows its first images in the order of the pool: nothing is picked by its looks.

    Args:
        inputs: ``data``, an image set; ``tables``, split accuracies of one network, such as one file for each target;
            ``predictions``, the arrays beside them, in the same order. Splits of other sources are passed over.
        out: the PNG.
        settings: resolution.
    """
    data = ImageSet.load(file(inputs, "data"))
    accuracies, found = read_class_splits(inputs, "td_split_gallery")
    row = median_row(accuracies)
    _check_images(data, found, row)
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


def _check_images(data: ImageSet, found: Predictions, row: int) -> None:
    """Check that the indices mean the images of a data set: then its own labels are the target.

    Raises:
        WhichtaskError: they do not.
    """
    if found.class_names != data.class_names or found.pool.min() < 0 or found.pool.max() >= len(data.images):
        raise WhichtaskError(f"the predictions have other classes or more images than the data set {data.name!r}")
    if not np.array_equal(data.labels[found.pool], found.labels[row]):
        raise WhichtaskError(f"the predictions' labels are not those of the images in the data set {data.name!r}")


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
