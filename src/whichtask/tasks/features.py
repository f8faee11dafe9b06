"""Simple features of images, in four named groups: what a person would try first to explain a task with.

Image values are 0 (black) to 1 (white). Places are shares of the image: 0 is the left or upper edge, 1 the right or
lower one. The brightness of a pixel is the mean of its channels.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Images = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

CHUNK = 1_000  # images at a time: 12 MB for each array of 32x32 RGB images
STRONG_EDGE = 0.1  # change of brightness between neighbouring pixels
_LEAST = 1e-6  # weight of a pixel that does not differ from the border, so that an empty image has a centre too

GROUPS: Mapping[str, tuple[str, ...]] = {
    "colour": ("brightness", "red", "green", "blue", "hue_cos", "hue_sin", "saturation"),
    "contrast": ("deviation", "range"),
    "edges": ("edge_x", "edge_y", "strong_edges"),
    "position": ("centre_x", "centre_y", "spread"),
}
"""The features of each group:

* ``brightness, red, green, blue``: mean over the pixels. ``hue_cos, hue_sin``: mean over the pixels of the cosine and
  sine of the hue angle (0 red, 120 degrees green), times the saturation. ``saturation``: mean of (max - min) / max of
  the channels. A grey image has ``brightness`` only.
* ``deviation``: standard deviation of brightness. ``range``: from its 5th to its 95th percentile.
* ``edge_x, edge_y``: mean absolute change of brightness to the next pixel on the right and below. ``strong_edges``:
  share of pixels whose change, both directions together, is above 0.1.
* ``centre_x, centre_y``: centre of mass of the difference of brightness from the mean brightness of the border.
  ``spread``: root mean square distance from that centre.
"""


class Features(NamedTuple):
    """F features of N images."""

    values: Floats
    """[N, F]."""
    names: tuple[str, ...]
    """F names, see ``GROUPS``."""

    def group(self, name: str) -> Floats:
        """Return the features of one group, [N, f]."""
        return self.values[:, [column for column, own in enumerate(self.names) if own in GROUPS[name]]]


def simple_features(images: Images) -> Features:
    """Measure all features that the images have.

    Args:
        images: uint8 [N, H, W, C], C 1 (grey) or 3 (RGB), at least one image.
    """
    parts = [_measure(images[start : start + CHUNK]) for start in range(0, len(images), CHUNK)]
    names = tuple(parts[0])
    return Features(np.concatenate([np.stack([part[name] for name in names], axis=1) for part in parts]), names)


def _measure(images: Images) -> dict[str, Floats]:
    """Return each feature [n] of a few images by name, in the order of ``GROUPS``."""
    values = images.astype(np.float32) / np.float32(255)
    brightness: Floats = values.mean(axis=3)
    flat = brightness.reshape(len(images), -1)
    low, high = np.percentile(flat, [5, 95], axis=1).astype(np.float32)
    right = np.abs(np.diff(brightness, axis=2, append=brightness[:, :, -1:]))
    below = np.abs(np.diff(brightness, axis=1, append=brightness[:, -1:]))
    measured = {"brightness": flat.mean(axis=1)}
    if images.shape[3] == 3:
        measured |= _colour(values)
    return {
        **measured,
        "deviation": flat.std(axis=1),
        "range": high - low,
        "edge_x": right.mean(axis=(1, 2)),
        "edge_y": below.mean(axis=(1, 2)),
        "strong_edges": (np.hypot(right, below) > STRONG_EDGE).mean(axis=(1, 2), dtype=np.float32),
        **_position(brightness),
    }


def _colour(values: Floats) -> dict[str, Floats]:
    red, green, blue = np.moveaxis(values, 3, 0)
    most, least = values.max(axis=3), values.min(axis=3)
    saturation = (most - least) / np.where(most > 0, most, 1)
    # Hue as the angle of a colour in the plane across the grey axis; grey pixels have none and count as 0.
    across, along = np.float32(np.sqrt(3) / 2) * (green - blue), red - (green + blue) / 2
    length = np.hypot(along, across)
    weight = saturation / np.where(length > 0, length, 1)
    means = {"red": red, "green": green, "blue": blue, "hue_cos": weight * along, "hue_sin": weight * across}
    return {name: part.mean(axis=(1, 2)) for name, part in (means | {"saturation": saturation}).items()}


def _position(brightness: Floats) -> dict[str, Floats]:
    height, width = brightness.shape[1:]
    edge = np.ones((height, width), bool)
    edge[1:-1, 1:-1] = False
    border = brightness[:, edge].mean(axis=1)
    weight = np.abs(brightness - border[:, None, None]) + np.float32(_LEAST)
    weight /= weight.sum(axis=(1, 2), keepdims=True)
    y = (np.arange(height, dtype=np.float32) + np.float32(0.5)) / height
    x = (np.arange(width, dtype=np.float32) + np.float32(0.5)) / width
    # Sums, not products of matrices, whose last bits depend on how many images are measured together.
    centre_x, centre_y = (weight.sum(axis=1) * x).sum(axis=1), (weight.sum(axis=2) * y).sum(axis=1)
    square = (x - centre_x[:, None])[:, None, :] ** 2 + (y - centre_y[:, None])[:, :, None] ** 2
    return {"centre_x": centre_x, "centre_y": centre_y, "spread": np.sqrt((weight * square).sum(axis=(1, 2)))}
