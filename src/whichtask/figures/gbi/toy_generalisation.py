"""Toy sequences: means that no network was trained on, before Z moves, without moving it, and after iterating it."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from whichtask.config import FigureSettings
from whichtask.figures.gbi.toy_common import (
    REPEAT_NOTE,
    arm_keys,
    colour_of,
    draw_dots,
    draw_line,
    estimates,
    grid_below_key,
    horizontal,
    in_order,
    name_of,
    read_all,
    repeats_of,
)
from whichtask.figures.inputs import Inputs
from whichtask.figures.style import NEUTRAL, annotate, save, styled

VALUES = ("prediction", "error_of_mean", "mae", "mse")
READINGS = {"first": ("first prediction, before any step", "o"), "fixed": ("last ones, Z fixed at 1/K", "s")}
READINGS["iterated"] = ("last ones, Z iterated", "D")


@styled()
def draw_toy_generalisation(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw predicted against true mean early and late in learning, and below the error inside and outside the range.

    Args:
        inputs: ``generalisation``, generalisation.csv of `whichtask gbi toy`, one a repeat.
        out: the PNG.
        settings: resolution.

    Raises:
        WhichtaskError: files that do not fit.
    """
    table = read_all(inputs, "generalisation", ["arm", "blocks", "reading", "test_mean", "inside", *VALUES])
    arms, trained = in_order(table["arm"]), sorted(table["blocks"].unique())
    by = ["arm", "blocks", "reading"]
    curves = estimates(table, [*by, "test_mean"], VALUES).assign(part="mean")
    table["where"] = np.where(table["inside"], "inside", "outside")
    ranges = estimates(table, [*by, "where"], VALUES).assign(part="range")
    inside = table.loc[table["inside"], "test_mean"]
    figure = Figure(figsize=(11.6, 4.6 + 1.1 * len(arms)), layout="constrained")
    grid = grid_below_key(figure, _keys(arms), 4, [3.6, 1.0 * len(arms)], len(trained))
    lower_cells = grid[2, :].subgridspec(1, 2 * len(trained))
    for column, blocks in enumerate(trained):
        axes = figure.add_subplot(grid[1, column])
        axes.axvspan(inside.min(), inside.max(), color="#EEEEEE", zorder=0)
        axes.plot(table["test_mean"], table["test_mean"], color=NEUTRAL, linewidth=0.8, linestyle=":")
        rows = curves[(curves["blocks"] == blocks) & (curves["measure"] == "prediction")]
        for arm in arms:
            of_arm = rows[rows["arm"] == arm]
            draw_line(axes, of_arm[of_arm["reading"] == "iterated"], "test_mean", arm)
            draw_line(
                axes, of_arm[of_arm["reading"] == "fixed"], "test_mean", arm, linewidth=0.9, linestyle="--", label=""
            )
        axes.set_title(f"after {blocks} blocks of learning")
        axes.set_xlabel("true mean (shaded: range of the two training means)")
        axes.set_ylabel("predicted mean, last observations")
        axes.set_ylim(-0.3, 1.3)
        for place, where in enumerate(("inside", "outside")):
            errors = ranges[
                (ranges["blocks"] == blocks) & (ranges["where"] == where) & (ranges["measure"] == "error_of_mean")
            ]
            lower = figure.add_subplot(lower_cells[2 * column + place])
            _draw_errors(lower, errors, arms)
            lower.set_xlabel(f"|prediction − mean|,\n{where} the range")
            if column or place:
                lower.tick_params(labelleft=False)
    annotate(
        figure,
        "Toy sequences: generalisation to means that were never trained",
        "Frozen weights, sequences of one unseen mean each, with little noise; state and Z start afresh "
        "(zero and "
        "1/K) in each. Solid: Z iterated by SGD on its logits, one step an observation, with the rate that did best on "
        "sequences of other means; dashed: Z stays at 1/K, so that what differs is adaptation by optimising Z, "
        "not zero-shot generalisation. Predictions: mean over the last observations, but for the first one. Z of "
        "the LSTM and of "
        f"the shuffled-label control is iterated alike. {REPEAT_NOTE.format(n=repeats_of(ranges))}",
    )
    save(figure, pd.concat([curves, ranges], ignore_index=True), out, settings)


def _draw_errors(axes: Axes, rows: pd.DataFrame, arms: list[str]) -> None:
    for line, arm in enumerate(arms):
        for place, (reading, (_, marker)) in enumerate(READINGS.items()):
            of_reading = rows[(rows["arm"] == arm) & (rows["reading"] == reading)]
            hollow = {} if reading == "iterated" else {"markerfacecolor": "white"}
            draw_dots(
                axes, of_reading, line + (place - 1) * 0.27, colour=colour_of(arm), form="{:.2f}", fmt=marker, **hollow
            )
    horizontal(axes, [name_of(arm).replace(", ", ",\n").replace(": ", ":\n") for arm in arms])
    axes.set_xlim(left=0)


def _keys(arms: list[str]) -> list[Line2D]:
    keys = arm_keys(arms)
    for reading, (text, marker) in READINGS.items():
        fill = NEUTRAL if reading == "iterated" else "white"
        keys.append(
            Line2D([], [], color=NEUTRAL, marker=marker, linestyle="", markersize=4.5, markerfacecolor=fill, label=text)
        )
    return keys
