"""Codes for Z: one-hot, learned embeddings, a part for each factor; combinations that training showed or left out."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.gbi.images import name_of
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import MARK, POINTS, bars, estimate_in, legend_above, line_key, name_rows
from whichtask.figures.means import read_repeats, repeats_note, seeds_and_means
from whichtask.figures.palette import BLUE, NEUTRAL, VERMILION
from whichtask.figures.style import annotate
from whichtask.figures.tables import only

ABOUT = ("data", "images_train", "variance_share", "code", "combinations", "images_test")
KINDS = {"seen": (BLUE, "D"), "left out": (VERMILION, "o")}
"""Colour and marker of combinations."""
ERROR = "error"


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Return seeds and means of each measure by code and way of inference.

    Args:
        inputs: ``accuracy`` and ``loss``, one table for each repeat.

    Returns:
        ``measure`` is "class" or the factor whose accuracy is meant, or "error" for the reconstruction error.
    """
    accuracy = read_repeats(files(inputs, "accuracy"), (*ABOUT, "method", "measure", "chance", "accuracy"))
    loss = read_repeats(files(inputs, "loss"), (*ABOUT, "abstraction", "loss"))
    only(accuracy, "data")
    errors = loss[loss["abstraction"] != "uniform"].rename(columns={"loss": "value", "abstraction": "method"})
    both = [accuracy.rename(columns={"accuracy": "value"}), errors.assign(measure=ERROR)]
    return seeds_and_means(pd.concat(both, ignore_index=True), ["code", "method", "combinations", "measure"], ["value"])


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """One-hot codes, learned embeddings and one part a factor as Z: accuracy of the inferred class and of each of its
    factors, for combinations of factors that training showed and for those that it left out.
    """
    measures = [*table.loc[table["measure"] != ERROR, "measure"].unique(), ERROR]
    figure = Figure(figsize=(13.4, 5.0), layout="constrained")
    grid = figure.subplots(1, len(measures), width_ratios=[1.25, *[1] * (len(measures) - 2), 1.1])
    for axes, measure in zip(grid, measures, strict=True):
        rows = table[table["measure"] == measure]
        lines = [(code, method) for code in rows["code"].unique() for method in rows["method"].unique()]
        _draw_marks(axes, rows, lines, "{:.1f}" if measure == ERROR else "{:.2f}")
        if measure == ERROR:
            name_rows(axes, [f"{code}, {'Z given' if method == 'given' else method}" for code, method in lines])
            axes.margins(x=0.07)
            axes.set_xlabel("reconstruction error, Z given\nor inferred [squared, summed]")
            continue
        name_rows(axes, [f"{code}\n{method}" if axes is grid[0] else "" for code, method in lines])
        axes.axvline(rows["chance"].iloc[0], color=NEUTRAL, linewidth=1.0, linestyle=":")
        axes.set_xlim(-0.02, 1.07 * axes.dataLim.x1 or 0.07)
        axes.set_xlabel(f"{'whole class' if measure == 'class' else measure}\n[share of test images right]")
    for axes in grid:
        axes.tick_params(axis="y", labelsize=7.5)
    keys = [line_key(f"combinations {kind}", colour, marker=mark) for kind, (colour, mark) in KINDS.items()]
    legend_above(grid[0], keys)
    seeds = table[(table["row"] == "seed") & (table["measure"] != ERROR)]
    first = seeds.iloc[0]
    annotate(
        figure,
        f"Richer codes for Z: {name_of(first['data'])}",
        f"A class is a combination of factors. About {round(seeds['images_train'].mean()):,} training images of the "
        "combinations that are seen; a fifth of all combinations are left out, others in each seed. Only a code with "
        "one part a factor has learned entries for these; the other codes can at best name a seen class that shares "
        "some of their factors. The same network and batches for all codes "
        f"({100 * first['variance_share']:.0f} % of the pixels' variance). Dotted: chance. "
        f"{repeats_note(seeds['repeat'].nunique())}",
    )
    return figure


def _draw_marks(axes: Axes, rows: pd.DataFrame, lines: Sequence[tuple[str, str]], form: str) -> None:
    """Draw one measure: a line for each code and way of inference, a mark for each kind of combinations."""
    place = axes.get_yaxis_transform()
    for line, (code, method) in enumerate(lines):
        for y, (kind, (colour, mark)) in zip((line - 0.2, line + 0.2), KINDS.items(), strict=True):
            own = rows[(rows["code"] == code) & (rows["method"] == method) & (rows["combinations"] == kind)]
            points = own.loc[own["row"] == "seed", "value"]
            mean, low, high, _ = estimate_in(own[own["row"] == "mean"].iloc[0])
            axes.scatter(points, np.full(len(points), y + 0.12), color=colour, **POINTS)
            axes.errorbar([mean], [y], xerr=bars(mean, low, high), color=colour, **MARK | {"fmt": mark})
            axes.text(1.01, y, form.format(mean), transform=place, va="center", fontsize=6.5, color=colour)
