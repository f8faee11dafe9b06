"""What discovered tasks look like: the images that each task is surest about."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from whichtask.artifacts import read_npz
from whichtask.config import FigureSettings
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.figures.images import mosaic, show, tiles
from whichtask.figures.inputs import Inputs, file
from whichtask.figures.palette import SIDE_COLOURS
from whichtask.figures.style import annotate
from whichtask.tasks import TaskSet

LINES = 2  # lines of images of one side
GAP = 3  # pixels between images
WIDTH = 5.3  # inches of one task
TITLES = {
    "discovered": "Tasks discovered on {data}: the images they are surest about",
    "regulated": "Tasks of regulated discovery on {data}: the images they are surest about",
}


class Gallery(NamedTuple):
    """What a gallery chooses from."""

    data: ImageSet
    tasks: TaskSet
    logits: npt.NDArray[Any]
    """[K, N], in the order of the tasks."""


def numbers(inputs: Inputs, settings: FigureSettings) -> pd.DataFrame:
    """Choose, for each task and side, the ``gallery_images`` test images with the largest absolute logit, one a row.

    Images of the test part only: none of them was used to find the tasks.

    ``inputs``: ``data``, an image set; ``tasks``, a discovered task set; ``logits``, the arrays of its logits.
    """
    gallery = read_gallery(inputs)
    return surest(gallery, range(len(gallery.tasks.names)), settings.gallery_images)


def draw(table: pd.DataFrame, settings: FigureSettings, inputs: Inputs) -> Figure:
    """Each discovered task by the test images that it is surest about (largest absolute logit), side 0 on the left,
    side 1 on the right, surest first; no test image was used in discovery. Titles give each side's share of all images.
    """
    data, kind = ImageSet.load(file(inputs, "data")), TaskSet.load(file(inputs, "tasks")).kind
    figure = draw_tasks(table, data)
    title = TITLES.get(kind, f"Tasks of kind {kind} on {{data}}")
    annotate(figure, title.format(data=data.name), gallery_note(table, data))
    return figure


def read_gallery(inputs: Inputs) -> Gallery:
    """Read the inputs ``data``, ``tasks`` and ``logits``, and check that they belong together.

    The tasks may be some of the search's, as the array ``kept`` beside the logits says.

    Raises:
        WhichtaskError: one is missing, or they are of other images or tasks.
    """
    data, tasks = ImageSet.load(file(inputs, "data")), TaskSet.load(file(inputs, "tasks"))
    tasks.require_images(data, file(inputs, "tasks"))
    if tasks.labels.max() > 1:
        raise WhichtaskError(f"{file(inputs, 'tasks')}: a gallery shows two sides, but a task has more classes")
    path = file(inputs, "logits")
    arrays = read_npz(path)
    logits = arrays.get("logits", np.empty(0))
    kept = arrays.get("kept", np.arange(len(logits)))
    if len(kept) and (kept.min() < 0 or kept.max() >= len(logits)):
        raise WhichtaskError(f"{path}: 'kept' must be rows of 'logits', 0 to {len(logits) - 1}; found {kept.tolist()}")
    if logits[kept].shape != tasks.labels.shape:
        found = logits[kept].shape if "logits" in arrays else "no such array"
        raise WhichtaskError(f"{path}: 'logits' must have the shape of the tasks, {tasks.labels.shape}; found {found}")
    return Gallery(data, tasks, logits[kept])


def surest(gallery: Gallery, chosen: Sequence[int], count: int) -> pd.DataFrame:
    """Rank the test images on both sides of some tasks by confidence.

    The side comes from the task set, whose polarity is normalised; the logit only says how sure the encoder is.

    Args:
        gallery: data, tasks and logits.
        chosen: indices of the tasks.
        count: images of each side.

    Returns:
        A row for each image: ``task``, ``positive_rate`` (of all images), ``side``, ``rank`` from 1, ``image_index``,
        ``logit`` and ``class_name``.
    """
    data, tasks, logits = gallery
    test = np.arange(data.n_train, len(data.images))
    parts = []
    for task in chosen:
        of_task = {"task": tasks.names[task], "positive_rate": tasks.labels[task].mean()}
        for side in (0, 1):
            members = test[tasks.labels[task, test] == side]
            shown = members[np.argsort(-np.abs(logits[task, members]), kind="stable")][:count]
            of_images = {"rank": np.arange(1, len(shown) + 1), "image_index": shown, "logit": logits[task, shown]}
            names = [data.class_names[label] for label in data.labels[shown]]
            parts.append(pd.DataFrame({**of_task, "side": side, **of_images, "class_name": names}))
    return pd.concat(parts, ignore_index=True)


def draw_tasks(table: pd.DataFrame, data: ImageSet, remarks: Sequence[str] = ()) -> Figure:
    """Draw the rows of ``surest``, without title and note; ``remarks`` are lines below each task, or none."""
    n = table["task"].nunique()
    columns = min(n, 2)
    lines = -(-n // columns)
    beside = int(-(-table["rank"].max() // LINES))  # images of one side
    tile = tiles(data.images[:1], [0]).shape[1] + GAP
    second = beside * tile - GAP + tile // 3  # where side 1 begins
    height, width = LINES * tile - GAP, second + beside * tile - GAP
    # Titles, and remarks where there are any, take a third of an inch.
    size = (columns * (WIDTH + 0.15), 0.8 + lines * (WIDTH * height / width + (0.55 if remarks else 0.3)))
    figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(wspace=0.03))
    grid = figure.subplots(lines, columns, squeeze=False).ravel()
    for axes, (task, rows) in zip(grid, table.groupby("task", sort=False), strict=False):
        canvas = np.full((height, width, 3), 255, np.uint8)
        positive = rows["positive_rate"].iloc[0]
        titles = (f"{task}, side 0: {1 - positive:.1%} of all images", f"side 1: {positive:.1%}")
        for side, left in enumerate((0, second)):
            axes.text(left, -4, titles[side], va="bottom", fontsize=8, color=SIDE_COLOURS[side])
            members = rows[rows["side"] == side]
            if members.empty:  # no test image on this side
                continue
            framed = tiles(data.images[members["image_index"]], members["side"].to_numpy())
            block = mosaic(framed, beside, gap=(GAP, GAP)).pixels
            canvas[: block.shape[0], left : left + block.shape[1]] = block
        show(axes, canvas)
    for axes, remark in zip(grid, remarks, strict=False):
        axes.text(0, height + 6, remark, va="top", fontsize=8)
    for axes in grid[n:]:
        axes.set_axis_off()
    return figure


def gallery_note(table: pd.DataFrame, data: ImageSet) -> str:
    """Say which images a gallery shows."""
    return (
        f"Each side's {table['rank'].max()} images of largest |logit| among the {data.n_test:,} test images, none of "
        "which was used in discovery; surest first. Frames: side of the task."
    )
