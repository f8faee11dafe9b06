"""Images as coloured mosaics: one array a panel, which draws far faster than one axes an image."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from whichtask.figures.palette import SIDE_COLOURS

Array = npt.NDArray[Any]
Pixels = npt.NDArray[np.uint8]

TILE = 64  # pixels that a small image is enlarged to, about; frames and gaps are thin against it
FRAME = 5


class Mosaic(NamedTuple):
    """Tiles in rows on white, and the centre of each in pixels, for text beside them."""

    pixels: Pixels
    """[height, width, 3]."""
    centres: npt.NDArray[np.float64]
    """[n, 2], x and y."""
    tile: int
    """Height and width of a tile."""


def tiles(images: Pixels, sides: Sequence[int] | Array | None = None) -> Pixels:
    """Enlarge images to about ``TILE`` pixels and frame them by the side of a task that they are on.

    Args:
        images: uint8 [n, H, W, C], C 1 or 3.
        sides: [n] zeros and ones; None for no frames.

    Returns:
        uint8 [n, side, side, 3].
    """
    enlarge = max(1, round(TILE / images.shape[1]))
    coloured = np.broadcast_to(images, (*images.shape[:3], 3))
    large = coloured.repeat(enlarge, axis=1).repeat(enlarge, axis=2)
    if sides is None:
        return large
    colours = np.array([np.array(to_rgb(colour)) * 255 for colour in SIDE_COLOURS]).round().astype(np.uint8)
    n, height, width, _ = large.shape
    framed = np.empty((n, height + 2 * FRAME, width + 2 * FRAME, 3), np.uint8)
    framed[:] = colours[np.asarray(sides, dtype=np.int64)][:, None, None]
    framed[:, FRAME:-FRAME, FRAME:-FRAME] = large
    return framed


def mosaic(pictures: Pixels, columns: int, gap: tuple[int, int] = (6, 6)) -> Mosaic:
    """Lay tiles out in rows from the top left.

    Args:
        pictures: uint8 [n, height, width, 3].
        columns: tiles in a row.
        gap: white pixels below and to the right of each tile.
    """
    n, height, width, _ = pictures.shape
    rows = -(-n // columns)
    step_y, step_x = height + gap[0], width + gap[1]
    canvas = np.full((rows * step_y - gap[0], columns * step_x - gap[1], 3), 255, np.uint8)
    centres = np.empty((n, 2))
    for index, picture in enumerate(pictures):
        top, left = (index // columns) * step_y, (index % columns) * step_x
        canvas[top : top + height, left : left + width] = picture
        centres[index] = left + (width - 1) / 2, top + (height - 1) / 2
    return Mosaic(canvas, centres, height)


def show(axes: Axes, picture: Pixels) -> None:
    """Draw a mosaic without axes around it."""
    axes.imshow(picture)
    axes.set_axis_off()


def spread_over_classes(labels: Array, count: int) -> npt.NDArray[np.int64]:
    """Choose images evenly over the classes: the first of each class, then the second of each, and so on.

    Args:
        labels: [n] class of each image.
        count: how many to choose; fewer come back when there are fewer.

    Returns:
        Indices into ``labels``.
    """
    rank = np.zeros(len(labels), np.int64)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        rank[members] = np.arange(len(members))
    return np.lexsort((labels, rank))[:count].astype(np.int64)
