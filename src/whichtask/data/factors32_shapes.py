"""The six shapes of factors32 as signed distance functions in the unit square.

Each takes coordinates x (right) and y (up), about -1 to 1, and returns the distance to its edge in the same units,
negative inside. None has a rotation symmetry below 180 degrees, so that four orientations 45 degrees apart always look
different; a circle or a square would not do.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def _disc(x: Floats, y: Floats, radius: float) -> Floats:
    return np.hypot(x, y) - radius


def _box(x: Floats, y: Floats, half_width: float, half_height: float) -> Floats:
    return np.maximum(np.abs(x) - half_width, np.abs(y) - half_height)


def _ellipse(x: Floats, y: Floats) -> Floats:
    return 0.5 * _disc(x, 2 * y, 1)  # exact at the short axis, good enough at the others for anti-aliasing


def _triangle(x: Floats, y: Floats) -> Floats:
    return np.maximum(0.94 * np.abs(x) + 0.342 * y - 0.42, -y - 0.75)


def _heart(x: Floats, y: Floats) -> Floats:
    # A square on its corner with side 1, and discs on the middles of its upper sides.
    square = 0.707 * (np.abs(x) + np.abs(y + 0.054)) - 0.5
    return np.minimum(_disc(np.abs(x) - 0.354, y - 0.3, 0.5), square)


def _arrow(x: Floats, y: Floats) -> Floats:
    head = np.maximum(0.707 * (np.abs(x) + y - 0.95), 0.15 - y)
    return np.minimum(_box(x, y + 0.35, 0.2, 0.65), head)


def _letter_l(x: Floats, y: Floats) -> Floats:
    return np.minimum(_box(x + 0.45, y, 0.27, 0.9), _box(x - 0.15, y + 0.63, 0.6, 0.27))


def _crescent(x: Floats, y: Floats) -> Floats:
    return np.maximum(_disc(x, y, 0.9), -_disc(x - 0.5, y, 0.72))


SHAPES: Mapping[str, Callable[[Floats, Floats], Floats]] = MappingProxyType(
    {
        "ellipse": _ellipse,
        "triangle": _triangle,
        "heart": _heart,
        "arrow": _arrow,
        "L": _letter_l,
        "crescent": _crescent,
    }
)


def signed_distance(shape: npt.NDArray[np.int8], x: Floats, y: Floats) -> Floats:
    """Evaluate each image's own shape.

    Args:
        shape: indices into ``SHAPES``, [n].
        x: coordinates [n, ...].
        y: coordinates [n, ...].

    Returns:
        Signed distances [n, ...], negative inside.
    """
    distance = np.empty_like(x)
    for index, function in enumerate(SHAPES.values()):
        own = shape == index
        distance[own] = function(x[own], y[own])
    return distance
