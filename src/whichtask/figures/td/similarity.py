"""How different the tasks are from each other: the matrix of the discovered ones, and all kinds as histograms."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import heat_map, value_text
from whichtask.figures.palette import colour_of, in_order
from whichtask.figures.style import annotate
from whichtask.figures.tables import pairwise_interval, read_similarity
from whichtask.figures.td.agreement import counted
from whichtask.stats import Estimate

MATRIX_KIND = "discovered"
MOST_NUMBERED = 10  # numbers in the cells of a larger matrix could not be read
MOST_NAMED = 24  # names that fit beside the matrix
BIN = 0.02


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Return the similarity of each pair of tasks of one kind, and beside it the kind's mean with interval over tasks.

    Args:
        inputs: ``tables``, similarity tables named by kind; ``discovered.csv`` must be among them.
    """
    table = read_similarity(files(inputs, "tables"))[["set", "task_a", "task_b", "agreement_similarity"]]
    kinds = in_order(table["set"])
    if MATRIX_KIND not in kinds:
        raise WhichtaskError(
            f"td_similarity needs pairs of {MATRIX_KIND} tasks ({MATRIX_KIND}.csv), but was given pairs of "
            f"{', '.join(kinds) or 'none'}"
        )
    found = {name: pairwise_interval(rows) for name, rows in table.groupby("set")}
    columns = {f"{part}_of_set": [getattr(found[name], part) for name in table["set"]] for part in Estimate._fields}
    return table.assign(**columns)


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Similarity of tasks: share of images with equal labels, or its complement where larger (0.5 unrelated, 1 the same
    task). Left: all pairs of discovered tasks; right: histogram over pairs for each kind, with the mean and its
    jackknife 95 % interval over tasks.
    """
    figure = Figure(figsize=(9.6, 4.3), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.15])
    _draw_matrix(left, table[table["set"] == MATRIX_KIND])
    _draw_histograms(right, table)
    annotate(
        figure,
        "Similarity of tasks",
        "Similarity of two tasks: share of images with equal labels, or its complement where that is larger; 0.5 is "
        "the least, 1 the same task. Legend and dashed lines: mean over pairs with jackknife 95 % interval over tasks.",
    )
    return figure


def _draw_matrix(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw the symmetric matrix, grey on the diagonal, as a task with itself says nothing."""
    names = list(dict.fromkeys([*rows["task_a"], *rows["task_b"]]))
    first, second = (rows[column].map(names.index).to_numpy() for column in ("task_a", "task_b"))
    values = np.full((len(names), len(names)), np.nan)
    values[first, second] = values[second, first] = rows["agreement_similarity"]
    colour_on = heat_map(axes, values, "similarity")
    axes.set_aspect("equal")
    short = [str(name).removeprefix(f"{MATRIX_KIND}_") for name in names]
    step = -(-len(names) // MOST_NAMED)
    axes.set_xticks(range(0, len(names), step), short[::step], rotation=90, fontsize=7)
    axes.set_yticks(range(0, len(names), step), short[::step], fontsize=7)
    axes.set_title(f"{len(names)} {MATRIX_KIND} tasks", loc="left")
    if len(names) > MOST_NUMBERED:
        return
    for (row, column), value in np.ndenumerate(values):
        if row != column:
            axes.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=6.5, color=colour_on(value))


def _draw_histograms(axes: Axes, table: pd.DataFrame) -> None:
    # Bins are centred on 0.5, 0.52, ..., so that the 0.6 of the core human tasks is not on an edge.
    bins = np.arange(0.5 - BIN / 2, 1 + BIN, BIN)
    for kind in in_order(table["set"]):
        rows, colour = table[table["set"] == kind], colour_of(kind)
        mean = Estimate(*(rows[f"{part}_of_set"].iloc[0] for part in Estimate._fields))
        pairs = counted(pd.Series([len(rows)]), "pair")
        # Shares, since kinds differ in their number of pairs.
        shares = np.histogram(rows["agreement_similarity"], bins=bins)[0] / len(rows)
        axes.stairs(shares, bins, color=colour, alpha=0.3, fill=True)
        label = f"{kind}: {value_text(mean)}, {mean.n} tasks, {pairs}"
        axes.stairs(shares, bins, color=colour, linewidth=1.4, label=label)
        axes.axvline(mean.mean, color=colour, linestyle="--", linewidth=1.0)
    axes.set_xlim(0.48, max(0.7, table["agreement_similarity"].max() + BIN))
    axes.set_xlabel("similarity of two tasks [share of images]")
    axes.set_ylabel(f"share of pairs (bins of {BIN})")
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0))
