"""The same images under a human and a random task: what a task is."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.figures.images import Pixels, mosaic, show, spread_over_classes, tiles
from whichtask.figures.inputs import Inputs, file
from whichtask.figures.style import SIDE_COLOURS, annotate, save, styled
from whichtask.tasks import TaskSet

KINDS = ("human", "random")
MOST_COLUMNS = 10


@styled()
def draw_examples(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw ``example_images`` test images, spread evenly over the classes, under two tasks.

    Args:
        inputs: ``data``, an image set; ``human`` and ``random``, one task set each, of which the first task is shown.
        out: the PNG.
        settings: number of images, resolution.
    """
    data = ImageSet.load(file(inputs, "data"))
    shown = data.n_train + spread_over_classes(data.y_test, settings.example_images)
    parts = []
    for kind in KINDS:
        tasks = TaskSet.load(file(inputs, kind))
        check_labels(tasks, data, file(inputs, kind))
        parts.append(
            pd.DataFrame(
                {
                    "kind": kind,
                    "task": tasks.names[0],
                    "side": tasks.labels[0, shown],
                    "image_index": shown,
                    "class_name": [data.class_names[label] for label in data.labels[shown]],
                }
            )
        )
    table = pd.concat(parts).sort_values(["kind", "side"], kind="stable", ignore_index=True)
    columns = min(MOST_COLUMNS, int(table.groupby(["kind", "side"]).size().max()))
    lines = [_lines(table, kind, columns) for kind in KINDS]
    figure = Figure(figsize=(0.5 + 0.82 * columns, 1.1 + 0.98 * sum(lines)), layout="constrained")
    grid = figure.subplots(2, 1, height_ratios=lines, squeeze=False)[:, 0]
    for axes, kind in zip(grid, KINDS, strict=True):
        _draw_task(axes, table[table["kind"] == kind], data.images, columns)
    annotate(
        figure,
        f"The same images under two tasks ({data.name})",
        f"{len(shown)} test images, the first of each class in turn. A human task puts whole classes on one side; "
        "a random task tosses a coin for each image. Frames: side of the task.",
    )
    save(figure, table, out, settings)


def check_labels(tasks: TaskSet, data: ImageSet, path: Path) -> None:
    """Check that a task set labels exactly the images of a data set.

    Raises:
        WhichtaskError: it labels fewer or more images.
    """
    if tasks.labels.shape[1] != len(data.images):
        raise WhichtaskError(
            f"{path} labels {tasks.labels.shape[1]} images, but the data set {data.name!r} has {len(data.images)}"
        )


def _lines(table: pd.DataFrame, kind: str, columns: int) -> int:
    """Count the lines of images that one task takes."""
    return sum(-(-int(n) // columns) for n in table[table["kind"] == kind].groupby("side").size())


def _draw_task(axes: Axes, rows: pd.DataFrame, images: Pixels, columns: int) -> None:
    """Draw one task: side 0 above side 1, every image framed and named by its class."""
    blocks, top = [], 0
    for side, colour in enumerate(SIDE_COLOURS):
        members = rows[rows["side"] == side]
        if members.empty:  # a random task may put all of a few images on one side
            continue
        block = mosaic(tiles(images[members["image_index"]], members["side"].to_numpy()), columns, gap=(18, 8))
        for (x, y), name in zip(block.centres, members["class_name"], strict=True):
            axes.text(x, top + y + block.tile / 2 + 2, name, ha="center", va="top", fontsize=6.5)
        axes.text(-6, top + block.tile / 2, f"side {side}", rotation=90, ha="right", va="center", color=colour)
        blocks.append(np.pad(block.pixels, ((0, 22), (0, 0), (0, 0)), constant_values=255))
        top += len(blocks[-1])
    show(axes, np.concatenate(blocks))
    first = rows.iloc[0]
    axes.set_title(f"{first['kind'].capitalize()} task ({first['task']})", loc="left")
