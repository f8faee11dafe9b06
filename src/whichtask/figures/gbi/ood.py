"""Is an image of any known class? Detection by GBI and its rivals, and how GBI's depends on the temperature."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.gbi.images import read_seeds, seeds_note, with_means
from whichtask.figures.inputs import Inputs
from whichtask.figures.marks import band, dot_rows, legend_above, line_key, mean_key, paper_key, unit_key
from whichtask.figures.palette import BLUE, FAMILY_COLOURS, GREEN, NEUTRAL, VERMILION
from whichtask.figures.style import annotate

ARMS = {"raw": "raw pixels", "normalised": "each image normalised"}
SCORES = {
    "maximum": ("largest entry", VERMILION),
    "entropy": ("minus entropy", BLUE),
    "gap": ("gap of the top two", GREEN),
}
METHODS = {
    "GBI": ("GBI, one-step", "gbi"),
    "likelihood posterior": ("likelihood posterior (K runs)", "gbi"),
    "matched classifier softmax": ("softmax, matched classifier", "classifier"),
    "classifier softmax": ("softmax, full classifier", "classifier"),
    "deep ensemble": ("deep ensemble", "classifier"),
    "MC dropout": ("MC dropout", "classifier"),
    "energy": ("energy", "classifier"),
    "Mahalanobis": ("Mahalanobis", "classifier"),
    "likelihood regret": ("likelihood regret (VAE)", "generative"),
    "reconstruction error": ("reconstruction error", "generative"),
}
"""Methods from top to bottom: their names and families."""
PAPER = {
    ("normalised", "GBI"): 0.89,
    ("normalised", "matched classifier softmax"): 0.73,
    ("normalised", "likelihood regret"): 0.80,
    ("normalised", "deep ensemble"): 0.809,
}
"""Facts 3, as published reviews quote them."""
CHANCE = 0.5


def numbers_table(inputs: Inputs) -> pd.DataFrame:
    """Return seeds and means of the AUROC of each method and score, raw and normalised, and the paper's.

    Args:
        inputs: ``ood``, one table a seed.
    """
    seeds = read_seeds(inputs, "ood", ("arm", "method", "score", "auroc", "images_inside", "images_outside"))
    table = with_means(seeds, ["arm", "method", "score"], ["auroc"])
    pairs = zip(table["arm"], table["method"], strict=True)
    return table.assign(paper_auroc=[PAPER.get(pair, np.nan) for pair in pairs])


def draw_table(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """How well each method tells known from foreign images (area under the ROC curve), on raw pixels and with every
    image normalised to one mean and deviation. Energy, Mahalanobis, dropout and reconstruction error are added.
    """
    primary = table[table["score"].isin(["maximum", "own"])]
    names = {method: name for method, (name, _) in METHODS.items() if method in set(primary["method"])}
    colours = {method: FAMILY_COLOURS[family] for method, (_, family) in METHODS.items()}
    figure = Figure(figsize=(10.0, 1.9 + 0.4 * len(names)), layout="constrained")
    panels = figure.subplots(1, len(ARMS), sharey=True)
    for axes, (arm, label) in zip(panels, ARMS.items(), strict=True):
        rows = primary[primary["arm"] == arm]
        dot_rows(axes, rows, "method", "auroc", names, colours, "paper_auroc", outside=True)
        axes.axvline(CHANCE, color=NEUTRAL, linewidth=0.8, linestyle=":")
        axes.set_xlim(min(primary["auroc"].min(), CHANCE) - 0.03, 1.02)
        axes.set_xlabel(f"AUROC, {label}")
    legend_above(panels[0], [mean_key(), unit_key("one seed"), paper_key()])
    first = table.iloc[0]
    regret = table.loc[table["method"] == "likelihood regret", "images_inside"].max()
    annotate(
        figure,
        f"Is it any class at all? {first['data']} against {first['outside']}",
        f"{int(table['images_inside'].max()):,} test images of either set ({int(regret):,} for likelihood regret). "
        "Posteriors score by their largest entry; temperatures and all else chosen on validation images of the known "
        "set. Normalised: every image, in training too, rescaled to mean .1307 and s.d. .3081, then mapped by one "
        "affine function to 0 to 1. Softmax, ensemble, dropout, energy and Mahalanobis: classifiers with the "
        "autoencoder's encoder; matched: stopped at the validation accuracy of the paper's classifier. Likelihood "
        "regret moves the posterior of an image, not the encoder's weights. Dotted: chance. Paper: "
        f"numbers quoted in reviews. {seeds_note(table)}",
    )
    return figure


def numbers_tau(inputs: Inputs) -> pd.DataFrame:
    """Return seeds and means of GBI's AUROC at each temperature of its posterior, for three scores.

    Args:
        inputs: ``tau``, one table a seed.

    Raises:
        WhichtaskError: files that do not fit.
    """
    seeds = read_seeds(inputs, "tau", ("arm", "score", "tau", "tau_calibrated", "tau_relative", "auroc"))
    for arm, label in ARMS.items():
        if arm not in set(seeds["arm"]):
            raise WhichtaskError(f"the tables have no rows of {label}")
    # The same relative temperature of several seeds: rounding in the file must not divide it.
    seeds["tau_relative"] = seeds["tau_relative"].map(lambda value: float(f"{value:.6g}"))
    return with_means(seeds, ["arm", "score", "tau_relative"], ["auroc", "tau_calibrated"])


def draw_tau(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Detection of foreign images by one-step GBI against the temperature of its posterior, which the paper leaves
    unstated, for three scores; dashed: the temperature that validation images calibrate.
    """
    means = table[table["row"] == "mean"]
    figure = Figure(figsize=(9.2, 4.2), layout="constrained")
    panels = figure.subplots(1, len(ARMS), sharey=True)
    for axes, (arm, label) in zip(panels, ARMS.items(), strict=True):
        _draw_curves(axes, means[means["arm"] == arm])
        axes.set_xlabel(f"τ / calibrated τ (log scale), {label}")
    panels[0].set_ylabel("AUROC")
    keys = [line_key(name, colour) for name, colour in SCORES.values()]
    legend_above(panels[0], [*keys, line_key("calibrated τ", NEUTRAL, linewidth=1.0, linestyle="--")], columns=4)
    first = table.iloc[0]
    annotate(
        figure,
        f"The temperature decides: one-step GBI, {first['data']} against {first['outside']}",
        "Posterior softmax(−g / τ); τ in units of the one that validation images of the known set calibrate (dashed; "
        "its mean is written in the panel). Accuracy does not depend on τ. Bands: 95 % intervals. Choosing τ by this "
        f"curve would use images of the other set. Dotted: chance. {seeds_note(table)}",
    )
    return figure


def _draw_curves(axes: Axes, means: pd.DataFrame) -> None:
    for score, (_, colour) in SCORES.items():
        rows = means[means["score"] == score].sort_values("tau_relative")
        band(axes, rows["tau_relative"], rows["auroc"], rows["auroc_low"], rows["auroc_high"], colour)
    axes.axvline(1, color=NEUTRAL, linewidth=1.0, linestyle="--")
    axes.axhline(CHANCE, color=NEUTRAL, linewidth=0.8, linestyle=":")
    text = f"calibrated τ = {means['tau_calibrated'].mean():.3g} (squared error)"
    axes.text(0.98, 0.12, text, transform=axes.transAxes, fontsize=7.5, color=NEUTRAL, ha="right")
    axes.set_xscale("log")
    axes.grid(visible=True, axis="x")
