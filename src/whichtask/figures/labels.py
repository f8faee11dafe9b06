"""Labels beside points, each where it covers least."""

from collections.abc import Sequence
from typing import cast

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox

SIZE = 7.5
# Corners: bars of an interval in x and y leave them free.
DIRECTIONS = ((1, 1), (1, -1), (-1, 1), (-1, -1))
OFFSETS = [(right * far, up * far * 0.8) for far in (5.0, 12.0, 20.0, 28.0) for right, up in DIRECTIONS]  # points
SAMPLES = 60  # of each line, to see what a label would cover

Segment = tuple[tuple[float, float], tuple[float, float]]
"""The two ends of a line, (x, y) in data."""


def place_labels(axes: Axes, x: pd.Series, y: pd.Series, texts: Sequence[str], lines: Sequence[Segment] = ()) -> None:
    """Write a text beside each point, one after another, where it overlaps labels, points, lines and the frame least.

    Call it when the limits of the axes and the texts around them are final, because it lays the figure out. Points
    with an unknown coordinate get no label.
    """
    figure = cast(Figure, axes.figure)
    figure.draw_without_rendering()
    centres = axes.transData.transform(np.column_stack([x, y]).astype(float))
    radius = 4 * figure.dpi / 72
    taken = [Bbox.from_bounds(a - radius, b - radius, 2 * radius, 2 * radius) for a, b in centres if np.isfinite(a + b)]
    ends = np.asarray(lines, dtype=float).reshape(-1, 2, 2)
    ends = ends[np.isfinite(ends).all(axis=(1, 2))]
    along = np.linspace(0, 1, SAMPLES)[:, None, None]
    covered = axes.transData.transform((ends[:, 0] + along * (ends[:, 1] - ends[:, 0])).reshape(-1, 2))

    def cost(label: Annotation, offset: tuple[float, float]) -> float:
        box = _move(label, offset)
        outside = box.width * box.height - _shared(box, axes.bbox)
        on_lines = int(((covered > box.min) & (covered < box.max)).all(axis=1).sum())
        return sum(_shared(box, other) for other in taken) + outside + 20 * on_lines + abs(offset[0])

    for point, text in zip(zip(x, y, strict=True), texts, strict=True):
        if np.isfinite(point).all():
            label = axes.annotate(text, point, xytext=(0, 0), textcoords="offset points", fontsize=SIZE)
            best = min(OFFSETS, key=lambda offset: cost(label, offset))
            taken.append(_move(label, best))


def _move(label: Annotation, offset: tuple[float, float]) -> Bbox:
    """Put a label at an offset from its point, and return the box that it then covers."""
    label.xyann = offset
    label.set(ha="left" if offset[0] > 0 else "right", va="bottom" if offset[1] > 0 else "top")
    return label.get_window_extent()


def _shared(first: Bbox, second: Bbox) -> float:
    """Return the area that two boxes share, in square pixels."""
    both = Bbox.intersection(first, second)
    return 0.0 if both is None else float(both.width * both.height)
