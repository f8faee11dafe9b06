"""The marks that all figures are made of: a mean with its interval and value, points of units, bands, rows, legends.

A function takes numbers and draws them; which rows of which table they are is the figure's business.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from whichtask.figures.palette import NEUTRAL, colour_of
from whichtask.stats import Estimate

MARK: dict[str, Any] = {"fmt": "D", "markersize": 4, "capsize": 3, "elinewidth": 1.4, "zorder": 4}
"""A mean with the bars of its interval."""
POINTS: dict[str, Any] = {"s": 11, "alpha": 0.5, "linewidths": 0}
"""The units behind it."""
HALO = withStroke(linewidth=2.5, foreground="white")
MOST_TICKS = 5
Values = Sequence[float] | npt.NDArray[np.float64] | pd.Series


def estimate_in(row: pd.Series, value: str = "value") -> Estimate:
    """Return the mean in a row and the ends of its interval: ``VALUE_low`` and ``VALUE_high``, or ``low``, ``high``."""
    low, high = (row.get(f"{value}_{end}", row.get(end, np.nan)) for end in ("low", "high"))
    return Estimate(float(row[value]), float(low), float(high), 0)


def bars(mean: Values | float, low: Values | float, high: Values | float) -> npt.NDArray[np.float64]:
    """Return [2, n] distances from means to the ends of their intervals, as ``errorbar`` takes them; NaN draws nothing.

    Where all units are equal, rounding puts an end on the wrong side of the mean, which errorbar refuses.
    """
    centre = np.atleast_1d(np.asarray(mean, dtype=np.float64))
    return np.maximum(np.stack([centre - np.atleast_1d(low), np.atleast_1d(high) - centre]).astype(np.float64), 0)


def tidy(text: str) -> str:
    """Write minus signs as such, and no sign before a number that is rounded to zero."""
    return re.sub(r"(?<!e)[-+](?=0\.?0*(?![\d.]))", "", text).replace("-", "−")


def value_text(estimate: Estimate, form: str = "{:.3f}", between: str = " ") -> str:
    """Write a mean and, where it is known, its interval in brackets."""
    text = form.format(estimate.mean)
    if not np.isnan(estimate.low):
        text += f"{between}[{form.format(estimate.low)}, {form.format(estimate.high)}]"
    return tidy(text)


def dot_row(
    axes: Axes,
    line: float,
    points: Values,
    estimate: Estimate,
    colour: str,
    form: str = "{:.3f}",
    *,
    chance: float | None = None,
    paper: float | None = None,
    outside: bool = False,
    below: float = 0.0,
    **mark: Any,
) -> None:
    """Draw one group on a horizontal line: its units as points, its mean with interval, both in words.

    Args:
        axes: to draw on.
        line: y.
        points: values of the units.
        estimate: the mean; "not defined" is written where it is NaN.
        colour: of the group.
        form: how values are written.
        chance: drawn as a bar.
        paper: the paper's value, drawn hollow.
        outside: write the value right of the axes, not above the line.
        below: how far below the line the points are, where no other group is in the way.
        mark: changes of the mean's mark.
    """
    place = axes.get_yaxis_transform()
    known = np.asarray(points, dtype=np.float64)
    axes.scatter(known, np.full(len(known), line + below), color=colour, **POINTS)
    if np.isnan(estimate.mean):
        axes.text(0.5, line, "not defined", transform=place, ha="center", va="center", fontsize=7, color=NEUTRAL)
    else:
        errors = bars(estimate.mean, estimate.low, estimate.high)
        axes.errorbar([estimate.mean], [line], xerr=errors, color=colour, **MARK | mark)
        text: dict[str, Any] = {"fontsize": 7, "color": NEUTRAL, "zorder": 5, "annotation_clip": False}
        where = (1.0, line) if outside else (1.0, line - 0.14)
        offset = (3, 0) if outside else (-2, 0)
        align: dict[str, Any] = {"ha": "left", "va": "center"} if outside else {"ha": "right", "va": "bottom"}
        axes.annotate(
            value_text(estimate, form),
            where,
            xycoords=place,
            xytext=offset,
            textcoords="offset points",
            **align,
            **text,
        ).set_path_effects([HALO])
    if chance is not None and not np.isnan(chance):
        axes.plot([chance], [line], "|", color=NEUTRAL, markersize=12, markeredgewidth=1.4)
    if paper is not None and not np.isnan(paper):
        hollow: dict[str, Any] = {"markersize": 7, "markerfacecolor": "none", "color": NEUTRAL, "zorder": 5}
        axes.plot([paper], [line], "o", clip_on=False, **hollow)


def name_rows(axes: Axes, names: Sequence[str]) -> None:
    """Turn axes into named lines, from top to bottom."""
    axes.set_yticks(range(len(names)), list(names))
    axes.set_ylim(len(names) - 0.5, -0.65)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(MOST_TICKS, steps=[1, 2, 2.5, 5, 10]))


def dot_rows(
    axes: Axes,
    table: pd.DataFrame,
    group: str,
    value: str,
    names: Mapping[str, str],
    colours: Mapping[str, str],
    paper: str | None = None,
    form: str = "{:.3f}",
    chance: str | None = None,
    **row: Any,
) -> None:
    """Draw all groups of a table as named lines.

    Args:
        axes: empty.
        table: rows with ``row`` = "mean" for a group's mean and anything else for its units.
        group: column that names the group.
        value: column to draw; for its interval see ``estimate_in``.
        names: groups from top to bottom, each with the text that stands for it.
        colours: of each group.
        paper: column of the paper's value, in the rows of means.
        form: how values are written.
        chance: column of the chance level, in the rows of means.
        row: see ``dot_row``.
    """
    for line, name in enumerate(names):
        rows = table[table[group] == name]
        means, units = rows[rows["row"] == "mean"], rows.loc[rows["row"] != "mean", value].dropna()
        known = not means.empty
        estimate = estimate_in(means.iloc[0], value) if known else Estimate(np.nan, np.nan, np.nan, 0)
        beside: dict[str, Any] = {
            key: float(means.iloc[0][column]) if column and known else None
            for key, column in (("chance", chance), ("paper", paper))
        }
        dot_row(axes, line, units, estimate, colours[name], form, below=0.18, **beside, **row)
    name_rows(axes, list(names.values()))


def band(
    axes: Axes,
    x: Values,
    mean: Values,
    low: Values,
    high: Values,
    colour: str,
    label: str | None = None,
    **style: Any,
) -> None:
    """Draw means against x as a line, and their intervals as a band."""
    axes.plot(x, mean, color=colour, label=label, **{"linewidth": 1.4} | style)
    axes.fill_between(np.asarray(x, dtype=float), low, high, color=colour, alpha=0.16, linewidth=0)


def mean_key(colour: str = NEUTRAL, *, interval: bool = True) -> Line2D:
    """Return the legend entry of means, with or without intervals."""
    label, width = ("mean, 95 % interval", 1.4) if interval else ("mean", 0.0)
    return Line2D([], [], color=colour, marker="D", linewidth=width, markersize=4, label=label)


def unit_key(label: str, colour: str = NEUTRAL) -> Line2D:
    """Return the legend entry of units, such as "one seed"."""
    return Line2D([], [], color=colour, marker="o", linestyle="", markersize=3.5, alpha=0.5, label=label)


def paper_key() -> Line2D:
    """Return the legend entry of the paper's values."""
    return Line2D([], [], color=NEUTRAL, marker="o", markerfacecolor="none", linestyle="", markersize=7, label="paper")


