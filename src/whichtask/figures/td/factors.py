"""Which known factors the tasks of a search are: the best match of each factor, and how many are found."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs, file
from whichtask.figures.marks import dot_row, estimate_in, heat_map, legend_above, name_rows
from whichtask.figures.palette import KIND_COLOURS, NEUTRAL
from whichtask.figures.style import annotate
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


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Return the best task of each set for each factor, beside what the set as a whole found.

    ``inputs``: ``factors`` and ``summary``, the two tables of `whichtask factors`.
    """
    matches = read_table(file(inputs, "factors"), MATCH_COLUMNS)
    summary = read_table(file(inputs, "summary"), (*SUMMARY_COLUMNS, "low", "high"))
    if set(matches["set"]) != set(summary["set"]):
        raise WhichtaskError("'factors' and 'summary' are of different sets; both must come from one run of the verb")
    best = matches.loc[matches.groupby(["set", "factor"], sort=False)["phi"].idxmax()]
    found = matches[matches["best"] & (matches["p_corrected"] <= ALPHA)].groupby(["set", "factor"]).size()
    keys = pd.MultiIndex.from_frame(best[["set", "factor"]])
    table = best[["set", "kind", "factor", "task", "match", "phi"]]
    table = table.assign(tasks_that_found_it=found.reindex(keys, fill_value=0).to_numpy())
    of_sets = matches.groupby("set").agg(null_95=("null_95", "mean"), n=("n", "max"), shuffles=("shuffles", "min"))
    return table.merge(summary, on=["set", "kind"], how="left").merge(of_sets, on="set", how="left")


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Which of the ten true factors of factors32 discovered tasks recover: best |phi| of a task with a true factor's
    task on test images, its permutation null, and the number of factors recovered.
    """
    sets, factors = table.drop_duplicates("set"), list(table["factor"].unique())
    figure = Figure(figsize=(12.4, 2.2 + LINE * len(sets)), layout="constrained")
    left, middle, right = figure.subplots(1, 3, sharey=True, width_ratios=[len(factors) * 0.55, 2.7, 2.1])
    colours = [KIND_COLOURS.get(kind, NEUTRAL) for kind in sets["kind"]]
    _draw_counts(middle, sets, colours, len(factors))
    for y, ((_, row), colour) in enumerate(zip(sets.iterrows(), colours, strict=True)):
        right.plot([row["null_95"]] * 2, [y - 0.4, y + 0.4], color="#999999", linewidth=2.0)
        dot_row(right, y, [], estimate_in(row, "best_phi"), colour, "{:.2f}", outside=True)
    names = [f"{name} ({n} task{'s' if n > 1 else ''})" for name, n in zip(sets["set"], sets["tasks"], strict=True)]
    for axes in (right, middle):
        name_rows(axes, names)
    right.set_xlim(0, 1)
    right.set_xlabel("mean best |φ| of a task")
    _draw_matrix(left, table, list(sets["set"]), factors)
    for tick, colour in zip(left.get_yticklabels(), colours, strict=True):
        tick.set_color(colour)
    annotate(
        figure,
        "Known factors that tasks stand for",
        f"|φ|: absolute correlation with a split of a factor into halves, on {table['n'].max():,} test images. "
        f"Cells: largest |φ| over the tasks of a set. A task finds the factor that it matches best; framed: found by a "
        f"task with p ≤ {ALPHA}, from at least {table['shuffles'].min():,} shuffles of its labels matched with all "
        f"splits, times the number of tasks. Right: mean over tasks of the best |φ|, with 95 % interval "
        "(none with one task). Grey: mean over tasks of the 95 % quantile of the best |φ| of shuffled labels.",
    )
    return figure


def _draw_matrix(axes: Axes, table: pd.DataFrame, sets: list[str], factors: list[str]) -> None:
    values = table.pivot_table(index="set", columns="factor", values="phi", sort=False).loc[sets, factors]
    colour_on = heat_map(axes, values.to_numpy(), "", least=0)
    for row in table.to_dict("records"):
        y, x, phi = sets.index(row["set"]), factors.index(row["factor"]), row["phi"]
        axes.text(x, y, f"{phi:.2f}", ha="center", va="center", fontsize=7, color=colour_on(phi))
        if row["tasks_that_found_it"]:
            frame = Rectangle((x - 0.45, y - 0.42), 0.9, 0.84, fill=False, edgecolor="#E8336D", linewidth=1.6)
            axes.add_patch(frame)
    axes.set_xticks(range(len(factors)), factors, rotation=35, ha="left", rotation_mode="anchor")
    axes.tick_params(labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("largest |φ| with a split of the factor")


def _draw_counts(axes: Axes, sets: pd.DataFrame, colours: list[str], most: int) -> None:
    counts = sets[list(LEVELS)].astype(int)
    for column, (_, height, opacity) in LEVELS.items():
        axes.barh(range(len(sets)), counts[column], height=height, color=colours, alpha=opacity, linewidth=0)
    for y, row in enumerate(counts.to_numpy()):
        text = " / ".join(map(str, row))
        axes.annotate(text, (max(row), y), xytext=(4, 0), textcoords="offset points", va="center", fontsize=7)
    axes.set_xlim(0, most * 1.3)
    axes.set_xlabel(f"factors found, of {most}")
    keys = [Rectangle((0, 0), 1, 1, color=NEUTRAL, alpha=opacity, label=label) for label, _, opacity in LEVELS.values()]
    legend_above(axes, keys, columns=1)
