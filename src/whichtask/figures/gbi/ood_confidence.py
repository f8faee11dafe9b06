"""How sure GBI and a classifier are of known and of foreign images."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from whichtask.config import FigureSettings
from whichtask.figures.gbi.images import read_seeds, seeds_note, with_means
from whichtask.figures.gbi.ood import ARMS
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.style import annotate, save, styled
from whichtask.figures.tables import only

METHODS = {"GBI": "GBI, one-step", "classifier softmax": "classifier softmax"}
SIDES = {"inside": "#0072B2", "outside": "#D55E00"}


@styled()
def draw_confidence_histograms(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw the share of images in bins of the largest entry of the posterior.

    Args:
        inputs: ``confidence``, one table a seed.
        out: the PNG.
        settings: resolution.

    Raises:
        WhichtaskError: files that do not fit.
    """
    columns = ("arm", "method", "side", "confidence_low", "confidence_high", "share")
    seeds = read_seeds(files(inputs, "confidence"), columns)
    table = with_means(seeds, ["arm", "method", "side", "confidence_low", "confidence_high"], ["share"])
    means = table[table["row"] == "mean"]
    figure = Figure(figsize=(9.2, 5.0), layout="constrained")
    panels = figure.subplots(len(METHODS), len(ARMS), sharex=True, sharey=True)
    names = {"inside": only(seeds, "data"), "outside": only(seeds, "outside")}
    for line, (method, label) in zip(panels, METHODS.items(), strict=True):
        for axes, arm in zip(line, ARMS, strict=True):
            _draw_panel(axes, means[(means["arm"] == arm) & (means["method"] == method)], names)
            axes.set_title(f"{label}, {ARMS[arm]}", loc="left")
        line[0].set_ylabel("share of images")
    for axes in panels[-1]:
        axes.set_xlabel("confidence: largest entry of the posterior")
    panels[0, 0].legend(loc="upper left")
    panels[0, 0].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    annotate(
        figure,
        f"Confidence in {names['inside']} and in {names['outside']}",
        "Test images of either set. GBI at the temperature that validation images of the known set calibrate. Bars: "
        f"mean over seeds with intervals. {seeds_note(seeds)}",
    )
    save(figure, table, out, settings)


def _draw_panel(axes: Axes, means: pd.DataFrame, names: dict[str, str]) -> None:
    for side, colour in SIDES.items():
        rows = means[means["side"] == side].sort_values("confidence_low")
        width = rows["confidence_high"] - rows["confidence_low"]
        axes.bar(
            rows["confidence_low"], rows["share"], width, align="edge", color=colour, alpha=0.45, label=names[side]
        )
        known = rows.dropna(subset=["share_low"])
        errors = [
            (known["share"] - known["share_low"]).clip(lower=0),
            (known["share_high"] - known["share"]).clip(lower=0),
        ]
        centres = (known["confidence_low"] + known["confidence_high"]) / 2
        axes.errorbar(centres, known["share"], errors, fmt="none", ecolor=colour, elinewidth=1.0)
