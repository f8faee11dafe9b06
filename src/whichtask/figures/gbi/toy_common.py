"""What the figures of the toy sequences share: names and colours of arms, and means over repeats."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from whichtask.figures.inputs import Inputs, files
from whichtask.figures.repeats import read_repeats
from whichtask.figures.tables import RESAMPLES
from whichtask.stats import mean_interval

ARMS = {
    "lstm": ("LSTM (Z = 1/K)", "#0072B2"),
    "gbi_hard": ("GBI-LSTM, one-hot label", "#D55E00"),
    "gbi_soft": ("GBI-LSTM, label through softmax", "#E69F00"),
    "shuffled_block": ("control: random label a block", "#CC79A7"),
    "random_step": ("control: random label a step", "#8C6D31"),
    "constant": ("control: constant label", "#56B4E9"),
    "shuffled_data": ("LSTM on shuffled data", "#009E73"),
    "mean": ("mean of all means", "#BBBBBB"),
    "bayes": ("Bayes filter, constant hazard", "#444444"),
    "bayes_timed": ("exact Bayes filter", "#111111"),
    "oracle": ("oracle: context known", "#888888"),
}
"""Text and colour of each arm, in the order of figures."""
KNOWING = ("mean", "bayes", "bayes_timed", "oracle")
"""Observers who know the means; drawn dashed."""
REPEAT_NOTE = "Intervals: bootstrap 95 % over {n} repeats (other streams, weights and draws), which are the units."
MOST_TICKS = 4
KEY_INCHES = 0.18
"""Height of a line of a legend."""


def name_of(arm: str) -> str:
    """Return the text of an arm."""
    return ARMS[arm][0] if arm in ARMS else arm


def colour_of(arm: str) -> str:
    """Return the colour of an arm."""
    return ARMS[arm][1] if arm in ARMS else "#444444"


def in_order(arms: pd.Series) -> list[str]:
    """Return the distinct arms of a column in the order of figures."""
    present = set(arms.astype(str))
    return [arm for arm in ARMS if arm in present] + sorted(present - set(ARMS))


def read_all(inputs: Inputs, name: str, columns: Sequence[str]) -> pd.DataFrame:
    """Read and join the tables of one input, one file a repeat.

    Raises:
        WhichtaskError: no file, or a table that does not fit.
    """
    return read_repeats(files(inputs, name), columns)


def estimates(table: pd.DataFrame, by: Sequence[str], values: Iterable[str]) -> pd.DataFrame:
    """Average columns over repeats, in long format.

    Args:
        table: has ``repeat``; several rows of one repeat in a group are averaged first.
        by: columns that a group shares.
        values: columns to average.

    Returns:
        ``by``, ``measure``, ``row`` ("seed" for a repeat, "mean" for their mean), ``repeat``, ``value``, ``low``,
        ``high`` (NaN with one repeat) and ``n``, the number of repeats.
    """
    measures = list(values)
    rows: list[dict[str, Any]] = []
    for keys, group in table.groupby(list(by), sort=False):
        of_group = dict(zip(by, keys, strict=True))
        for measure in measures:
            seeds = group.groupby("repeat")[measure].mean().dropna()
            if seeds.empty:
                continue
            key = of_group | {"measure": measure}
            found = mean_interval(seeds.to_list(), resamples=RESAMPLES)
            rows += [
                {**key, "row": "seed", "repeat": repeat, "value": value, "n": 1} for repeat, value in seeds.items()
            ]
            ends = {"low": found.low, "high": found.high}
            rows.append({**key, "row": "mean", "value": found.mean, **ends, "n": found.n})
    columns = [*by, "measure", "row", "repeat", "value", "low", "high", "n"]
    return pd.DataFrame(rows).reindex(columns=columns)


def repeats_of(table: pd.DataFrame) -> int:
    """Return the number of repeats behind a table of ``estimates``."""
    return int(table.loc[table["row"] == "mean", "n"].max())


def draw_line(axes: Axes, rows: pd.DataFrame, x: str, arm: str, **style: Any) -> None:
    """Draw the means of one arm against a column, with their intervals as a band."""
    means = rows[rows["row"] == "mean"].sort_values(x)
    options: dict[str, Any] = {"color": colour_of(arm), "linewidth": 1.4, "label": name_of(arm)} | style
    if arm in KNOWING:
        options = options | {"linestyle": "--", "linewidth": 1.1}
    axes.plot(means[x], means["value"], **options)
    if means["low"].notna().any() and arm not in KNOWING:
        axes.fill_between(means[x], means["low"], means["high"], color=options["color"], alpha=0.15, linewidth=0)


def draw_dots(axes: Axes, rows: pd.DataFrame, line: float, *, colour: str, form: str = "{:.3f}", **style: Any) -> None:
    """Draw one group on a horizontal line: its repeats as points, its mean with interval, and the numbers beside.

    Args:
        axes: to draw on.
        rows: of ``estimates``, one group and measure.
        line: y.
        colour: of the group.
        form: how numbers are written.
        style: changes of the mean's mark.
    """
    seeds, mean = rows[rows["row"] == "seed"], rows[rows["row"] == "mean"].iloc[0]
    axes.scatter(seeds["value"], np.full(len(seeds), line), s=9, color=colour, alpha=0.4, linewidths=0)
    ends = None
    text = form.format(mean["value"] + 0.0)
    if not np.isnan(mean["low"]):
        # Where all repeats are equal, rounding puts an end on the wrong side of the mean, which errorbar refuses.
        ends = [[max(mean["value"] - mean["low"], 0)], [max(mean["high"] - mean["value"], 0)]]
        text += f" [{form.format(mean['low'])}, {form.format(mean['high'])}]"
    mark: dict[str, Any] = {"fmt": "D", "markersize": 3.5, "capsize": 2.5, "elinewidth": 1.3, "zorder": 4} | style
    axes.errorbar([mean["value"]], [line], xerr=ends, color=colour, **mark)
    axes.annotate(
        _tidy(text),
        (1.0, line),
        xycoords=axes.get_yaxis_transform(),
        xytext=(3, 0),
        textcoords="offset points",
        va="center",
        fontsize=6.5,
        annotation_clip=False,
    )


def _tidy(text: str) -> str:
    """Write minus signs, and none before a number that is rounded to zero."""
    return re.sub(r"-(?=0\.?0*(?![\d.]))", "", text).replace("-", "−")


def grid_below_key(
    figure: Figure,
    keys: Sequence[Artist],
    ncols: int,
    heights: Sequence[float],
    columns: int,
    widths: Sequence[float] | None = None,
) -> GridSpec:
    """Put a legend below the title of a figure, and return a grid below the legend, whose first row is the legend's.

    Args:
        figure: empty.
        keys: entries of the legend.
        ncols: columns of the legend.
        heights: relative heights of the rows of panels.
        columns: columns of panels.
        widths: their relative widths.
    """
    share = KEY_INCHES * (1 + -(-len(keys) // ncols)) / figure.get_figheight()
    grid = figure.add_gridspec(
        len(heights) + 1, columns, height_ratios=[share * sum(heights), *heights], width_ratios=widths
    )
    axes = figure.add_subplot(grid[0, :])
    axes.set_axis_off()
    legend = axes.legend(handles=list(keys), loc="upper left", ncols=ncols, columnspacing=1.4, borderaxespad=0)
    legend.set_in_layout(False)
    return grid


def arm_keys(arms: Sequence[str]) -> list[Line2D]:
    """Return the legend entries of arms."""
    return [
        Line2D(
            [], [], color=colour_of(arm), linewidth=1.4, linestyle="--" if arm in KNOWING else "-", label=name_of(arm)
        )
        for arm in arms
    ]


def horizontal(axes: Axes, names: Sequence[str]) -> None:
    """Turn axes into lines with names, from top to bottom."""
    axes.set_yticks(range(len(names)), list(names))
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(MOST_TICKS, steps=[1, 2, 2.5, 5, 10]))
