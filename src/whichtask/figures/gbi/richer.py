"""Codes for Z: one-hot, learned embeddings, a part for each factor; combinations that training showed or left out."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from whichtask.config import FigureSettings
from whichtask.figures.gbi.cifar100 import name_of, seeds_and_means
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.repeats import read_repeats, repeats_note
from whichtask.figures.style import NEUTRAL, annotate, save, styled
from whichtask.figures.tables import only

ABOUT = ("data", "images_train", "variance_share", "code", "combinations", "images_test")
ACCURACY_COLUMNS = (*ABOUT, "method", "measure", "chance", "accuracy")
LOSS_COLUMNS = (*ABOUT, "abstraction", "loss")
COLOURS = {"seen": "#0072B2", "left out": "#D55E00"}
MARKERS = {"seen": "D", "left out": "o"}
MARK: dict[str, Any] = {"markersize": 4.5, "capsize": 3, "elinewidth": 1.4, "zorder": 4}


@styled()
def draw_richer(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw accuracy of the class and of each factor, and the reconstruction error, by code and way of inference.

    Args:
        inputs: ``accuracy`` and ``loss``, one table for each repeat.
        out: the PNG.
        settings: resolution.
    """
    accuracy = read_repeats(files(inputs, "accuracy"), ACCURACY_COLUMNS)
    loss = read_repeats(files(inputs, "loss"), LOSS_COLUMNS)
    by = ["code", "method", "combinations", "measure"]
    rows = accuracy.rename(columns={"accuracy": "value"})
    errors = loss[loss["abstraction"] != "uniform"].rename(columns={"loss": "value", "abstraction": "method"})
    rows = pd.concat([rows, errors.assign(measure="error")], ignore_index=True)
    summary = seeds_and_means(rows, by, ["value"])
    measures = list(accuracy["measure"].unique())
    lines = [(code, method) for code in accuracy["code"].unique() for method in accuracy["method"].unique()]
    error_lines = [(code, method) for code in accuracy["code"].unique() for method in errors["method"].unique()]
    figure = Figure(figsize=(13.4, 4.6), layout="constrained")
    grid = figure.subplots(1, len(measures) + 1, width_ratios=[1.25, *[1] * (len(measures) - 1), 1.1])
    for axes, measure in zip(grid, measures, strict=False):
        _draw(axes, summary[summary["measure"] == measure], lines, labelled=axes is grid[0])
        chance = float(accuracy.loc[accuracy["measure"] == measure, "chance"].iloc[0])
        axes.axvline(chance, color=NEUTRAL, linewidth=1.0, linestyle=":")
        whole = measure == "class"
        axes.set_xlabel(f"{'whole class' if whole else measure}\n[share of test images right]")
    _draw(grid[-1], summary[summary["measure"] == "error"], error_lines, labelled=True, short=True)
    grid[-1].set_xlabel("reconstruction error, Z given\nor inferred [squared, summed]")
    _keys(grid[0])
    first = accuracy.iloc[0]
    annotate(
        figure,
        f"Richer codes for Z: {name_of(only(accuracy, 'data'))}",
        f"A class is a combination of factors. About {round(accuracy['images_train'].mean()):,} training images of the "
        "combinations that are seen; a fifth of all combinations are left out, others in each seed. Only a code with "
        "one part a factor has learned entries for these; the other codes can at best name a seen class that shares "
        "some of their factors. The same network and batches for all codes "
        f"({100 * float(first['variance_share']):.0f} % of the pixels' variance). Dotted: chance. "
        f"{repeats_note(accuracy)}",
    )
    save(figure, summary, out, settings)


def _draw(axes: Axes, rows: pd.DataFrame, lines: list[tuple[str, str]], *, labelled: bool, short: bool = False) -> None:
    """Draw one measure: a line for each code and way of inference, a mark for each kind of combinations."""
    for line, (code, method) in enumerate(lines):
        for place, (kind, colour) in enumerate(COLOURS.items()):
            own = rows[(rows["code"] == code) & (rows["method"] == method) & (rows["combinations"] == kind)]
            y = line + 0.15 * (2 * place - 1)
            points = own.loc[own["row"] == "seed", "value"]
            axes.scatter(points, np.full(len(points), y), s=9, color=colour, alpha=0.4, linewidths=0)
            mean = own[own["row"] == "mean"].iloc[0]
            centre, low, high = (float(mean[name]) for name in ("value", "value_low", "value_high"))
            bars = None if np.isnan(low) else [[max(centre - low, 0)], [max(high - centre, 0)]]
            axes.errorbar([centre], [y], xerr=bars, fmt=MARKERS[kind], **MARK, color=colour)
            text = f"{centre:.1f}" if short else f"{centre:.2f}"
            axes.annotate(text, (1.01, y), xycoords=("axes fraction", "data"), fontsize=6.5, color=colour, va="center")
    if short:
        texts = [f"{code}, {'Z given' if method == 'given' else method}" for code, method in lines]
    else:
        texts = [f"{code}\n{method}" for code, method in lines]
    axes.set_yticks(range(len(lines)), texts if labelled else [""] * len(lines), fontsize=7.5)
    axes.set_ylim(len(lines) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    low, high = axes.dataLim.intervalx
    room = 0.07 * ((high - low or 1.0) if short else high or 1.0)
    axes.set_xlim(low - room if short else -0.02, high + room)


def _keys(axes: Axes) -> None:
    handles = [
        Line2D([], [], color=colour, marker=MARKERS[kind], markersize=4.5, linewidth=1.4, label=f"combinations {kind}")
        for kind, colour in COLOURS.items()
    ]
    axes.set_title(" ")
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2).set_in_layout(False)
