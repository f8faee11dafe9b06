"""Groups of searches as lines, and what was measured of them as panels side by side."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from whichtask.figures.marks import MOST_TICKS, chance_key, dot_rows, legend_above, mean_key, unit_key
from whichtask.figures.palette import NEUTRAL, colour_of
from whichtask.figures.style import annotate
from whichtask.figures.td.searches import TRAIN_NOTE, interval_note, scored

COLOUR = colour_of("discovered")


class Measure(NamedTuple):
    """One column of a table of means, drawn in one panel."""

    column: str
    """Its interval, where there is one, is in ``COLUMN_low`` and ``COLUMN_high``."""
    label: str
    form: str = "{:.3f}"
    """How its values are written."""
    chance: str | None = None
    """Column of the chance level, where there is one."""
    zero: bool = False
    """Whether zero is on the axis, with a line."""
    span: float = 0.01
    """Least length of the axis, so that differences without meaning do not look large."""


AGREEMENT = Measure("agreement", "agreement score (AS)\n[share of held-out images]", chance="chance_agreement")
SIMILARITY = Measure("similarity", "similarity of found tasks\n[share of images]")
TRAIN = Measure("train_accuracy", "train accuracy", span=0.1)


def draw_measures(
    table: pd.DataFrame, names: Mapping[str, str], measures: Sequence[Measure], title: str, note: str
) -> Figure:
    """Draw the tasks and the mean of each group in every measure, with legend, title and note.

    Args:
        table: as from ``searches.summarise_searches``, with what all its scores share; rows that are neither of tasks
            nor means only count in the note.
        names: groups from top to bottom, each with the text that stands for it.
        measures: panels from left to right.
        title: what the figure shows.
        note: sentences of this figure.
    """
    widest = max(len(line) for name in names.values() for line in name.split("\n"))
    size = (0.5 + 0.07 * widest + 2.35 * len(measures), 1.85 + 0.52 * len(names))
    figure = Figure(figsize=size, layout="constrained")
    grid = list(figure.subplots(1, len(measures), sharey=True, squeeze=False)[0])
    drawn = table[table["row"].isin(["task", "mean"])].assign(group=table["group"].astype(str))
    colours = dict.fromkeys(names, COLOUR)
    for axes, (column, label, form, chance, zero, span) in zip(grid, measures, strict=True):
        dot_rows(axes, drawn, "group", column, names, colours, form=form, chance=chance)
        axes.set_xlabel(label)
        axes.xaxis.set_major_locator(MaxNLocator(MOST_TICKS, steps=[1, 2, 5, 10]))  # short numbers: panels are narrow
        if zero:
            axes.axvline(0, color=NEUTRAL, linewidth=1.0)
        # The axis gets its least length downwards, and some room.
        low, high = axes.dataLim.intervalx
        low = min(low, high - span)
        axes.set_xlim(low - 0.06 * (high - low), high + 0.06 * (high - low))
    known = [f"{measure.column}_low" for measure in measures if f"{measure.column}_low" in drawn]
    keys = [mean_key(COLOUR, interval=bool(drawn[known].notna().to_numpy().any()))]
    if (drawn["row"] == "task").any():
        keys.append(unit_key("one task", COLOUR))
    if any(measure.chance for measure in measures):
        keys.append(chance_key(upright=True))
    legend_above(grid[0], keys)
    annotate(
        figure,
        f"{title} ({table['data'].iloc[0]})",
        f"Tasks scored by {scored(table)}. {interval_note(table[table['row'] != 'task'])} {note} {TRAIN_NOTE}",
    )
    return figure
