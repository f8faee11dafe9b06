"""What decides the accuracy of GBI on images: the number of steps, and the width of the image's code."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.gbi.images import read_seeds, seeds_note, with_means
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.style import NEUTRAL, annotate, save, styled
from whichtask.figures.tables import only

CURVE_COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7")
REFERENCES = {"one-step": ("--", "one-step"), "likelihood": ("-.", "likelihood, K runs")}
ACCURACIES = {
    "one_step_test_accuracy": ("one-step, test", "#D55E00", "-"),
    "one_step_validation_accuracy": ("one-step, validation", "#D55E00", ":"),
    "likelihood_test_accuracy": ("likelihood, test", "#0072B2", "-"),
}
OTHERS = {
    "z_reliance": "reliance on Z: relative rise of the\nerror when Z is permuted",
    "squared_error": "squared error an image, Z given",
}


@styled()
def draw_iterations(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw accuracy against the number of steps of several ways to iterate.

    Args:
        inputs: ``iterations``, one table a seed.
        out: the PNG.
        settings: resolution.

    Raises:
        WhichtaskError: files that do not fit.
    """
    seeds = read_seeds(files(inputs, "iterations"), ("way", "steps", "accuracy", "squared_error", "images"))
    table = with_means(seeds, ["way", "steps"], ["accuracy", "squared_error"])
    means = table[table["row"] == "mean"]
    ways = [way for way in seeds["way"].unique() if way not in REFERENCES]
    figure = Figure(figsize=(9.2, 4.3), layout="constrained")
    left, right = figure.subplots(1, 2)
    for way, colour in zip(ways, CURVE_COLOURS, strict=False):
        rows = means[means["way"] == way].sort_values("steps")
        _curve(left, rows, ("steps", "accuracy"), colour, "-", way)
        _curve(right, rows, ("steps", "squared_error"), colour, "-", way)
    for way, (line, label) in REFERENCES.items():
        value = float(means.loc[means["way"] == way, "accuracy"].iloc[0])
        left.axhline(value, color=NEUTRAL, linewidth=1.0, linestyle=line, label=f"{label}: {value:.3f}")
    steps = sorted(int(step) for step in means.loc[means["way"].isin(ways), "steps"].unique())
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_xticks(steps, [f"{step:,}" for step in steps])
        axes.set_xticks([], minor=True)
        axes.set_xlabel("steps, one forward and one backward pass each (log scale)")
    left.set_ylabel("accuracy [share of test images]")
    right.set_ylabel("squared error an image, at the inferred Z")
    left.legend(loc="lower right")
    annotate(
        figure,
        f"Iterating Z from the maximum-entropy point ({only(seeds, 'data')})",
        f"{int(seeds['images'].iloc[0]):,} test images, raw. Adam on the logits with half their squared norm (l2, as "
        "in the paper), or with minus the true entropy of Z weighted by the calibrated τ; exponentiated gradient takes "
        "half of the one-step rule's step. The first step of Adam moves every logit equally far, which loses the "
        f"ranking of the classes. Bands: 95 % intervals. {seeds_note(seeds)}",
    )
    save(figure, table, out, settings)


@styled()
def draw_bottleneck(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw accuracy, reliance on Z and error against the width of the code.

    Args:
        inputs: ``bottleneck``, one table a seed.
        out: the PNG.
        settings: resolution.

    Raises:
        WhichtaskError: files that do not fit.
    """
    values = [*ACCURACIES, "likelihood_validation_accuracy", *OTHERS]
    seeds = read_seeds(files(inputs, "bottleneck"), ("code", "noise", *values))
    table = with_means(seeds, ["code", "noise"], values)
    means = table[table["row"] == "mean"]
    plain = means[means["noise"] == 0].sort_values("code").reset_index(drop=True)
    noisy = means[means["noise"] > 0]
    figure = Figure(figsize=(11.0, 4.2), layout="constrained")
    panels = figure.subplots(1, 3)
    places = {code: place for place, code in enumerate(plain["code"])}
    for name, (label, colour, line) in ACCURACIES.items():
        _curve(panels[0], plain.assign(place=plain.index), ("place", name), colour, line, label)
        if line == "-":
            _noisy(panels[0], noisy, places, name, colour)
    panels[0].set_ylabel("accuracy [share of images]")
    panels[0].legend(loc="lower center")
    for axes, (name, label) in zip(panels[1:], OTHERS.items(), strict=True):
        _curve(axes, plain.assign(place=plain.index), ("place", name), NEUTRAL, "-", "")
        _noisy(axes, noisy, places, name, NEUTRAL)
        axes.set_ylabel(label)
        axes.set_ylim(bottom=0)
    for axes in panels:
        axes.set_xticks(range(len(plain)), [str(int(code)) for code in plain["code"]])
        axes.set_xlabel("width of the image's code")
    noises = ", ".join(f"{noise:g}" for noise in sorted(noisy["noise"].unique()))
    annotate(
        figure,
        f"How much the code says decides whether Z is used ({only(seeds, 'data')})",
        "Autoencoders that differ in the width of the code only; 0: no code, the pure generative model. The width for "
        "all other figures was chosen by the one-step accuracy on validation images (dotted). Hollow: noise of s.d. "
        f"{noises or 'none'} on the code in training. Bands: 95 % intervals. {seeds_note(seeds)}",
    )
    save(figure, table, out, settings)


def _curve(axes: Axes, rows: pd.DataFrame, columns: tuple[str, str], colour: str, line: str, label: str) -> None:
    """Draw a curve of means with its band."""
    x, y = columns
    axes.plot(rows[x], rows[y], line, color=colour, linewidth=1.4, marker="D", markersize=3.5, label=label)
    axes.fill_between(rows[x], rows[f"{y}_low"], rows[f"{y}_high"], color=colour, alpha=0.15, linewidth=0)


def _noisy(axes: Axes, rows: pd.DataFrame, places: dict[int, int], name: str, colour: str) -> None:
    """Draw the networks with noise on their code as hollow marks, a little to the right of those without."""
    x = [places[code] + 0.18 for code in rows["code"]]
    axes.plot(x, rows[name], "D", color=colour, markerfacecolor="none", markersize=5)
