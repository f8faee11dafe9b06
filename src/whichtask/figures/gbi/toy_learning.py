"""Toy sequences: errors of all arms while they learn the same stream, between the oracle and knowing nothing."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.gbi.toy_common import (
    KNOWING,
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

HEADLINE = "headline"
MEASURES = {"mae": "mean absolute error", "mse": "mean squared error"}
EARLY_STEPS = 300
"""What counts as early learning."""
POINTS = 12
"""Points of a curve, at even distances in the logarithm of the step."""
REFERENCE = "lstm"


@styled()
def draw_toy_learning(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw the learning curves, and the difference of each arm from the LSTM early and late in learning.

    Args:
        inputs: ``curves``, curves.csv of `whichtask gbi toy-learning`, one a repeat.
        out: the PNG.
        settings: resolution.

    Raises:
        WhichtaskError: files that do not fit, or no LSTM among the arms.
    """
    curves = read_all(inputs, "curves", ["arm", "step", "steps", "mae", "mse"])
    arms = in_order(curves["arm"])
    if REFERENCE not in arms:
        raise WhichtaskError(f"the curves have no arm {REFERENCE!r}, which the others are compared with")
    last = int((curves["step"] + curves["steps"]).groupby(curves["repeat"]).max().min())
    binned = _binned(curves[curves["step"] + curves["steps"] <= last])
    curve = estimates(binned, ["arm", "step"], MEASURES).assign(part="curve")
    phases = _phases(curves, last)
    parts = estimates(phases, ["arm", "phase"], MEASURES).assign(part="phase")
    gaps = estimates(_gaps(phases), ["arm", "phase"], MEASURES).assign(part="difference")
    figure = Figure(figsize=(10.6, 8.2), layout="constrained")
    grid = grid_below_key(figure, arm_keys(arms), 4, [1.25, 1], 2)
    upper = [figure.add_subplot(grid[1, column]) for column in range(2)]
    for axes, (measure, label) in zip(upper, MEASURES.items(), strict=True):
        for arm in arms:
            draw_line(axes, curve[(curve["arm"] == arm) & (curve["measure"] == measure)], "step", arm)
        axes.set_xscale("log")
        axes.set_xlabel("observations learned from (log scale)")
        axes.set_ylabel(f"{label} of the next observation")
    compared = [arm for arm in arms if arm not in {REFERENCE, "mean"}]
    for column, phase in enumerate(("early", "late")):
        axes = figure.add_subplot(grid[2, column])
        _draw_gaps(axes, gaps[(gaps["phase"] == phase) & (gaps["measure"] == "mae")], compared)
        when = f"first {EARLY_STEPS}" if phase == "early" else f"last {last // 4:,}"
        axes.set_xlabel(f"MAE minus that of the LSTM, {when} observations")
        if column:
            axes.tick_params(labelleft=False)
    annotate(
        figure,
        "Toy sequences: learning with and without the task as an input",
        "Online learning, one observation at a time; each prediction is made before the observation is learned from. "
        "Dashed: observers who know both means and stds. GBI-LSTMs are told the context of the observation to come, so "
        "their bound is the oracle; the others', without labels, is the exact Bayes filter. Bands and bars: "
        f"{REPEAT_NOTE.format(n=repeats_of(curve)).removeprefix('Intervals: ')} Within a repeat all arms start from "
        "the "
        "same weights and see the same stream, so differences are paired.",
    )
    save(figure, pd.concat([curve, parts, gaps], ignore_index=True), out, settings)


def _binned(curves: pd.DataFrame) -> pd.DataFrame:
    """Average over bins of steps that grow like the step; ``step`` becomes the middle of the bin."""
    first = curves["step"].min()
    number = (curves["step"] - first) // curves["steps"] + 1
    edges = np.unique(np.floor(np.geomspace(1, number.max() + 1, POINTS + 1)))[:-1]
    place = np.digitize(number, edges)
    groups = curves.assign(bin=place, middle=curves["step"] + curves["steps"] / 2)
    middle = groups.groupby("bin")["middle"].mean()
    means = groups.groupby(["repeat", "arm", "bin"], sort=False, as_index=False)[list(MEASURES)].mean()
    return means.assign(step=means["bin"].map(middle).round(1)).drop(columns="bin")


def _phases(curves: pd.DataFrame, last: int) -> pd.DataFrame:
    """Return each repeat's mean error early and late in learning."""
    kept = []
    for phase, inside in (
        ("early", curves["step"] < EARLY_STEPS),
        ("late", (curves["step"] + curves["steps"] > last - last // 4) & (curves["step"] < last)),
    ):
        means = curves[inside].groupby(["repeat", "arm"], sort=False, as_index=False)[list(MEASURES)].mean()
        kept.append(means.assign(phase=phase))
    return pd.concat(kept, ignore_index=True)


def _gaps(phases: pd.DataFrame) -> pd.DataFrame:
    """Return each arm's error minus the LSTM's of the same repeat."""
    reference = phases[phases["arm"] == REFERENCE].drop(columns="arm")
    joined = phases.merge(reference, on=["repeat", "phase"], suffixes=("", "_reference"))
    for measure in MEASURES:
        joined[measure] = joined[measure] - joined[f"{measure}_reference"]
    return joined[joined["arm"] != REFERENCE]


def _draw_gaps(axes: Axes, gaps: pd.DataFrame, arms: list[str]) -> None:
    axes.axvline(0, color=NEUTRAL, linewidth=1.0)
    for line, arm in enumerate(arms):
        hollow = {"markerfacecolor": "white"} if arm in KNOWING else {}
        draw_dots(axes, gaps[gaps["arm"] == arm], line, colour=colour_of(arm), form="{:+.3f}", **hollow)
    horizontal(axes, [name_of(arm) for arm in arms])
