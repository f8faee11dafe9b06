"""Whether the class can be read from inferred bits."""

import pandas as pd
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.bridge.common import (
    METHODS,
    WORDS,
    Series,
    by_seed,
    chance_line,
    draw_lines,
    name_of,
    read,
    sources_of,
)
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import legend_below_title, line_key
from whichtask.figures.means import repeats_note
from whichtask.figures.palette import NEUTRAL
from whichtask.figures.style import annotate

SHOWN = ("one-step", "iterative", "given", "code")


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Return seeds and means of the accuracy of the class by a linear readout, by source and what it reads.

    Args:
        inputs: ``readout``, one table for each image set and repeat.
    """
    table = read(files(inputs, "readout"), ("method", "accuracy", "balanced", "majority"))
    return by_seed(table, ["data", "source", "method", "code"], ("accuracy", "balanced", "majority"))


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Accuracy of the class of test images by a linear readout of the bits that one step or iterating infers, of the
    true bits, and of the image's code alone, by source of Z.
    """
    sets, names = list(table["data"].unique()), sources_of(table)
    figure = Figure(figsize=(2.2 + 4.0 * len(sets), 4.6), layout="constrained")
    (grid,) = figure.subplots(1, len(sets), squeeze=False)
    for axes, data in zip(grid, sets, strict=True):
        own = table[table["data"] == data]
        series = [Series(own[own["method"] == method], METHODS[method]) for method in SHOWN]
        draw_lines(axes, series, "accuracy", names if axes is grid[0] else dict.fromkeys(names, ""))
        chance_line(axes, float(own["majority"].mean()))
        axes.set_xlim(0, 1.03)
        axes.set_title(name_of(data), loc="left")
        axes.set_xlabel("class by a linear readout\n[share of test images right]")
    keys = [line_key(WORDS[method], NEUTRAL, marker=METHODS[method], linestyle="") for method in SHOWN]
    legend_below_title(figure, keys, 4)
    annotate(
        figure,
        "Is the class in the inferred bits?",
        "Readouts are fitted on validation images. True bits: the most that these bits can say. Dotted: rate of the "
        f"most frequent class. {repeats_note(table['repeat'].nunique())}",
    )
    return figure