def chance_key(*, upright: bool = False) -> Line2D:
    """Return the legend entry of chance: of dashed lines, or of the upright bars of rows."""
    label = "chance, given the networks' own class rates"
    if upright:
        bar: dict[str, Any] = {"marker": "|", "markersize": 9, "markeredgewidth": 1.4, "linestyle": ""}
        return Line2D([], [], color=NEUTRAL, label=label, **bar)
    return Line2D([], [], color=NEUTRAL, linestyle="--", linewidth=1.0, label=label)


def kind_key(kind: str, text: str) -> Line2D:
    """Return the legend entry of a kind of task."""
    return Line2D([], [], color=colour_of(kind), marker="D", linestyle="", markersize=5, label=f"{kind}: {text}")


def line_key(label: str, colour: str, **style: Any) -> Line2D:
    """Return the legend entry of a line."""
    return Line2D([], [], color=colour, label=label, **{"linewidth": 1.4} | style)


def legend_above(axes: Axes, keys: Sequence[Artist], columns: int = 3) -> None:
    """Put a legend above axes, where it hides nothing; it may be wider than they are."""
    if not axes.get_title():
        # Keeps its place free: five lines of a title are as high as four of a legend.
        axes.set_title("\n".join(" " * round(1.25 * math.ceil(len(keys) / columns))))
    place: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (-0.02, 1.0), "columnspacing": 1.4}
    axes.legend(handles=list(keys), ncols=columns, **place).set_in_layout(False)


