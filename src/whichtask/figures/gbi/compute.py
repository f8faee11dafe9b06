"""What one-step, iterative and enumerated inference cost as the number of tasks and the network grow."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import band, legend_below_title, line_key
from whichtask.figures.means import long_means, read_repeats, repeats_note, where
from whichtask.figures.palette import BLUE, GREY, VERMILION
from whichtask.figures.style import annotate

METHODS = {"one-step": VERMILION, "iterative": BLUE, "likelihood": GREY}
CELL = ["width", "tasks", "parameters"]
PASSES = ["forward_passes", "backward_passes"]
REFERENCE = "one-step"
LABELS = {"operations_per_image": "operations an image [FLOP]", "seconds_per_image": "time an image [s]"}


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Average passes, operations and seconds an image over repeats, for every method, width and number of tasks.

    Args:
        inputs: ``compute``, one table for each repeat.

    Returns:
        Rows of ``long_means`` by ``width``, ``tasks``, ``parameters`` and ``method``; ``operations_ratio`` and
        ``seconds_ratio`` are in units of one step's of the same repeat; ``device`` is where the time was taken.

    Raises:
        WhichtaskError: files that do not fit.
    """
    table = read_repeats(files(inputs, "compute"), [*CELL, "method", *PASSES, *LABELS, "device"])
    ratios = {value: value.replace("per_image", "ratio") for value in LABELS}
    of_one_step = where(table, method=REFERENCE).set_index(["repeat", *CELL])[list(LABELS)].rename(columns=ratios)
    joined = table.join(of_one_step, on=["repeat", *CELL])
    joined = joined.assign(**{ratio: joined[value] / joined[ratio] for value, ratio in ratios.items()})
    found = long_means(joined, [*CELL, "method"], [*PASSES, *LABELS, *ratios.values()])
    return found.assign(device=", ".join(table["device"].unique()))


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """What one-step, iterative and enumerated inference of Z cost: operations counted and time measured, as the number
    of tasks K and the decoder grow.
    """
    widths, most = sorted(table["width"].unique()), table["tasks"].max()
    width = widths[len(widths) // 2]
    figure = Figure(figsize=(10.4, 6.6), layout="constrained")
    legend_below_title(figure, [line_key(*method, marker="o", markersize=4) for method in METHODS.items()], 3)
    grid = figure.subplots(2, 2, sharey="row")
    for row, (value, label) in zip(grid, LABELS.items(), strict=True):
        rows = where(table, row="mean", measure=value)
        _draw(row[0], where(rows, width=width), "tasks", "number of tasks K")
        _draw(row[1], where(rows, tasks=most), "width", "width of the decoder's gated layer")
        row[0].set_ylabel(label)
    grid[0][0].set_title(f"width {width:,}")
    grid[0][1].set_title(f"K = {most:,}")
    annotate(
        figure,
        "Cost of inferring Z",
        "One-step: one forward and one backward pass; iterative: "
        f"{where(table, method='iterative', measure='forward_passes')['value'].iloc[0]:.0f} of each; likelihood: K "
        "forward passes, one a task. Passes, and operations of matrix products and convolutions, are counted while a "
        "method runs; a backward pass that stops at Z "
        "costs as much as a forward pass. Times are medians of turns taken by all methods on the same images "
        f"({table['device'].iloc[0]}), encoder left out. Untrained decoders. {repeats_note(int(table['n'].max()))}",
    )
    return figure


def _draw(axes: Axes, rows: pd.DataFrame, column: str, label: str) -> None:
    for method, colour in METHODS.items():
        of_method = where(rows, method=method).sort_values(column)
        means_of, low, high = (of_method[name] for name in ("value", "low", "high"))
        band(axes, of_method[column], means_of, low, high, colour, marker="o", markersize=4)
    axes.set(xscale="log", yscale="log", xlabel=label)
    ticks = sorted(rows[column].unique())
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.set_xticks([], minor=True)
