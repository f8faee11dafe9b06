"""Small charts as SVG paths, which the page stretches: readable without a script, in both themes and at every width.

Coordinates run from 0 to ``SIDE`` on both axes; lines do not get thicker and dots stay round when a chart is stretched.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.ticker import MaxNLocator

SIDE = 1000
"""Length of both axes."""
TICKS = 5
"""Most steps between ticks."""
TRIM = 1e-9
"""How far beyond an end, in units of the axis, a tick still counts as within."""

Floats = Sequence[float]


class Axis(NamedTuple):
    """One axis: what it says, its ends, and its ticks as share of its length."""

    label: str
    low: float
    high: float

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Round numbers between the ends, each with its place (0 to 100 %)."""
        span = self.high - self.low
        values = MaxNLocator(TICKS, steps=[1, 2, 5, 10], min_n_ticks=1).tick_values(self.low, self.high)
        inside = [value for value in values if self.low - TRIM * span <= value <= self.high + TRIM * span]
        return [(100 * (value - self.low) / span, f"{value:.6g}") for value in inside]

    def place(self, value: float) -> float:
        """Return where a value lies, 0 to ``SIDE``."""
        return round(SIDE * (value - self.low) / (self.high - self.low), 1)


class Series(NamedTuple):
    """One thing that a chart shows."""

    label: str
    """In the legend; empty: not there."""
    style: str
    """Class of its colour and kind: ``line``, ``dots``, ``ranges``, ``bars`` or ``shade``, and a colour."""
    path: str


class Chart(NamedTuple):
    """Axes and what is drawn between them."""

    x: Axis
    y: Axis
    series: list[Series]

    def with_line(self, label: str, style: str, x: Floats, y: Floats) -> "Chart":
        """Add a line, with a gap where a value is not known."""
        path, open_line = [], False
        for at, value in zip(x, y, strict=True):
            if known := math.isfinite(value):
                path.append(f"{'L' if open_line else 'M'}{self.x.place(at):g} {SIDE - self.y.place(value):g}")
            open_line = known
        return self._with(label, f"line {style}", path)

    def with_dots(self, label: str, style: str, x: Floats, y: Floats) -> "Chart":
        """Add dots; they are lines of no length with round ends."""
        places = zip(x, y, strict=True)
        path = [f"M{self.x.place(at):g} {SIDE - self.y.place(value):g}h0" for at, value in places]
        return self._with(label, f"dots {style}", path)

    def with_ranges(self, style: str, x: Floats, low: Floats, high: Floats) -> "Chart":
        """Add intervals, upright; unknown ones are left out."""
        found = [each for each in zip(x, low, high, strict=True) if all(map(math.isfinite, each))]
        path = [
            f"M{self.x.place(at):g} {SIDE - self.y.place(one):g}V{SIDE - self.y.place(other):g}"
            for at, one, other in found
        ]
        return self._with("", f"ranges {style}", path)

    def with_bars(self, label: str, style: str, left: Floats, right: Floats, height: Floats) -> "Chart":
        """Add bars that stand on the lower end."""
        path = [
            f"M{self.x.place(one):g} {SIDE}V{SIDE - self.y.place(value):g}H{self.x.place(other):g}V{SIDE}z"
            for one, other, value in zip(left, right, height, strict=True)
            if value > 0
        ]
        return self._with(label, f"bars {style}", path)

    def _with(self, label: str, style: str, path: Sequence[str]) -> "Chart":
        return self._replace(series=[*self.series, Series(label, style, "".join(path))])


def chart(x: tuple[str, float, float], y: tuple[str, float, float]) -> Chart:
    """Return an empty chart; each axis is its label and its ends, which differ."""
    return Chart(Axis(*x), Axis(*y), [])
