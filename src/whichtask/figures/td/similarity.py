"""How different the tasks are from each other: the matrix of the discovered ones, and all kinds as histograms."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.style import annotate, colour_of, in_order, save, styled
from whichtask.figures.tables import pairwise_interval, read_similarity

MATRIX_KIND = "discovered"
MOST_NUMBERED = 10  # numbers in the cells of a larger matrix could not be read
BIN = 0.02


@styled()
def draw_similarity(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw the similarity matrix of the discovered tasks and, for every kind, the histogram over its pairs.

    Args:
        inputs: ``tables``, similarity tables named by kind; ``discovered.csv`` must be among them.
        out: the PNG.
        settings: resolution.
    """
    table = read_similarity(files(inputs, "tables"))[["set", "task_a", "task_b", "agreement_similarity"]]
    kinds = in_order(table["set"])
    if MATRIX_KIND not in kinds:
        raise WhichtaskError(
            f"td_similarity needs pairs of {MATRIX_KIND} tasks ({MATRIX_KIND}.csv), but was given pairs of "
            f"{', '.join(kinds) or 'none'}"
        )
    figure = Figure(figsize=(9.6, 4.3), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.15])
    _draw_matrix(figure, left, table[table["set"] == MATRIX_KIND])
    _draw_histograms(right, table, kinds)
    annotate(
        figure,
        "Similarity of tasks",
        "Similarity of two tasks: share of images with equal labels, or its complement where that is larger; 0.5 is "
        "the least, 1 the same task. Legend and dashed lines: mean over pairs with bootstrap 95 % interval over tasks.",
    )
    save(figure, table, out, settings)


def _matrix(rows: pd.DataFrame) -> tuple[list[str], npt.NDArray[np.float64]]:
    """Return task names and the symmetric matrix, NaN on the diagonal (a task with itself says nothing)."""
    names = list(dict.fromkeys([*rows["task_a"], *rows["task_b"]]))
    place = {name: index for index, name in enumerate(names)}
    values = np.full((len(names), len(names)), np.nan)
    for first, second, value in zip(rows["task_a"], rows["task_b"], rows["agreement_similarity"], strict=True):
        values[place[first], place[second]] = values[place[second], place[first]] = value
    return names, values


def _draw_matrix(figure: Figure, axes: Axes, rows: pd.DataFrame) -> None:
    names, values = _matrix(rows)
    axes.grid(visible=False)
    axes.set_facecolor("#EEEEEE")
    picture = axes.imshow(values, vmin=0.5, vmax=1.0, cmap="cividis")
    figure.colorbar(picture, ax=axes, label="similarity", shrink=0.85)
    short = [name.removeprefix(f"{MATRIX_KIND}_") for name in names]
    size = 7.5 if len(names) <= MOST_NUMBERED else 5.0
    axes.set_xticks(range(len(names)), short, rotation=90, fontsize=size)
    axes.set_yticks(range(len(names)), short, fontsize=size)
    axes.tick_params(length=0)
    axes.set_title(f"{len(names)} {MATRIX_KIND} tasks", loc="left")
    if len(names) > MOST_NUMBERED:
        return
    for (row, column), value in np.ndenumerate(values):
        if row != column:
            colour = "white" if value < 0.72 else "black"
            axes.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=6.5, color=colour)


def _draw_histograms(axes: Axes, table: pd.DataFrame, kinds: list[str]) -> None:
    # Bins are centred on 0.5, 0.52, ..., so that the 0.6 of the core human tasks is not on an edge.
    bins = np.arange(0.5 - BIN / 2, 1 + BIN, BIN)
    for kind in kinds:
        rows = table[table["set"] == kind]
        values = rows["agreement_similarity"]
        estimate = pairwise_interval(rows)
        label = f"{kind}: {estimate.mean:.3f}"
        if not np.isnan(estimate.low):
            label += f" [{estimate.low:.3f}, {estimate.high:.3f}]"
        label += f", {estimate.n} tasks, {len(values)} pair{'s' if len(values) > 1 else ''}"
        # Shares, since kinds differ in their number of pairs.
        counts, _ = np.histogram(values, bins=bins)
        axes.stairs(counts / counts.sum(), bins, color=colour_of(kind), alpha=0.3, fill=True)
        axes.stairs(counts / counts.sum(), bins, color=colour_of(kind), linewidth=1.4, label=label)
        axes.axvline(estimate.mean, color=colour_of(kind), linestyle="--", linewidth=1.0)
    axes.set_xlim(0.48, max(0.7, table["agreement_similarity"].max() + BIN))
    axes.set_xlabel("similarity of two tasks [share of images]")
    axes.set_ylabel(f"share of pairs (bins of {BIN})")
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0))
