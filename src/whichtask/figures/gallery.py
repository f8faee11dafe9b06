"""What discovered tasks look like: the images that each task is surest about."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from whichtask.artifacts import read_npz
from whichtask.config import FigureSettings
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.figures.examples import check_labels
from whichtask.figures.images import Pixels, mosaic, show, tiles
from whichtask.figures.inputs import Inputs, file
from whichtask.figures.style import SIDE_COLOURS, annotate, save, styled
from whichtask.tasks import TaskSet

LINES = 2  # lines of images of one side
GAP = 3  # pixels between images
WIDTH = 5.3  # inches of one task


@styled()
def draw_gallery(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw, for each task and side, the ``gallery_images`` test images with the largest absolute logit.

    Only images of the test part are shown: none of them was used to find the tasks.

    Args:
        inputs: ``data``, an image set; ``tasks``, the discovered task set; ``logits``, the array of its logits.
        out: the PNG.
        settings: number of images a side, resolution.
    """
    data = ImageSet.load(file(inputs, "data"))
    tasks = TaskSet.load(file(inputs, "tasks"))
    check_labels(tasks, data, file(inputs, "tasks"))
    logits = _read_logits(file(inputs, "logits"), tasks)
    table = pd.concat(
        [_most_confident(task, tasks, logits, data, settings.gallery_images) for task in range(len(tasks.names))],
        ignore_index=True,
    )
    columns = 1 if len(tasks.names) == 1 else 2
    lines = -(-len(tasks.names) // columns)
    height, width, _ = _canvas_size(data.images, settings.gallery_images)
    size = (columns * (WIDTH + 0.15), 0.8 + lines * (WIDTH * height / width + 0.3))
    figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(wspace=0.03))
    grid = figure.subplots(lines, columns, squeeze=False).ravel()
    for axes, (_, rows) in zip(grid, table.groupby("task", sort=False), strict=False):
        _draw_task(axes, rows, data.images, settings.gallery_images)
    for axes in grid[len(tasks.names) :]:
        axes.set_axis_off()
    annotate(
        figure,
        f"Tasks discovered on {data.name}: the images they are surest about",
        f"Each side's {settings.gallery_images} images of largest |logit| among the {data.n_test:,} test images, none "
        "of which was used in discovery; surest first. Frames: side of the task.",
    )
    save(figure, table, out, settings)


def _read_logits(path: Path, tasks: TaskSet) -> npt.NDArray[Any]:
    """Read the logits of a task set [K, N].

    Raises:
        WhichtaskError: the file holds no logits, or those of other tasks.
    """
    arrays = read_npz(path)
    if "logits" not in arrays or arrays["logits"].shape != tasks.labels.shape:
        found = arrays["logits"].shape if "logits" in arrays else "no such array"
        raise WhichtaskError(f"{path}: 'logits' must have the shape of the tasks, {tasks.labels.shape}; found {found}")
    return arrays["logits"]


def _most_confident(task: int, tasks: TaskSet, logits: npt.NDArray[Any], data: ImageSet, count: int) -> pd.DataFrame:
    """Rank the test images on both sides of one task by confidence.

    The side comes from the task set, whose polarity is normalised; the logit only says how sure the encoder is.
    """
    test = np.arange(data.n_train, len(data.images))
    parts = []
    for side in (0, 1):
        members = test[tasks.labels[task, test] == side]
        chosen = members[np.argsort(-np.abs(logits[task, members]), kind="stable")][:count]
        parts.append(
            pd.DataFrame(
                {
                    "task": tasks.names[task],
                    "positive_rate": tasks.labels[task].mean(),
                    "side": side,
                    "rank": np.arange(1, len(chosen) + 1),
                    "image_index": chosen,
                    "logit": logits[task, chosen],
                    "class_name": [data.class_names[label] for label in data.labels[chosen]],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _canvas_size(images: Pixels, count: int) -> tuple[int, int, int]:
    """Return height and width of the pixels of one task, and where side 1 begins."""
    tile = tiles(images[:1], [0]).shape[1] + GAP
    side = -(-count // LINES) * tile - GAP
    second = side + tile // 3
    return LINES * tile - GAP, second + side, second


def _draw_task(axes: Axes, rows: pd.DataFrame, images: Pixels, count: int) -> None:
    """Draw one task: side 0 on the left, side 1 on the right."""
    height, width, second = _canvas_size(images, count)
    canvas = np.full((height, width, 3), 255, np.uint8)
    positive = rows["positive_rate"].iloc[0]
    titles = (f"{rows['task'].iloc[0]}, side 0: {1 - positive:.1%} of all images", f"side 1: {positive:.1%}")
    for side, left in enumerate((0, second)):
        axes.text(left, -4, titles[side], va="bottom", fontsize=8, color=SIDE_COLOURS[side])
        members = rows[rows["side"] == side]
        if members.empty:  # no test image on this side
            continue
        framed = tiles(images[members["image_index"]], members["side"].to_numpy())
        block = mosaic(framed, -(-count // LINES), gap=(GAP, GAP)).pixels
        canvas[: block.shape[0], left : left + block.shape[1]] = block
    show(axes, canvas)
