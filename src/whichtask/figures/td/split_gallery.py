"""One adversarial split in images: what trained, what was tested, and what was mistaken."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.figures.images import Pixels, mosaic, show, tiles
from whichtask.figures.inputs import Inputs, file
from whichtask.figures.palette import SPLIT_COLOURS
from whichtask.figures.style import annotate
from whichtask.figures.td.split_predictions import KIND, Predictions, read_class_splits

BLOCKS = {
    "training": "Training images; columns: true class",
    "test": "Test images; columns: true class, below: predicted class",
    "mistaken": "Mistaken test images; columns: predicted class, below: true class",
}
ROWS = 3  # images of a class in each block
MOST_COLUMNS = 10
GAP = 8  # pixels between columns
CAPTION = 20  # pixels below an image for the name of a class


def numbers(inputs: Inputs, settings: FigureSettings) -> pd.DataFrame:
    """Choose training, test and mistaken test images of one adversarial split of the classes: a row for each.

    It is the split with the median test accuracy (of an even number the lower of the middle two, the first of equal
    ones), and each column shows its first images in the order of the pool: nothing is picked by its looks.

    ``inputs``: ``data``, an image set; ``tables``, split accuracies of one network, such as one file for each target;
    ``predictions``, the arrays beside them, in the same order. Splits of other sources are passed over.
    """
    data = ImageSet.load(file(inputs, "data"))
    accuracies, found = read_class_splits(inputs, "td_split_gallery")
    row = median_row(accuracies)
    _check_images(data, found, row)
    table = _choose(found, row, min(MOST_COLUMNS, len(data.class_names)))
    about = ["target", "task", "seed", "test_accuracy", "network", "images_train", "images_test"]
    return table.assign(**accuracies.loc[row, about])


def draw(table: pd.DataFrame, settings: FigureSettings, inputs: Inputs) -> Figure:
    """One adversarial split of the classes: first images of the training side, of the test side and of the mistaken
    test images, a column a class (true, true, predicted). It is the split with the median test accuracy (of an even
    number the lower of the middle two, the first of equal ones); images are the first in the order of the pool.
    """
    data = ImageSet.load(file(inputs, "data"))
    columns = data.class_names[:MOST_COLUMNS]
    tile = tiles(data.images[:1]).shape[1]
    width = max(4.0, 0.5 + 0.78 * len(columns))
    height = width * ROWS * (tile + CAPTION) / (len(columns) * (tile + GAP))
    figure = Figure(figsize=(width, 0.9 + len(BLOCKS) * (min(height, 1.1 * ROWS) + 0.42)), layout="constrained")
    for axes, block in zip(figure.subplots(len(BLOCKS), 1), BLOCKS, strict=True):
        _draw_block(axes, block, table[table["block"] == block], data.images, columns)
    chosen = table.iloc[0]
    some = f" The first {len(columns)} of {len(data.class_names)} classes."
    annotate(
        figure,
        f"An adversarial split of {data.name}",
        f"Discovered task {chosen['task']}, classes parted by {chosen['target']}, seed {chosen['seed']}: the "
        "adversarial split of median test accuracy, the lower of two middle ones, the first of equal ones "
        f"({chosen['test_accuracy']:.3f}; {chosen['network']}, "
        f"{chosen['images_train']:,} training and {chosen['images_test']:,} test images). Shown are the first images "
        "of each column in the order of the pool; nothing is picked by hand."
        + (some if len(columns) < len(data.class_names) else ""),
    )
    return figure


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
            for rank, place in enumerate(np.flatnonzero(candidates & (column_of == column))[:ROWS], start=1):
                at = {"block": block, "column": column, "column_class": found.class_names[column], "rank": rank}
                guess = found.class_names[predicted[place]] if predicted[place] >= 0 else ""
                names = {"true_class": found.class_names[labels[place]], "predicted_class": guess}
                rows.append(at | {"image_index": found.pool[place]} | names)
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
            axes.text(x, y + laid.tile / 2 + 2, name, ha="center", va="top", fontsize=6.5, color=colour)
    axes.set_title(BLOCKS[block], loc="left", pad=16)
