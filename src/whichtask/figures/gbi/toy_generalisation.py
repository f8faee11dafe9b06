"""Toy sequences: means that no network was trained on, before Z moves, without moving it, and after iterating it."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from whichtask.config import FigureSettings
from whichtask.figures.gbi.toy_common import colour_of, draw_dots, draw_line, in_order, name_of, several, short_name
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import legend_below_title, line_key, name_rows
from whichtask.figures.means import long_means, read_repeats, repeats_note, where
from whichtask.figures.palette import NEUTRAL
from whichtask.figures.style import annotate

VALUES = ("prediction", "error_of_mean", "mae", "mse")
LINES = {"first": ":", "fixed": "--", "iterated": "-"}
MARKS: dict[str, dict[str, Any]] = {"fixed": {"fmt": "s", "markerfacecolor": "white"}, "iterated": {"fmt": "D"}}
TEXTS = {
    "first": "first prediction, before any step",
    "fixed": "last ones, Z fixed at 1/K",
    "iterated": "last ones, Z iterated",
}


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Average predictions and errors over repeats, for each true mean, and inside and outside the range of training.

    Args:
        inputs: ``generalisation``, generalisation.csv of `whichtask gbi toy`, one a repeat.

    Returns:
        Rows of ``long_means``, ``part`` being "mean" or "range"; ``inside_low`` and ``inside_high`` end the range.

    Raises:
        WhichtaskError: files that do not fit.
    """
    needed = ["arm", "blocks", "reading", "test_mean", "inside", *VALUES]
    table = read_repeats(files(inputs, "generalisation"), needed)
    table["where"] = np.where(table["inside"], "inside", "outside")
    by, inside = ["arm", "blocks", "reading"], table.loc[table["inside"], "test_mean"]
    parts = [
        long_means(table, [*by, "test_mean"], VALUES).assign(part="mean"),
        long_means(table, [*by, "where"], VALUES).assign(part="range"),
    ]
    return pd.concat(parts, ignore_index=True).assign(inside_low=inside.min(), inside_high=inside.max())


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Unseen means, inside and outside the training range: before Z moves, with Z fixed, and after iterating Z, for
    both ways in which labels may have entered, early and late in learning.
    """
    arms, trained = in_order(table["arm"]), sorted(table["blocks"].unique())
    figure = Figure(figsize=(11.6, 1.6 + 2.2 * len(trained) + 0.75 * len(arms)), layout="constrained")
    legend_below_title(figure, [_key(reading) for reading in LINES], 3)
    grid = figure.add_gridspec(2, 1, height_ratios=[2.2 * len(trained), 0.75 * len(arms)])
    upper = grid[0].subgridspec(len(trained), len(arms)).subplots(squeeze=False, sharex=True, sharey=True)
    lower = grid[1].subgridspec(1, 2 * len(trained)).subplots(squeeze=False)[0]
    panels = [(blocks, side) for blocks in trained for side in ("inside", "outside")]
    for row, blocks in zip(upper, trained, strict=True):
        for axes, arm in zip(row, arms, strict=True):
            _draw_predictions(axes, where(table, part="mean", measure="prediction", blocks=blocks, arm=arm), arm)
        row[0].set_ylabel(f"predicted mean,\nafter {blocks} blocks")
    for axes, arm in zip(upper[0], arms, strict=True):
        axes.set_title(name_of(arm))
    for axes in upper[-1]:
        axes.set_xlabel("true mean")
    for axes, (blocks, side) in zip(lower, panels, strict=True):
        _draw_errors(axes, where(table, part="range", measure="error_of_mean", blocks=blocks, where=side), arms)
        axes.set_xlabel(f"|prediction − mean|,\n{side} the range,\nafter {blocks} blocks")
        axes.label_outer()
    annotate(
        figure,
        "Toy sequences: generalisation to means that were never trained",
        "Frozen weights, sequences of one unseen mean each, with little noise; state and Z start afresh (zero and "
        "1/K) in each. Shaded: range of the training means. Z is iterated by SGD on its logits, one step an "
        "observation, with the rate that did best on sequences of other means; where it stays at 1/K, what differs is "
        "adaptation by optimising Z, not zero-shot generalisation. Predictions: mean over the last observations, but "
        "for the first one. Z of the LSTM and of the shuffled-label control is iterated alike. "
        f"{repeats_note(int(table['n'].max()))}",
    )
    return figure


def _draw_predictions(axes: Axes, rows: pd.DataFrame, arm: str) -> None:
    axes.axvspan(rows["inside_low"].iloc[0], rows["inside_high"].iloc[0], color="#EEEEEE", zorder=0)
    axes.axline((0, 0), slope=1, color=NEUTRAL, linewidth=0.6)
    for reading, line in LINES.items():
        draw_line(axes, where(rows, reading=reading), "test_mean", colour_of(arm), linestyle=line)
    axes.set_ylim(-0.3, 1.3)


def _draw_errors(axes: Axes, rows: pd.DataFrame, arms: list[str]) -> None:
    for line, arm in enumerate(arms):
        for offset, (reading, mark) in zip(several(len(MARKS)), MARKS.items(), strict=True):
            draw_dots(axes, where(rows, arm=arm, reading=reading), line + offset, colour_of(arm), "{:.2f}", **mark)
    name_rows(axes, [short_name(arm) for arm in arms])
    axes.set_xlim(left=0)


def _key(reading: str) -> Line2D:
    mark = MARKS.get(reading, {"fmt": ""})
    fill = mark.get("markerfacecolor", NEUTRAL)
    return line_key(
        TEXTS[reading], NEUTRAL, linestyle=LINES[reading], marker=mark["fmt"], markersize=4, markerfacecolor=fill
    )
