"""Whether labellings composed of known bits are reached by iterating Z."""

import pandas as pd
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.bridge.common import Series, by_seed, chance_line, draw_lines, name_of, read, sources_of
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import legend_below_title, line_key
from whichtask.figures.means import repeats_note
from whichtask.figures.palette import NEUTRAL
from whichtask.figures.style import annotate

ALL_KINDS = "all compositions"
COIN = "fair coin"
KINDS = {
    "and": "both of two bits",
    "xor": "one of two, not both",
    "three-way": "odd number of three",
    COIN: "fair coin",
}


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Return seeds and means of the accuracy of composed labellings, by source, kind and way of inference.

    Args:
        inputs: ``compositions``, one table for each image set and repeat.

    Returns:
        ``kind`` "all compositions" is the mean over all but the fair coins.
    """
    table = read(files(inputs, "compositions"), ("method", "kind", "number", "accuracy", "balanced", "majority"))
    whole = table[table["kind"] != COIN].assign(kind=ALL_KINDS)
    both = pd.concat([table, whole], ignore_index=True)
    return by_seed(both, ["data", "source", "method", "kind", "code"], ("accuracy", "balanced", "majority"))


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Balanced accuracy on test images of labellings that no network was told: two or three bits composed, and fair
    coins, read from Z that was iterated for each image or inferred in one step, by source of the bits.
    """
    sets, names = list(table["data"].unique()), sources_of(table)
    figure = Figure(figsize=(11.6, 1.5 + 2.6 * len(sets)), layout="constrained")
    grid = figure.subplots(len(sets), len(KINDS), squeeze=False, sharex="row")
    for row, data in zip(grid, sets, strict=True):
        for axes, (kind, words) in zip(row, KINDS.items(), strict=True):
            own = table[(table["data"] == data) & (table["kind"] == kind)]
            series = [
                Series(own[own["method"] == "iterative"], "D"),
                Series(own[own["method"] == "one-step"], "o", hollow=True),
            ]
            draw_lines(axes, series, "balanced", names if axes is row[0] else dict.fromkeys(names, ""))
            chance_line(axes, 0.5)
            if data == sets[0]:
                axes.set_title(words)
            if data == sets[-1]:
                axes.set_xlabel("balanced accuracy")
        row[0].set_ylabel(name_of(data))
    keys = [
        line_key("Z iterated", NEUTRAL, marker="D", linestyle=""),
        line_key("one step", NEUTRAL, marker="o", linestyle="", markerfacecolor="white"),
    ]
    legend_below_title(figure, keys, 2)
    annotate(
        figure,
        "Are labellings composed of known bits reached?",
        "Read from the inferred bits and their products of two and three by a logistic regression on validation "
        f"images, with frozen weights. Dotted: chance. A fair coin for each image is no composition. "
        f"{repeats_note(table['repeat'].nunique())}",
    )
    return figure
