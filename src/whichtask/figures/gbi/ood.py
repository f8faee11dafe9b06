"""Is an image of any known class? Detection by GBI and its rivals, and how GBI's depends on the temperature."""

from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.gbi.images import COLOURS, dot_rows, keys, read_seeds, seeds_note, with_means
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.style import NEUTRAL, annotate, save, styled
from whichtask.figures.tables import only

ARMS = {"raw": "raw pixels", "normalised": "each image normalised"}
SCORE_NAMES = {"maximum": "largest entry", "entropy": "minus entropy", "gap": "gap of the top two"}
SCORE_COLOURS = {"maximum": "#D55E00", "entropy": "#0072B2", "gap": "#009E73"}
FAMILIES = {
    "GBI": "gbi",
    "likelihood posterior": "gbi",
    "matched classifier softmax": "classifier",
    "classifier softmax": "classifier",
    "deep ensemble": "classifier",
    "MC dropout": "classifier",
    "energy": "classifier",
    "Mahalanobis": "classifier",
    "likelihood regret": "generative",
    "reconstruction error": "generative",
}
"""Methods from top to bottom."""
LABELS = {
    "GBI": "GBI, one-step",
    "likelihood posterior": "likelihood posterior (K runs)",
    "matched classifier softmax": "softmax, matched classifier",
    "classifier softmax": "softmax, full classifier",
    "likelihood regret": "likelihood regret (VAE)",
}
PAPER = {
    "normalised": {
        "GBI": 0.89,
        "matched classifier softmax": 0.73,
        "likelihood regret": 0.80,
        "deep ensemble": 0.809,
    }
}
"""Facts 3, as published reviews quote them."""
CHANCE = 0.5


@styled()
def draw_ood_table(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw the area under the ROC curve of each method, raw and normalised.

    Args:
        inputs: ``ood``, one table a seed.
        out: the PNG.
        settings: resolution.

    Raises:
        WhichtaskError: files that do not fit.
    """
    seeds = read_seeds(files(inputs, "ood"), ("arm", "method", "score", "auroc", "images_inside", "images_outside"))
    table = with_means(seeds, ["arm", "method", "score"], ["auroc"])
    table["paper_auroc"] = [
        PAPER.get(arm, {}).get(method) for arm, method in zip(table["arm"], table["method"], strict=True)
    ]
    primary = table[table["score"].isin(["maximum", "own"])]
    names = {name: LABELS.get(name, name) for name in FAMILIES if name in set(primary["method"])}
    figure = Figure(figsize=(9.2, 1.9 + 0.42 * len(names)), layout="constrained")
    panels = figure.subplots(1, len(ARMS), sharey=True)
    colours = {name: COLOURS[FAMILIES[name]] for name in names}
    for axes, (arm, label) in zip(panels, ARMS.items(), strict=True):
        dot_rows(axes, primary[primary["arm"] == arm], "auroc", names, colours, PAPER.get(arm))
        axes.axvline(CHANCE, color=NEUTRAL, linewidth=0.8, linestyle=":")
        axes.set_xlabel(f"AUROC, {label}")
    low = min(float(primary["auroc"].min()), CHANCE) - 0.09  # room for the values, which stand on the left
    for axes in panels:
        axes.set_xlim(low, 1.02)
    keys(panels[0], paper=True)
    regret = seeds.loc[seeds["method"] == "likelihood regret", "images_inside"].iloc[0]
    annotate(
        figure,
        f"Is it any class at all? {only(seeds, 'data')} against {only(seeds, 'outside')}",
        f"{int(seeds['images_inside'].max()):,} test images of either set ({int(regret):,} for likelihood regret). "
        "Posteriors score by their largest entry; temperatures and all else chosen on validation images of the known "
        "set. Normalised: every image, in training too, rescaled to mean .1307 and s.d. .3081, then mapped by one "
        "affine function to 0 to 1. Softmax, ensemble, dropout, energy and Mahalanobis: classifiers with the "
        "autoencoder's encoder; matched: stopped at the validation accuracy of the paper's classifier. Likelihood "
        "regret moves the posterior of an image, not the encoder's weights. Dotted: chance. Paper: "
        f"numbers quoted in reviews. {seeds_note(seeds)}",
    )
    save(figure, table, out, settings)


@styled()
def draw_ood_tau(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw GBI's AUROC against the temperature of its posterior, for three scores.

    Args:
        inputs: ``tau``, one table a seed.
        out: the PNG.
        settings: resolution.

    Raises:
        WhichtaskError: files that do not fit.
    """
    columns = ("arm", "score", "tau", "tau_calibrated", "tau_relative", "auroc")
    seeds = read_seeds(files(inputs, "tau"), columns)
    # The same relative temperature of several seeds: rounding in the file must not divide it.
    seeds["tau_relative"] = seeds["tau_relative"].map(lambda value: float(f"{value:.6g}"))
    table = with_means(seeds, ["arm", "score", "tau_relative"], ["auroc", "tau_calibrated"])
    figure = Figure(figsize=(9.2, 4.2), layout="constrained")
    panels = figure.subplots(1, len(ARMS), sharey=True)
    for axes, (arm, label) in zip(panels, ARMS.items(), strict=True):
        _draw_curves(axes, table[(table["arm"] == arm) & (table["row"] == "mean")], label)
    panels[0].set_ylabel("AUROC")
    handles = [
        Line2D([], [], color=colour, linewidth=1.6, label=SCORE_NAMES[score]) for score, colour in SCORE_COLOURS.items()
    ]
    handles.append(Line2D([], [], color=NEUTRAL, linewidth=1.0, linestyle="--", label="calibrated τ"))
    panels[0].set_title(" ")
    panels[0].legend(handles=handles, loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=4).set_in_layout(False)
    annotate(
        figure,
        f"The temperature decides: one-step GBI, {only(seeds, 'data')} against {only(seeds, 'outside')}",
        "Posterior softmax(−g / τ); τ in units of the one that validation images of the known set calibrate (dashed; "
        "its mean is written in the panel). Accuracy does not depend on τ. Bands: 95 % intervals. Choosing τ by this "
        f"curve would use images of the other set. Dotted: chance. {seeds_note(seeds)}",
    )
    save(figure, table, out, settings)


def _draw_curves(axes: Axes, means: pd.DataFrame, label: str) -> None:
    if means.empty:
        raise WhichtaskError(f"the tables have no rows of {label}")
    for score, colour in SCORE_COLOURS.items():
        rows = means[means["score"] == score].sort_values("tau_relative")
        axes.plot(rows["tau_relative"], rows["auroc"], color=colour, linewidth=1.6)
        axes.fill_between(rows["tau_relative"], rows["auroc_low"], rows["auroc_high"], color=colour, alpha=0.18, lw=0)
    axes.axvline(1, color=NEUTRAL, linewidth=1.0, linestyle="--")
    axes.axhline(CHANCE, color=NEUTRAL, linewidth=0.8, linestyle=":")
    text: dict[str, Any] = {"transform": axes.transAxes, "fontsize": 7.5, "color": NEUTRAL, "ha": "right"}
    axes.text(0.98, 0.12, f"calibrated τ = {means['tau_calibrated'].mean():.3g} (squared error)", **text)
    axes.set_xscale("log")
    axes.set_xlabel(f"τ / calibrated τ (log scale), {label}")
    axes.grid(visible=True, axis="x")
