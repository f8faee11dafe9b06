"""How sure GBI and a classifier are of known and of foreign images."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from whichtask.config import FigureSettings
from whichtask.figures.gbi.images import read_seeds, seeds_note, with_means
from whichtask.figures.gbi.ood import ARMS
from whichtask.figures.inputs import Inputs
from whichtask.figures.marks import bars
from whichtask.figures.palette import BLUE, VERMILION
from whichtask.figures.style import annotate

METHODS = {"GBI": "GBI, one-step", "classifier softmax": "classifier softmax"}
SIDES = {"inside": ("data", BLUE), "outside": ("outside", VERMILION)}
"""The column that names the images of a side, and its colour."""


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Return seeds and means of the share of images in each bin of the largest entry of the posterior.

    Args:
        inputs: ``confidence``, one table a seed.
    """
    by = ["arm", "method", "side", "confidence_low", "confidence_high"]
    return with_means(read_seeds(inputs, "confidence", [*by, "share"]), by, ["share"])


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Histograms of the largest posterior entry of known and foreign images, for one-step GBI and for a classifier, raw
    and normalised.
    """
    means = table[table["row"] == "mean"]
    figure = Figure(figsize=(9.2, 5.0), layout="constrained")
    panels = figure.subplots(len(METHODS), len(ARMS), sharex=True, sharey=True)
    for line, (method, label) in zip(panels, METHODS.items(), strict=True):
        for axes, (arm, name) in zip(line, ARMS.items(), strict=True):
            _draw_panel(axes, means[(means["arm"] == arm) & (means["method"] == method)])
            axes.set_title(f"{label}, {name}", loc="left")
        line[0].set_ylabel("share of images")
    for axes in panels[-1]:
        axes.set_xlabel("confidence: largest entry of the posterior")
    panels[0, 0].legend(loc="upper center")
    panels[0, 0].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    first = table.iloc[0]
    annotate(
        figure,
        f"Confidence in {first['data']} and in {first['outside']}",
        "Test images of either set. GBI at the temperature that validation images of the known set calibrate. Bars: "
        f"mean over seeds with intervals. {seeds_note(table)}",
    )
    return figure


def _draw_panel(axes: Axes, means: pd.DataFrame) -> None:
    for side, (name, colour) in SIDES.items():
        rows = means[means["side"] == side]
        left, width = rows["confidence_low"], rows["confidence_high"] - rows["confidence_low"]
        axes.bar(left, rows["share"], width, align="edge", color=colour, alpha=0.45, label=rows[name].iloc[0])
        errors = bars(rows["share"], rows["share_low"], rows["share_high"])
        axes.errorbar(left + width / 2, rows["share"], errors, fmt="none", ecolor=colour, elinewidth=1.0)