def legend_below_title(figure: Figure, keys: Sequence[Artist], columns: int) -> None:
    """Put a legend of several lines between the title of a figure and its panels, which make place for it."""
    # The legend's own title is blank and lies where the figure's is: constrained layout makes place for the higher one.
    blank: dict[str, Any] = {"title": " ", "title_fontsize": 13}
    figure.legend(handles=list(keys), loc="outside upper left", ncols=columns, columnspacing=1.4, **blank)


def panel_rows(figure: Figure, columns: Sequence[int], heights: Sequence[float]) -> list[list[Axes]]:
    """Return rows of panels, each row with its own number of columns and its own room for labels."""
    cells = figure.add_gridspec(len(columns), 1, height_ratios=heights)
    return [list(cells[row].subgridspec(1, n).subplots(squeeze=False)[0]) for row, n in enumerate(columns)]


def heat_map(
    axes: Axes, shares: npt.NDArray[np.float64], label: str, least: float = 0.5, **bar: Any
) -> Callable[[float], str]:
    """Draw shares (``least`` to 1) as a matrix; unknown cells stay grey.

    Args:
        axes: empty.
        shares: [rows, columns].
        label: of the colour bar; none without it.
        least: the darkest value.
        bar: changes of the colour bar.

    Returns:
        The colour of text on a cell by its value.
    """
    axes.grid(visible=False)
    axes.set_facecolor("#EEEEEE")
    axes.tick_params(length=0)
    picture = axes.imshow(shares, vmin=least, vmax=1.0, cmap="cividis", aspect="auto")
    if label:
        cast(Figure, axes.figure).colorbar(picture, ax=axes, label=label, **{"shrink": 0.9} | bar)
    return lambda value: "white" if value < least + 0.45 * (1 - least) else "black"


def points(axes: Axes, x: Values, y: Values, colour: str, marker: str = "o", *, hollow: bool = False) -> None:
    """Draw things that are compared in two measures as points."""
    axes.scatter(x, y, s=26, marker=marker, c="none" if hollow else colour, edgecolors=colour, alpha=0.75, zorder=3)


def strip(
    axes: Axes, centre: float, width: float, points: Values, estimate: Estimate, colour: str, **style: Any
) -> float:
    """Draw one group at a place on x: its units as points, and right of them its mean with interval.

    Args:
        axes: to draw on.
        centre: x of the group.
        width: room that it has on x.
        points: values of the units.
        estimate: the mean.
        colour: of the group.
        style: changes of the mean's mark; ``fmt`` is the marker of the points too.

    Returns:
        x of the mean.
    """
    # Spread in the order of the units: no point hides another and nothing is random.
    spread = np.linspace(-0.4, -0.04, len(points)) if len(points) > 1 else np.full(len(points), -0.22)
    axes.scatter(centre + width * spread, points, color=colour, marker=style.get("fmt", "o"), **POINTS)
    errors = bars(estimate.mean, estimate.low, estimate.high)
    beside = centre + 0.16 * width
    axes.errorbar([beside], [estimate.mean], yerr=errors, color=colour, **MARK | style)
    return beside
