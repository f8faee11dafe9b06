"""What the figures of the image experiments share: tables of several seeds, and rows of dots with their values."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from whichtask.figures.repeats import read_repeats
from whichtask.figures.style import NEUTRAL
from whichtask.figures.tables import RESAMPLES, only
from whichtask.stats import mean_interval

ABOUT = ("repeat", "data", "source", "outside", "train_images")
COLOURS = {"gbi": "#D55E00", "classifier": "#0072B2", "generative": "#009E73", "gradient": "#6E6E6E"}
"""Okabe and Ito's, by family of methods."""
MARK: dict[str, Any] = {"fmt": "D", "markersize": 4.5, "capsize": 3, "elinewidth": 1.4, "zorder": 4}
HALO = withStroke(linewidth=2.5, foreground="white")


def read_seeds(paths: Sequence[Path], columns: Sequence[str]) -> pd.DataFrame:
    """Read and join the tables of several seeds.

    Raises:
        WhichtaskError: a file is missing or lacks a column, or they are of different images.
    """
    table = read_repeats(paths, [*ABOUT, *columns])
    for column in ("data", "source", "outside", "train_images"):
        only(table, column)
    return table


def with_means(table: pd.DataFrame, by: Sequence[str], values: Sequence[str]) -> pd.DataFrame:
    """Return the rows of all seeds (``row`` = "seed"), then the mean of each group over seeds ("mean").

    A mean row holds ``NAME``, ``NAME_low`` and ``NAME_high`` for each name of ``values``, and ``n``, the number of
    seeds. The rows of one seed in a group are averaged first.
    """
    rows = []
    for keys, group in table.groupby(list(by), sort=False):
        row: dict[str, Any] = {"row": "mean", **dict(zip(by, keys, strict=True))}
        for name in values:
            known = group.dropna(subset=[name])
            if known.empty:
                continue
            found = mean_interval(known[name].to_list(), known["repeat"].to_list(), RESAMPLES)
            row |= {name: found.mean, f"{name}_low": found.low, f"{name}_high": found.high, "n": found.n}
        rows.append(row)
    seeds = table.assign(row="seed")
    leading = ["row", *by]
    joined = pd.concat([seeds, pd.DataFrame(rows)], ignore_index=True)
    for column in ABOUT[1:]:
        joined[column] = only(table, column)
    return joined[leading + [column for column in joined.columns if column not in leading]]


def dot_rows(
    axes: Axes,
    table: pd.DataFrame,
    value: str,
    names: Mapping[str, str],
    colours: Mapping[str, str],
    paper: Mapping[str, float] | None = None,
    form: str = "{:.3f}",
) -> None:
    """Draw methods as lines from top to bottom: seeds as points, the mean with its interval, and its value in words.

    Args:
        axes: empty.
        table: rows of ``with_means``, with the column ``method``.
        value: column to draw.
        names: methods in their order, each with the text that stands for it.
        colours: of each method.
        paper: the paper's value of each method that it has, drawn hollow.
        form: how values are written.
    """
    for line, method in enumerate(names):
        rows = table[table["method"] == method]
        points = rows.loc[rows["row"] == "seed", value]
        axes.scatter(points, np.full(len(points), line + 0.2), s=12, color=colours[method], alpha=0.5, linewidths=0)
        draw_mean(axes, rows[rows["row"] == "mean"].iloc[0], value, line, colours[method], form)
        if paper and method in paper:
            axes.plot(
                [paper[method]],
                [line],
                "o",
                markersize=7,
                markerfacecolor="none",
                color=NEUTRAL,
                zorder=5,
                clip_on=False,
            )
    axes.set_yticks(range(len(names)), list(names.values()))
    axes.set_ylim(len(names) - 0.4, -0.7)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def draw_mean(axes: Axes, mean: pd.Series, value: str, line: float, colour: str, form: str) -> None:
    """Draw a mean with its interval on a line, and both in words above it."""
    centre, low, high = (float(mean[name]) for name in (value, f"{value}_low", f"{value}_high"))
    text = form.format(centre)
    errors = None
    if not np.isnan(low):
        text += f" [{form.format(low)}, {form.format(high)}]"
        # Rounding may put an end on the wrong side of the mean, which errorbar refuses.
        errors = [[max(centre - low, 0)], [max(high - centre, 0)]]
    axes.errorbar([centre], [line], xerr=errors, **MARK, color=colour)
    axes.text(
        0.0, line - 0.17, f"  {text}", transform=axes.get_yaxis_transform(), va="bottom", fontsize=6.5, color=NEUTRAL
    ).set_path_effects([HALO])


def keys(axes: Axes, paper: bool, columns: int = 3) -> None:
    """Put the legend of dots above the axes."""
    handles = [
        Line2D([], [], color=NEUTRAL, marker="D", linewidth=1.4, markersize=4, label="mean, 95 % interval"),
        Line2D([], [], color=NEUTRAL, marker="o", linestyle="", markersize=3.5, alpha=0.5, label="one seed"),
    ]
    if paper:
        handles.append(
            Line2D([], [], color=NEUTRAL, marker="o", markerfacecolor="none", linestyle="", markersize=7, label="paper")
        )
    axes.set_title(" ")
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=columns).set_in_layout(False)


def seeds_note(table: pd.DataFrame) -> str:
    """Say what the units and the images are."""
    n = table["repeat"].nunique()
    return (
        f"Intervals: bootstrap 95 % over n = {n} seed{'' if n == 1 else 's'} (other weights, other division of the "
        f"images); {int(table['train_images'].iloc[0]):,} training images. Source of {only(table, 'data')}: "
        f"{only(table, 'source').rstrip('.')}."
    )
