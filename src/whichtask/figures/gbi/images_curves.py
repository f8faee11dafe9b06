"""What decides the accuracy of GBI on images: the number of steps, and the width of the image's code."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.gbi.images import read_seeds, seeds_note, with_means
from whichtask.figures.inputs import Inputs
from whichtask.figures.marks import band, legend_above
from whichtask.figures.palette import BLUE, GREEN, NEUTRAL, PURPLE, VERMILION
from whichtask.figures.style import annotate

WAY_COLOURS = (VERMILION, BLUE, GREEN, PURPLE)
REFERENCES = {"one-step": ("--", "one-step"), "likelihood": ("-.", "likelihood, K runs")}
ITERATED = {
    "accuracy": "accuracy [share of test images]",
    "squared_error": "squared error an image,\nat the inferred Z",
}
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
    """Return seeds and means of accuracy and squared error at each number of steps of each way to iterate.

    Args:
        inputs: ``iterations``, one table a seed.
    """
    seeds = read_seeds(inputs, "iterations", ["way", "steps", *ITERATED, "images"])
    return with_means(seeds, ["way", "steps"], [*ITERATED])


def draw_iterations(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Accuracy and reconstruction error against the number of steps of iterative inference, with the paper's L2
    penalty, with the true entropy term, and by exponentiated gradient.
    """
    means = table[table["row"] == "mean"].sort_values("steps", kind="stable")
    curves = means[~means["way"].isin(REFERENCES)]
    figure = Figure(figsize=(9.2, 4.3), layout="constrained")
    left, right = figure.subplots(1, 2)
    steps = curves["steps"].unique()
    for axes, (measure, label) in zip((left, right), ITERATED.items(), strict=True):
        for way, colour in zip(curves["way"].unique(), WAY_COLOURS, strict=False):
            _curve(axes, curves[curves["way"] == way], "steps", measure, colour, label=way)
        axes.set(xscale="log", xlabel="steps, one forward and one backward pass each (log scale)", ylabel=label)
        axes.set_xticks(steps, [f"{step:,}" for step in steps])
        axes.set_xticks([], minor=True)
    for way, (line, label) in REFERENCES.items():
        value = means.set_index("way")["accuracy"][way]
        left.axhline(value, color=NEUTRAL, linewidth=1.0, linestyle=line, label=f"{label}: {value:.3f}")
    legend_above(left, left.get_legend_handles_labels()[0], columns=5)
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
    """Return seeds and means of accuracy, reliance on Z and error at each width of the code and each noise on it.

    Args:
        inputs: ``bottleneck``, one table a seed.
    """
    values = [*ACCURACIES, "likelihood_validation_accuracy", *OTHERS]
    return with_means(read_seeds(inputs, "bottleneck", ["code", "noise", *values]), ["code", "noise"], values)


def draw_bottleneck(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Accuracy of one-step and likelihood inference, reliance on Z and reconstruction error against the width of the
    image's code: Z matters when the code says little.
    """
    means = table[table["row"] == "mean"].sort_values("code")
    widths = list(means.loc[means["noise"] == 0, "code"])
    means = means.assign(place=means["code"].map(widths.index))
    plain, noisy = means[means["noise"] == 0], means[means["noise"] > 0]
    figure = Figure(figsize=(11.0, 4.2), layout="constrained")
    content = {"accuracy [share of images]": ACCURACIES}
    content |= {label: {measure: ("", NEUTRAL, "-")} for measure, label in OTHERS.items()}
    panels = figure.subplots(1, len(content))
    for axes, (label, curves) in zip(panels, content.items(), strict=True):
        for measure, (name, colour, line) in curves.items():
            _curve(axes, plain, "place", measure, colour, linestyle=line, label=name)
            if line == "-":  # a little to the right of the networks without noise
                axes.plot(noisy["place"] + 0.18, noisy[measure], "D", color=colour, mfc="none", markersize=5)
        axes.set_xticks(range(len(widths)), [str(width) for width in widths])
        axes.set(xlabel="width of the image's code", ylabel=label)
    for axes in panels[1:]:
        axes.update_datalim([(0, 0)])
        axes.autoscale_view()
        axes.ticklabel_format(axis="y", style="plain")  # the legend stands where a power of ten would
    legend_above(panels[0], panels[0].get_legend_handles_labels()[0])
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
