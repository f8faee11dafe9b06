"""Which known factors the tasks of a search are: the best match of each factor, and how many are found."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs, file
from whichtask.figures.style import KIND_COLOURS, NEUTRAL, annotate, save, styled
from whichtask.figures.tables import read_table

MATCH_COLUMNS = ("set", "kind", "task", "factor", "match", "phi", "best", "null_95", "p_corrected", "n", "shuffles")
SUMMARY_COLUMNS = ("set", "kind", "tasks", "factors", "found_above_null", "found_0.3", "found_0.5", "best_phi")
LEVELS = {
    "found_above_null": ("above the null, p ≤ 0.01", 0.8, 0.25),
    "found_0.3": ("|φ| ≥ 0.3", 0.5, 0.55),
    "found_0.5": ("|φ| ≥ 0.5", 0.22, 1.0),
}
"""Columns of counts: what they say, height and opacity of their bars, which lie on each other."""
ALPHA = 0.01
LINE = 0.3  # inches of one set


@styled()
def draw_factors(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw the best |phi| of each set with each factor as a heat map, and beside it how many factors each set found.

    Args:
        inputs: ``factors`` and ``summary``, the two tables of `whichtask factors`.
        out: the PNG.
        settings: resolution.
    """
    matches = read_table(file(inputs, "factors"), MATCH_COLUMNS)
    summary = read_table(file(inputs, "summary"), (*SUMMARY_COLUMNS, "low", "high"))
    if set(matches["set"]) != set(summary["set"]):
        raise WhichtaskError("'factors' and 'summary' are of different sets; both must come from one run of the verb")
    table = _best_of(matches)
    sets, names = list(summary["set"]), list(dict.fromkeys(matches["factor"]))
    figure = Figure(figsize=(11.6, 2.2 + LINE * len(sets)), layout="constrained")
    left, middle, right = figure.subplots(1, 3, sharey=True, width_ratios=[len(names) * 0.55, 2.7, 2.1])
    _draw_matrix(left, table, sets, names)
    _draw_counts(middle, summary, len(names))
    _draw_means(right, matches, summary)
    labels = [f"{row['set']} ({row['tasks']} task{'s' if row['tasks'] > 1 else ''})" for row in _records(summary)]
    left.set_yticks(range(len(sets)), labels)
    left.set_ylim(len(sets) - 0.5, -0.5)
    for tick, row in zip(left.get_yticklabels(), _records(summary), strict=True):
        tick.set_color(KIND_COLOURS.get(row["kind"], NEUTRAL))
    annotate(
        figure,
        "Known factors that tasks stand for",
        f"|φ|: absolute correlation with a split of a factor into halves, on {matches['n'].max():,} test images. "
        f"Cells: largest |φ| over the tasks of a set. A task finds the factor that it matches best; framed: found by a "
        f"task with p ≤ {ALPHA}, from at least {matches['shuffles'].min():,} shuffles of its labels matched with all "
        f"splits, times the number of tasks. Right: mean over tasks of the best |φ|, with bootstrap 95 % interval "
        "(none with one task). Grey: mean over tasks of the 95 % quantile of the best |φ| of shuffled labels.",
    )
    _freeze_layout(figure)
    save(figure, table.merge(summary, on=["set", "kind"], how="left"), out, settings)


def _freeze_layout(figure: Figure) -> None:
    """Lay a figure out once: the solver's last digits depend on addresses in memory, and with them ids in the SVG."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        axes.set_position(tuple(round(value, 6) for value in axes.get_position().bounds))


def _records(table: pd.DataFrame) -> list[dict[Any, Any]]:
    return table.to_dict("records")


def _best_of(matches: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each set and factor: its best task, and whether a task found the factor above the null."""
    best = matches.loc[matches.groupby(["set", "factor"], sort=False)["phi"].idxmax()]
    found = matches[matches["best"] & (matches["p_corrected"] <= ALPHA)].groupby(["set", "factor"]).size()
    keys = pd.MultiIndex.from_frame(best[["set", "factor"]])
    columns = ["set", "kind", "factor", "task", "match", "phi"]
    return best[columns].assign(tasks_that_found_it=found.reindex(keys, fill_value=0).to_numpy())


def _draw_matrix(axes: Axes, table: pd.DataFrame, sets: list[str], names: list[str]) -> None:
    values = np.full((len(sets), len(names)), np.nan)
    for row in _records(table):
        y, x = sets.index(row["set"]), names.index(row["factor"])
        values[y, x] = row["phi"]
        colour = "white" if row["phi"] < 0.5 else "black"
        axes.text(x, y, f"{row['phi']:.2f}", ha="center", va="center", fontsize=7, color=colour)
        if row["tasks_that_found_it"]:
            frame = Rectangle((x - 0.45, y - 0.42), 0.9, 0.84, fill=False, edgecolor="#E8336D", linewidth=1.6)
            axes.add_patch(frame)
    axes.imshow(values, vmin=0, vmax=1, cmap="cividis", aspect="auto")
    axes.set_xticks(range(len(names)), names, rotation=35, ha="left", rotation_mode="anchor")
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_xlabel("largest |φ| with a split of the factor")


def _draw_counts(axes: Axes, summary: pd.DataFrame, most: int) -> None:
    for y, row in enumerate(_records(summary)):
        colour = KIND_COLOURS.get(row["kind"], NEUTRAL)
        for column, (_, height, opacity) in LEVELS.items():
            axes.barh(y, row[column], height=height, color=colour, alpha=opacity, linewidth=0)
        counts = " / ".join(str(int(row[column])) for column in LEVELS)
        widest = max(row[column] for column in LEVELS)
        axes.annotate(counts, (widest, y), xytext=(4, 0), textcoords="offset points", va="center", fontsize=7)
    axes.set_xlim(0, most * 1.3)
    axes.set_xticks(range(0, most + 1, 2))
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(f"factors found, of {most}")
    handles = [
        Rectangle((0, 0), 1, 1, color=NEUTRAL, alpha=opacity, label=label) for label, _, opacity in LEVELS.values()
    ]
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(-0.02, 1.0))


def _draw_means(axes: Axes, matches: pd.DataFrame, summary: pd.DataFrame) -> None:
    null = matches.groupby("set")["null_95"].mean()
    for y, row in enumerate(_records(summary)):
        colour = KIND_COLOURS.get(row["kind"], NEUTRAL)
        axes.plot([null[row["set"]]] * 2, [y - 0.4, y + 0.4], color="#999999", linewidth=2.0)
        distances = np.array([[row["best_phi"] - row["low"]], [row["high"] - row["best_phi"]]])
        axes.errorbar(
            [row["best_phi"]], [y], xerr=np.maximum(distances, 0), fmt="D", markersize=4, capsize=3, color=colour
        )
    axes.set_xlim(0, 1)
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("mean best |φ| of a task")
