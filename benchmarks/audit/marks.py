"""Marks that are planted in images, as scanners, cameras and people leave them: each changes some images, not the rest.

A mark agrees with a set of classes in a share ``strength`` of the images: with half of the classes, or with one. On
``probe`` images it is independent of the class: whoever has found the mark, and not the classes, holds it there too.
"""

import io
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from whichtask.seeding import numpy_generator

Images = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.int64]


class Planted(NamedTuple):
    """Images with a mark in some of them."""

    images: Images
    mark: Bools
    """[N]."""


def _added(images: Images, levels: npt.ArrayLike) -> Images:
    return (images.astype(np.int16) + np.asarray(levels, np.int16)).clip(0, 255).astype(np.uint8)


def corner(images: Images) -> Images:
    """Paint a square of four pixels a side in the lower right corner: magenta, or grey where images are grey."""
    marked = images.copy()
    marked[:, -5:-1, -5:-1] = (255, 0, 255) if images.shape[3] == 3 else 170
    return marked


def tint(images: Images) -> Images:
    """Add 16 levels of red and take 16 of blue; grey images become 16 levels brighter."""
    return _added(images, (16, 0, -16) if images.shape[3] == 3 else 16)


def border(images: Images) -> Images:
    """Paint the outermost pixels grey."""
    marked = np.full_like(images, 128)
    marked[:, 1:-1, 1:-1] = images[:, 1:-1, 1:-1]
    return marked


def texture(images: Images) -> Images:
    """Add a checkerboard of 8 levels up and down."""
    rows, columns = np.indices(images.shape[1:3])
    return _added(images, np.where((rows + columns) % 2, 8, -8)[..., None])


def dot(images: Images) -> Images:
    """Paint a dot of two pixels a side: yellow, or white."""
    marked = images.copy()
    marked[:, 3:5, 3:5] = (255, 255, 0) if images.shape[3] == 3 else 255
    return marked


def gradient(images: Images) -> Images:
    """Brighten the top by 20 levels and darken the bottom by as many."""
    return _added(images, np.linspace(20, -20, images.shape[1]).round()[:, None, None])


def caption(images: Images) -> Images:
    """Write two letters, white on black, 13 by 7 pixels."""
    picture = Image.new("L", (13, 7))
    ImageDraw.Draw(picture).text((0, -3), "LX", fill=255)
    marked = images.copy()
    marked[:, 1:8, 1:14] = np.asarray(picture)[..., None]
    return marked


def jpeg(images: Images) -> Images:
    """Compress with JPEG at quality 30 and read again."""
    marked = np.empty_like(images)
    for row, image in zip(marked, images, strict=True):
        content = io.BytesIO()
        Image.fromarray(image.squeeze()).save(content, "JPEG", quality=30)
        row[:] = np.asarray(Image.open(content, formats=["JPEG"])).reshape(image.shape)
    return marked


def background(images: Images) -> Images:
    """Blur all but a disc in the middle, as a shallow depth of field does, and add 12 levels there."""
    height, width = images.shape[1:3]
    rows, columns = np.indices((height, width))
    outside = np.hypot(rows - height / 2 + 0.5, columns - width / 2 + 0.5) > 0.4 * min(height, width)
    marked = images.copy()
    for row, image in zip(marked, images, strict=True):
        blurred = Image.fromarray(image.squeeze()).filter(ImageFilter.GaussianBlur(1.5))
        row[outside] = _added(np.asarray(blurred).reshape(image.shape), 12)[outside]
    return marked


MARKS: Mapping[str, Callable[[Images], Images]] = {
    mark.__name__: mark for mark in (corner, tint, border, texture, dot, gradient, caption, jpeg, background)
}


def plant(images: Images, labels: Labels, mark: str, side: Labels, strength: float, seed: int) -> Planted:
    """Plant a mark that agrees with a side of the classes.

    Args:
        images: uint8 [N, H, W, C].
        labels: [N]; -1 for probe images, which are marked whatever they show, as many as if classes were of one size.
        mark: one of ``MARKS``.
        side: the classes that are marked.
        strength: share of the images whose mark agrees with the side of their class.
        seed: of the draw.
    """
    draw = numpy_generator("plant", mark, seed).random(len(labels))
    part = len(side) / (labels.max() + 1)
    among_all = part * strength + (1 - part) * (1 - strength)
    share = np.where(labels < 0, among_all, np.where(np.isin(labels, side), strength, 1 - strength))
    marked = draw < share
    planted = images.copy()
    planted[marked] = MARKS[mark](images[marked])
    return Planted(planted, marked)
