"""What discovered tasks look like: the images that each task is surest about."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

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
from whichtask.figures.images import Pixels, mosaic, show, tiles
from whichtask.figures.inputs import Inputs, file
from whichtask.figures.style import SIDE_COLOURS, annotate, save, styled
from whichtask.figures.td.examples import check_labels
from whichtask.tasks import TaskSet

LINES = 2  # lines of images of one side
GAP = 3  # pixels between images
WIDTH = 5.3  # inches of one task


TITLES = {
    "discovered": "Tasks discovered on {data}: the images they are surest about",
    "regulated": "Tasks of regulated discovery on {data}: the images they are surest about",
}


class Gallery(NamedTuple):
    """What a gallery shows."""

    data: ImageSet
    tasks: TaskSet
    logits: npt.NDArray[Any]
    """[K, N], in the order of the tasks."""


@styled()
def draw_gallery(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw, for each task and side, the ``gallery_images`` test images with the largest absolute logit.

    Only images of the test part are shown: none of them was used to find the tasks.

    Args:
        inputs: ``data``, an image set; ``tasks``, a discovered task set; ``logits``, the arrays of its logits.
        out: the PNG.
        settings: number of images a side, resolution.
    """
    gallery = read_gallery(inputs)
    figure, table = draw_tasks(gallery, range(len(gallery.tasks.names)), settings)
    title = TITLES.get(gallery.tasks.kind, f"Tasks of kind {gallery.tasks.kind} on {{data}}")
    annotate(figure, title.format(data=gallery.data.name), gallery_note(gallery, settings))
    save(figure, table, out, settings)


def read_gallery(inputs: Inputs) -> Gallery:
    """Read the inputs ``data``, ``tasks`` and ``logits``, and check that they belong together.

    Raises:
        WhichtaskError: one is missing, or they are of other images or tasks.
    """
    data = ImageSet.load(file(inputs, "data"))
    tasks = TaskSet.load(file(inputs, "tasks"))
    check_labels(tasks, data, file(inputs, "tasks"))
    if tasks.labels.max() > 1:
        raise WhichtaskError(f"{file(inputs, 'tasks')}: a gallery shows two sides, but a task has more classes")
    return Gallery(data, tasks, _read_logits(file(inputs, "logits"), tasks))


def draw_tasks(
    gallery: Gallery, chosen: Sequence[int], settings: FigureSettings, remarks: Sequence[str] = ()
) -> tuple[Figure, pd.DataFrame]:
    """Draw some tasks of a gallery, without title and note.

    Args:
        gallery: data, tasks and logits.
        chosen: indices of the tasks, at least one.
        settings: number of images a side.
        remarks: a line below each chosen task, or none.

    Returns:
        The figure, and a row for each image in it.
    """
    data = gallery.data
    table = pd.concat([_most_confident(task, gallery, settings.gallery_images) for task in chosen], ignore_index=True)
    columns = 1 if len(chosen) == 1 else 2
    lines = -(-len(chosen) // columns)
    height, width, _ = _canvas_size(data.images, settings.gallery_images)
    # Titles, and remarks where there are any, take a third of an inch.
    size = (columns * (WIDTH + 0.15), 0.8 + lines * (WIDTH * height / width + (0.55 if remarks else 0.3)))
    figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(wspace=0.03))
    grid = figure.subplots(lines, columns, squeeze=False).ravel()
    for axes, (_, rows) in zip(grid, table.groupby("task", sort=False), strict=False):
        _draw_task(axes, rows, data.images, settings.gallery_images)
    for axes, remark in zip(grid, remarks, strict=False):
        axes.text(0, height + 6, remark, va="top", fontsize=8)
    for axes in grid[len(chosen) :]:
        axes.set_axis_off()
    return figure, table


def gallery_note(gallery: Gallery, settings: FigureSettings) -> str:
    """Say which images a gallery shows."""
    return (
        f"Each side's {settings.gallery_images} images of largest |logit| among the {gallery.data.n_test:,} test "
        "images, none of which was used in discovery; surest first. Frames: side of the task."
    )


def _read_logits(path: Path, tasks: TaskSet) -> npt.NDArray[Any]:
    """Read the logits of a task set [K, N]; the tasks may be some of the search's, as its array ``kept`` says.

    Raises:
        WhichtaskError: the file holds no logits, or those of other tasks.
    """
    arrays = read_npz(path)
    logits = arrays.get("logits", np.empty(0))
    kept = arrays.get("kept", np.arange(len(logits)))
    if len(kept) and (kept.min() < 0 or kept.max() >= len(logits)):
        raise WhichtaskError(f"{path}: 'kept' must be rows of 'logits', 0 to {len(logits) - 1}; found {kept.tolist()}")
    if logits[kept].shape != tasks.labels.shape:
        found = logits[kept].shape if "logits" in arrays else "no such array"
        raise WhichtaskError(f"{path}: 'logits' must have the shape of the tasks, {tasks.labels.shape}; found {found}")
    return logits[kept]


def _most_confident(task: int, gallery: Gallery, count: int) -> pd.DataFrame:
    """Rank the test images on both sides of one task by confidence.

    The side comes from the task set, whose polarity is normalised; the logit only says how sure the encoder is.
    """
    data, tasks, logits = gallery
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
