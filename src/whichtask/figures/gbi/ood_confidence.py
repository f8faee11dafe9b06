"""How sure GBI and classifiers are of known and of foreign images, and how right they are when they are sure."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from whichtask.config import FigureSettings
from whichtask.figures.gbi.images import ABOUT, read_seeds, seeds_note, with_means
from whichtask.figures.gbi.ood import ARMS
from whichtask.figures.inputs import Inputs
from whichtask.figures.marks import band, bars, estimate_in, value_text
from whichtask.figures.palette import BLUE, NEUTRAL, SKY, VERMILION
from whichtask.figures.style import annotate

WITHIN = ("share", "mean_confidence", "accuracy")
LEAST = 0.01
"""Share of the known images that a bin of the reliability diagram needs to be drawn."""
METHODS = {"GBI": "GBI, one-step", "classifier softmax": "classifier softmax"}
SIDES = {"inside": ("data", BLUE), "outside": ("outside", VERMILION)}
"""The column that names the images of a side, and its colour."""
CALIBRATED = {
    "GBI": ("GBI, one-step", VERMILION),
    "matched classifier softmax": ("softmax, matched classifier", SKY),
    "classifier softmax": ("softmax, full classifier", BLUE),
}


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Return seeds and means of what is in each bin of confidence, and of the calibration of each method.

    Args:
        inputs: ``confidence`` and ``ood``, one table a seed.

    Returns:
        ``part`` "bins": ``share`` of the images of a ``side`` by ``arm``, ``method`` and bin (``confidence_low``,
        ``confidence_high``), and inside their ``mean_confidence`` and ``accuracy``; ``part`` "calibration": the
        ``calibration_error`` of all methods with posteriors by ``arm`` and ``method``.
    """
    by = ["arm", "method", "side", "confidence_low", "confidence_high"]
    bins = with_means(read_seeds(inputs, "confidence", [*by, *WITHIN]), by, list(WITHIN))
    judged = read_seeds(inputs, "ood", ["arm", "method", "calibration_error"])
    known = judged.loc[judged["calibration_error"].notna(), ["repeat", *ABOUT, "arm", "method", "calibration_error"]]
    calibration = with_means(known, ["arm", "method"], ["calibration_error"])
    return pd.concat([bins.assign(part="bins"), calibration.assign(part="calibration")], ignore_index=True)


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Histograms of the largest posterior entry of known and foreign images, for one-step GBI and for a classifier, raw
    and normalised; below, how often answers of each confidence are right (reliability).
    """
    averages = table[table["row"] == "mean"]
    means = averages[averages["part"] == "bins"]
    figure = Figure(figsize=(9.2, 8.0), layout="constrained")
    halves: Any = figure.subfigures(2, 1, height_ratios=[1.35, 1])
    above, below = halves
    panels = above.subplots(len(METHODS), len(ARMS), sharex=True, sharey=True)
    for line, (method, label) in zip(panels, METHODS.items(), strict=True):
        for axes, (arm, name) in zip(line, ARMS.items(), strict=True):
            _draw_panel(axes, means[(means["arm"] == arm) & (means["method"] == method)])
            axes.set_title(f"{label}, {name}", loc="left")
        line[0].set_ylabel("share of images")
    reliable = below.subplots(1, len(ARMS), sharex=True, sharey=True)
    for axes, (arm, name) in zip(reliable, ARMS.items(), strict=True):
        _draw_reliability(axes, averages[averages["arm"] == arm])
        axes.set_title(f"reliability, {name}", loc="left")
    reliable[0].set_ylabel("accuracy [share of the bin]")
    for axes in (*panels[-1], *reliable):
        axes.set_xlabel("confidence: largest entry of the posterior")
    panels[0, 0].legend(loc="upper center")
    panels[0, 0].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    first = table.iloc[0]
    annotate(
        figure,
        f"Confidence in {first['data']} and in {first['outside']}",
        "Test images of either set. GBI at the temperature that validation images of the known set calibrate; "
        "classifiers as they are. Bars: mean over seeds with intervals. Reliability: test images of the known set, "
        f"in bins that hold at least {LEAST:.0%} of them; dotted: confidence is accuracy. ECE: expected calibration "
        f"error in 15 bins. {seeds_note(table)}",
    )
    return figure


def _draw_reliability(axes: Axes, averages: pd.DataFrame) -> None:
    axes.plot([0, 1], [0, 1], color=NEUTRAL, linewidth=1.0, linestyle=":")
    for method, (label, colour) in CALIBRATED.items():
        rows = averages[averages["method"] == method]
        error = estimate_in(rows[rows["part"] == "calibration"].iloc[0], "calibration_error")
        known = rows[(rows["side"] == "inside") & (rows["share"] >= LEAST)].sort_values("mean_confidence")
        text = f"{label}: ECE {value_text(error)}"
        low, high = known["accuracy_low"], known["accuracy_high"]
        band(axes, known["mean_confidence"], known["accuracy"], low, high, colour, text, marker="o", markersize=3)
    axes.set(ylim=(-0.34, 1.05), yticks=[0, 0.2, 0.4, 0.6, 0.8, 1])  # room for the legend
    axes.legend(loc="lower right", fontsize=7)


def _draw_panel(axes: Axes, means: pd.DataFrame) -> None:
    for side, (name, colour) in SIDES.items():
        rows = means[means["side"] == side]
        left, width = rows["confidence_low"], rows["confidence_high"] - rows["confidence_low"]
        axes.bar(left, rows["share"], width, align="edge", color=colour, alpha=0.45, label=rows[name].iloc[0])
        errors = bars(rows["share"], rows["share_low"], rows["share_high"])
        axes.errorbar(left + width / 2, rows["share"], errors, fmt="none", ecolor=colour, elinewidth=1.0)
