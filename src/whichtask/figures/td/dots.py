"""Measures side by side, one line for each variant: points for tasks, a mean with its interval, and its value."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from whichtask.figures.style import NEUTRAL, colour_of

LINE_INCHES = 0.52
MOST_TICKS = 5
MARK: dict[str, Any] = {"fmt": "D", "markersize": 4, "capsize": 3, "elinewidth": 1.4, "zorder": 4}


class Measure(NamedTuple):
    """One column of a table of means, drawn in one panel."""

    column: str
    """Its interval, where there is one, is in ``COLUMN_low`` and ``COLUMN_high``."""
    label: str
    form: str = "{:.3f}"
    """How its values are written."""
    chance: str | None = None
    """Column of the chance level, where there is one."""
    zero: bool = False
    """Whether zero is on the axis, with a line."""
    span: float = 0.01
    """Least length of the axis, so that differences without meaning do not look large."""


AGREEMENT = Measure("agreement", "agreement score (AS)\n[share of held-out images]", chance="chance_agreement")
SIMILARITY = Measure("similarity", "similarity of found tasks\n[share of images]")
TRAIN = Measure("train_accuracy", "train accuracy", span=0.1)


def draw_dots(figure: Figure, names: Mapping[str, str], rows: pd.DataFrame, measures: Sequence[Measure]) -> list[Axes]:
    """Draw groups as lines and measures as panels.

    Args:
        figure: empty.
        names: groups from top to bottom, each with the text that stands for it.
        rows: "task" and "mean" rows as in ``searches.summarise_searches``.
        measures: panels from left to right.

    Returns:
        The panels.
    """
    grid = list(figure.subplots(1, len(measures), sharey=True, squeeze=False)[0])
    for axes, measure in zip(grid, measures, strict=True):
        for line, group in enumerate(names):
            of_group = rows[rows["group"] == group]
            points = of_group.loc[of_group["row"] == "task", measure.column].dropna()
            axes.scatter(
                points, np.full(len(points), line + 0.17), s=11, color=colour_of("discovered"), alpha=0.45, linewidths=0
            )
            _draw_mean(axes, measure, of_group[of_group["row"] == "mean"].iloc[0], line)
        axes.set_xlabel(measure.label)
        axes.grid(visible=False, axis="y")
        axes.grid(visible=True, axis="x")
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
        if measure.zero:
            axes.axvline(0, color=NEUTRAL, linewidth=1.0)
        _widen(axes, measure.span)
        axes.xaxis.set_major_locator(MaxNLocator(MOST_TICKS, steps=[1, 2, 5, 10]))
    keys = [_mean_key()]
    if (rows["row"] == "task").any():
        keys.append(_task_key())
    if any(measure.chance for measure in measures):
        keys.append(_chance_key())
    # Above the first panel and wider than it: an empty title keeps its place free.
    grid[0].set_title(" ")
    legend = grid[0].legend(handles=keys, loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=3)
    legend.set_in_layout(False)
    grid[0].set_yticks(range(len(names)), list(names.values()))
    grid[0].set_ylim(len(names) - 0.5, -0.6)
    return grid


def height(lines: int) -> float:
    """Return the inches that a figure of so many lines needs, with title, labels and note."""
    return 1.75 + LINE_INCHES * lines


def _mean_key() -> Line2D:
    """Return the legend entry of means."""
    return Line2D(
        [], [], color=colour_of("discovered"), marker="D", linewidth=1.4, markersize=4, label="mean, 95 % interval"
    )


def _task_key() -> Line2D:
    """Return the legend entry of tasks."""
    colour = colour_of("discovered")
    return Line2D([], [], color=colour, marker="o", linestyle="", markersize=3.5, alpha=0.5, label="one task")


def _chance_key() -> Line2D:
    """Return the legend entry of chance marks."""
    label = "chance, given the networks' own class rates"
    return Line2D([], [], color=NEUTRAL, marker="|", markersize=9, markeredgewidth=1.4, linestyle="", label=label)


def _draw_mean(axes: Axes, measure: Measure, mean: pd.Series, line: int) -> None:
    """Draw the mean of a group, its interval and its value; nothing where it is unknown."""
    value = mean[measure.column]
    if np.isnan(value):
        axes.text(0.5, line, "not defined", transform=axes.get_yaxis_transform(), ha="center", va="center", fontsize=7)
        return
    low, high = (mean.get(f"{measure.column}_{end}", np.nan) for end in ("low", "high"))
    text = measure.form.format(value)
    if not np.isnan(low):
        # Where all tasks score the same, rounding puts an end on the wrong side of the mean, which errorbar refuses.
        text += f" [{measure.form.format(low)}, {measure.form.format(high)}]"
    errors = None if np.isnan(low) else [[max(value - low, 0)], [max(high - value, 0)]]
    axes.errorbar([value], [line], xerr=errors, **MARK, color=colour_of("discovered"))
    axes.text(
        0.99,
        line - 0.16,
        text.replace("-", "−"),
        transform=axes.get_yaxis_transform(),
        ha="right",
        va="bottom",
        fontsize=7,
        zorder=5,
    ).set_path_effects([withStroke(linewidth=2.5, foreground="white")])
    if measure.chance:
        axes.plot([mean[measure.chance]], [line], "|", color=NEUTRAL, markersize=12, markeredgewidth=1.4)


def _widen(axes: Axes, span: float) -> None:
    """Give the x axis its least length, downwards, and some room."""
    low, high = axes.dataLim.intervalx
    low = min(low, high - span)
    room = 0.06 * (high - low)
    axes.set_xlim(low - room, high + room)
