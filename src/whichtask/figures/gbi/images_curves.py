"""What decides the accuracy of GBI on images: the number of steps, and the width of the image's code."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.gbi.images import read_seeds, seeds_note, with_means
from whichtask.figures.inputs import Inputs
from whichtask.figures.marks import band
from whichtask.figures.palette import BLUE, GREEN, NEUTRAL, PURPLE, VERMILION
from whichtask.figures.style import annotate

CURVE_COLOURS = (VERMILION, BLUE, GREEN, PURPLE)
REFERENCES = {"one-step": ("--", "one-step"), "likelihood": ("-.", "likelihood, K runs")}
ACCURACIES = {
    "one_step_test_accuracy": ("one-step, test", VERMILION, "-"),
    "one_step_validation_accuracy": ("one-step, validation", VERMILION, ":"),
    "likelihood_test_accuracy": ("likelihood, test", BLUE, "-"),
}
OTHERS = {
    "z_reliance": "reliance on Z: relative rise of the\nerror when Z is permuted",
    "squared_error": "squared error an image, Z given",
}


def numbers_iterations(inputs: Inputs) -> pd.DataFrame:
    """Average accuracy and squared error at each number of steps of each way to iterate.

    Args:
        inputs: ``iterations``, one table a seed.

    Returns:
        Rows of seeds and means, see ``with_means``.
    """
    seeds = read_seeds(inputs, "iterations", ("way", "steps", "accuracy", "squared_error", "images"))
    return with_means(seeds, ["way", "steps"], ["accuracy", "squared_error"])


def draw_iterations(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Draw accuracy and squared error against the number of steps of several ways to iterate."""
    means = table[table["row"] == "mean"]
    curves = means[~means["way"].isin(REFERENCES)]
    figure = Figure(figsize=(9.2, 4.3), layout="constrained")
    left, right = figure.subplots(1, 2)
    for way, colour in zip(curves["way"].unique(), CURVE_COLOURS, strict=False):
        rows = curves[curves["way"] == way].sort_values("steps")
        _curve(left, rows, "steps", "accuracy", colour, label=way)
        _curve(right, rows, "steps", "squared_error", colour)
    for way, (line, label) in REFERENCES.items():
        value = means.set_index("way")["accuracy"][way]
        left.axhline(value, color=NEUTRAL, linewidth=1.0, linestyle=line, label=f"{label}: {value:.3f}")
    steps = sorted(curves["steps"].unique())
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_xticks(steps, [f"{step:,}" for step in steps])
        axes.set_xticks([], minor=True)
        axes.set_xlabel("steps, one forward and one backward pass each (log scale)")
    left.set_ylabel("accuracy [share of test images]")
    right.set_ylabel("squared error an image, at the inferred Z")
    left.legend(loc="lower right")
    first = table.iloc[0]
    annotate(
        figure,
        f"Iterating Z from the maximum-entropy point ({first['data']})",
        f"{int(first['images']):,} test images, raw. Adam on the logits with half their squared norm (l2, as in the "
        "paper), or with minus the true entropy of Z weighted by the calibrated τ; exponentiated gradient takes half "
        "of the one-step rule's step. The first step of Adam moves every logit equally far, which loses the ranking "
        f"of the classes. Bands: 95 % intervals. {seeds_note(table)}",
    )
    return figure


def numbers_bottleneck(inputs: Inputs) -> pd.DataFrame:
    """Average accuracy, reliance on Z and error at each width of the code and each noise on it.

    Args:
        inputs: ``bottleneck``, one table a seed.

    Returns:
        Rows of seeds and means, see ``with_means``.
    """
    values = [*ACCURACIES, "likelihood_validation_accuracy", *OTHERS]
    return with_means(read_seeds(inputs, "bottleneck", ("code", "noise", *values)), ["code", "noise"], values)


def draw_bottleneck(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Draw accuracy, reliance on Z and error against the width of the code."""
    means = table[table["row"] == "mean"].sort_values("code")
    widths = sorted(means.loc[means["noise"] == 0, "code"])
    means = means.assign(place=[widths.index(code) for code in means["code"]])
    plain, noisy = means[means["noise"] == 0], means[means["noise"] > 0]
    figure = Figure(figsize=(11.0, 4.2), layout="constrained")
    panels = figure.subplots(1, 3)
    for name, (label, colour, line) in ACCURACIES.items():
        _curve(panels[0], plain, "place", name, colour, linestyle=line, label=label)
        if line == "-":
            _noisy(panels[0], noisy, name, colour)
    panels[0].set_ylabel("accuracy [share of images]")
    panels[0].legend(loc="lower center")
    for axes, (name, label) in zip(panels[1:], OTHERS.items(), strict=True):
        _curve(axes, plain, "place", name, NEUTRAL)
        _noisy(axes, noisy, name, NEUTRAL)
        axes.set_ylabel(label)
        axes.set_ylim(bottom=0)
    for axes in panels:
        axes.set_xticks(range(len(widths)), [str(code) for code in widths])
        axes.set_xlabel("width of the image's code")
    noises = ", ".join(f"{noise:g}" for noise in sorted(noisy["noise"].unique()))
    annotate(
        figure,
        f"How much the code says decides whether Z is used ({table['data'].iloc[0]})",
        "Autoencoders that differ in the width of the code only; 0: no code, the pure generative model. The width for "
        "all other figures was chosen by the one-step accuracy on validation images (dotted). Hollow: noise of s.d. "
        f"{noises or 'none'} on the code in training. Bands: 95 % intervals. {seeds_note(table)}",
    )
    return figure


def _curve(axes: Axes, rows: pd.DataFrame, x: str, y: str, colour: str, **style: str) -> None:
    """Draw a curve of means with its band."""
    band(axes, rows[x], rows[y], rows[f"{y}_low"], rows[f"{y}_high"], colour, marker="D", markersize=3.5, **style)


def _noisy(axes: Axes, rows: pd.DataFrame, name: str, colour: str) -> None:
    """Draw the networks with noise on their code as hollow marks, a little to the right of those without."""
    axes.plot(rows["place"] + 0.18, rows[name], "D", color=colour, markerfacecolor="none", markersize=5)
