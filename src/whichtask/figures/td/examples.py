"""The same images under a human and a random task: what a task is."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.data import ImageSet
from whichtask.figures.images import Pixels, mosaic, show, spread_over_classes, tiles
from whichtask.figures.inputs import Inputs, file
from whichtask.figures.palette import SIDE_COLOURS
from whichtask.figures.style import annotate
from whichtask.tasks import TaskSet

KINDS = ("human", "random")
MOST_COLUMNS = 10


def numbers(inputs: Inputs, settings: FigureSettings) -> pd.DataFrame:
    """Choose ``example_images`` test images, spread evenly over the classes: a row for each image and task.

    ``inputs``: ``data``, an image set; ``human`` and ``random``, one task set each, of which the first task is shown.
    """
    data = ImageSet.load(file(inputs, "data"))
    shown = data.n_train + spread_over_classes(data.y_test, settings.example_images)
    names = [data.class_names[label] for label in data.labels[shown]]
    parts = []
    for kind in KINDS:
        tasks = TaskSet.load(file(inputs, kind))
        tasks.require_images(data, file(inputs, kind))
        of_kind = {"kind": kind, "task": tasks.names[0], "side": tasks.labels[0, shown]}
        parts.append(pd.DataFrame(of_kind | {"image_index": shown, "class_name": names}))
    return pd.concat(parts).sort_values(["kind", "side"], kind="stable", ignore_index=True)


def draw(table: pd.DataFrame, settings: FigureSettings, inputs: Inputs) -> Figure:
    """The same test images, the first of each class in turn, under a human task (whole classes on one side) and a
    random task (a coin for each image); frames say the side.
    """
    data = ImageSet.load(file(inputs, "data"))
    tasks = [table[table["kind"] == kind] for kind in KINDS]
    sizes = [[int(n) for n in rows["side"].value_counts()] for rows in tasks]
    columns = min(MOST_COLUMNS, max(map(max, sizes)))
    lines = [sum(-(-n // columns) for n in of_task) for of_task in sizes]
    figure = Figure(figsize=(0.5 + 0.82 * columns, 1.1 + 0.98 * sum(lines)), layout="constrained")
    for axes, rows in zip(figure.subplots(2, 1, height_ratios=lines), tasks, strict=True):
        _draw_task(axes, rows, data.images, columns)
    annotate(
        figure,
        f"The same images under two tasks ({data.name})",
        f"{table['image_index'].nunique()} test images, the first of each class in turn. A human task puts whole "
        "classes on one side; a random task tosses a coin for each image. Frames: side of the task.",
    )
    return figure


def _draw_task(axes: Axes, rows: pd.DataFrame, images: Pixels, columns: int) -> None:
    """Draw one task: side 0 above side 1, every image framed and named by its class."""
    blocks, top = [], 0
    # A random task may put all of a few images on one side.
    for side, members in rows.groupby("side"):
        block = mosaic(tiles(images[members["image_index"]], members["side"].to_numpy()), columns, gap=(18, 8))
        for (x, y), name in zip(block.centres, members["class_name"], strict=True):
            axes.text(x, top + y + block.tile / 2 + 2, name, ha="center", va="top", fontsize=6.5)
        colour = SIDE_COLOURS[int(str(side))]
        axes.text(-6, top + block.tile / 2, f"side {side}", rotation=90, ha="right", va="center", color=colour)
        blocks.append(np.pad(block.pixels, ((0, 22), (0, 0), (0, 0)), constant_values=255))
        top += len(blocks[-1])
    show(axes, np.concatenate(blocks))
    first = rows.iloc[0]
    axes.set_title(f"{first['kind'].capitalize()} task ({first['task']})", loc="left")
