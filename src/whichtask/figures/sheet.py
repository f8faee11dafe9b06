"""A sheet in inches on which diagrams are drawn: texts, boxes, arrows and small pictures, each listed by name."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import pandas as pd
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Patch, Polygon, Rectangle
from matplotlib.text import Text

from whichtask.config import FigureSettings
from whichtask.figures.inputs import Inputs
from whichtask.figures.palette import NEUTRAL, SIDE_COLOURS

Point = tuple[float, float]
Shape = Literal["circle", "ellipse", "square", "triangle", "diamond", "ring"]
INK = "#222222"
PAPER, NIGHT = "#F4F1E6", "#3F4A5C"
"""Backgrounds of light and dark pictures."""
_CORNERS: dict[str, Sequence[Point]] = {
    "square": [(-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8)],
    "triangle": [(-0.95, -0.75), (0.95, -0.75), (0, 0.9)],
    "diamond": [(0, -1.05), (0.8, 0), (0, 1.05), (-0.8, 0)],
}


def tint(colour: str, strength: float = 0.15) -> str:
    """Return a colour mixed with white, ``strength`` of it being the colour."""
    red, green, blue = (1 - strength * (1 - part) for part in to_rgb(colour))
    return to_hex((red, green, blue))


class Sheet:
    """One diagram: inches from the lower left corner, a title, and a list of what was drawn.

    Args:
        width: inches.
        height: inches.
        title: written into the upper left corner.
    """

    def __init__(self, width: float, height: float, title: str) -> None:
        self.figure = Figure(figsize=(width, height))
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set_axis_off()
        self.axes.set_xlim(0, width)
        self.axes.set_ylim(0, height)
        self.texts: list[Text] = []
        self.boxes: list[tuple[FancyBboxPatch, Text]] = []
        self._rows: list[dict[str, Any]] = []
        self.text("title", (0.12, height - 0.22), title, size=11, ha="left", weight="bold")

    def table(self) -> pd.DataFrame:
        """Return the drawn elements: ``name``, ``text``, and place ``x_inches`` and ``y_inches``."""
        return pd.DataFrame(self._rows)

    def _list(self, name: str, place: Point, text: str = "") -> None:
        self._rows.append({"name": name, "text": text, "x_inches": place[0], "y_inches": place[1]})

    def text(self, name: str, place: Point, text: str, size: float = 8.5, **style: Any) -> Text:
        """Write a text, centred on its place unless ``ha`` or ``va`` say otherwise."""
        look: dict[str, Any] = {"ha": "center", "va": "center", "color": INK, "linespacing": 1.25, "zorder": 6} | style
        written = self.axes.text(*place, text, fontsize=size, **look)
        self.texts.append(written)
        self._list(name, place, text)
        return written

    def box(
        self, name: str, place: Point, size: Point, text: str, colour: str = NEUTRAL, *, strong: bool = False
    ) -> None:
        """Draw a rounded box around its centre ``place`` with a text in it; ``strong`` ones have a thick frame."""
        x, y = place[0] - size[0] / 2, place[1] - size[1] / 2
        patch = FancyBboxPatch((x, y), *size, boxstyle="round,pad=0,rounding_size=0.08")
        patch.set(facecolor=tint(colour, 0.13), edgecolor=colour, linewidth=2.2 if strong else 1.2, zorder=2)
        self.axes.add_patch(patch)
        self.boxes.append((patch, self.text(name, place, text)))

    def panel(self, name: str, lower_left: Point, size: Point, title: str) -> None:
        """Draw a light background with a title in its upper left corner."""
        patch = FancyBboxPatch(lower_left, *size, boxstyle="round,pad=0,rounding_size=0.1")
        patch.set(facecolor="#F7F7F7", edgecolor="#DDDDDD", linewidth=1.0, zorder=0)
        self.axes.add_patch(patch)
        place = (lower_left[0] + 0.15, lower_left[1] + size[1] - 0.2)
        self.text(name, place, title, size=9.5, ha="left", weight="bold")

    def arrow(
        self, name: str, start: Point, end: Point, colour: str = NEUTRAL, bend: float = 0.0, **style: Any
    ) -> None:
        """Draw an arrow; ``bend`` is how far it bulges, as a share of its length."""
        patch = FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=11, shrinkA=0, shrinkB=0)
        patch.set(color=colour, linewidth=1.5, zorder=3, **style)
        patch.set_connectionstyle("arc3", rad=bend)
        self.axes.add_patch(patch)
        self._list(name, end)

    def path(self, name: str, points: Sequence[Point], colour: str = NEUTRAL, **style: Any) -> None:
        """Draw an arrow along straight lines through several points."""
        self.axes.plot(*zip(*points[:-1], strict=True), color=colour, linewidth=1.5, zorder=3, **style)
        self.arrow(name, points[-2], points[-1], colour)

    def picture(
        self, name: str, place: Point, shape: Shape, *, dark: bool, side: int | None, size: float = 0.4
    ) -> None:
        """Draw a small image: a shape on a light or dark ground, framed by the side of a task (None: no frame)."""
        x, y = place[0] - size / 2, place[1] - size / 2
        ground = Rectangle((x, y), size, size, facecolor=NIGHT if dark else PAPER, zorder=3)
        frame = "#BBBBBB" if side is None else SIDE_COLOURS[side]
        ground.set(edgecolor=frame, linewidth=1.0 if side is None else 2.6, joinstyle="miter")
        self.axes.add_patch(ground)
        self.axes.add_patch(_glyph(shape, place, size * 0.28, PAPER if dark else NIGHT))
        self._list(name, place, f"{shape}, {'dark' if dark else 'light'}, side {'none' if side is None else side}")


def figure_of(
    make: Callable[[], Sheet],
) -> tuple[Callable[[Inputs], pd.DataFrame], Callable[[pd.DataFrame, FigureSettings], Figure]]:
    """Return the two functions of a figure that is a diagram: its elements, and the sheet drawn anew."""

    def numbers(_: Inputs) -> pd.DataFrame:
        return make().table()

    def draw(table: pd.DataFrame, _: FigureSettings) -> Figure:
        sheet = make()
        if missing := set(sheet.table()["name"]) - set(table["name"]):
            raise KeyError(min(missing))
        return sheet.figure

    return numbers, draw


def _glyph(shape: Shape, place: Point, radius: float, colour: str) -> Patch:
    if shape == "circle":
        patch: Patch = Circle(place, radius)
    elif shape == "ellipse":
        patch = FancyBboxPatch(
            (place[0] - radius, place[1] - 0.55 * radius),
            2 * radius,
            1.1 * radius,
            boxstyle=f"round,pad=0,rounding_size={0.55 * radius}",
        )
    elif shape == "ring":
        patch = Circle((place[0], place[1]), radius, fill=False)
        patch.set(edgecolor=colour, linewidth=3.0, zorder=4)
        return patch
    else:
        patch = Polygon([(place[0] + radius * a, place[1] + radius * b) for a, b in _CORNERS[shape]], closed=True)
    patch.set(facecolor=colour, edgecolor="none", zorder=4)
    return patch
