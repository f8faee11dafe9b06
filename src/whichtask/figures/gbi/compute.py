"""What one-step, iterative and enumerated inference cost as the number of tasks and the network grow."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import band, legend_below_title, line_key
from whichtask.figures.means import means, read_repeats, repeats_note, where
from whichtask.figures.palette import BLUE, GREY, VERMILION
from whichtask.figures.style import annotate

METHODS = {"one-step": VERMILION, "iterative": BLUE, "likelihood": GREY}
BY = ["width", "tasks", "parameters", "method", "forward_passes", "backward_passes"]
LABELS = {"operations_per_image": "operations an image [FLOP]", "seconds_per_image": "time an image [s]"}


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Average operations and seconds an image over repeats, for every method, width and number of tasks.

    Args:
        inputs: ``compute``, one table for each repeat.

    Returns:
        A row for each group and each of the two, named in ``value``; ``device`` is where the time was taken.

    Raises:
        WhichtaskError: files that do not fit.
    """
    table = read_repeats(files(inputs, "compute"), [*BY, *LABELS, "device"])
    columns = [*BY, "mean", "low", "high", "n"]
    costs = [means(table, BY, [value]).set_axis(columns, axis=1).assign(value=value) for value in LABELS]
    return pd.concat(costs, ignore_index=True).assign(device=", ".join(table["device"].unique()))


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
        _draw(row[0], where(table, value=value, width=width), "tasks", "number of tasks K")
        _draw(row[1], where(table, value=value, tasks=most), "width", "width of the decoder's gated layer")
        row[0].set_ylabel(label)
    grid[0][0].set_title(f"width {width:,}")
    grid[0][1].set_title(f"K = {most:,}")
    annotate(
        figure,
        "Cost of inferring Z",
        "One-step: one forward and one backward pass; iterative: "
        f"{where(table, method='iterative')['forward_passes'].iloc[0]} of each; likelihood: K forward passes, one a "
        "task. Operations of matrix products and convolutions are counted, not timed; a backward pass that stops at Z "
        "costs as much as a forward pass. Times are medians of turns taken by all methods on the same images "
        f"({table['device'].iloc[0]}), encoder left out. Untrained decoders. {repeats_note(int(table['n'].max()))}",
    )
    return figure


def _draw(axes: Axes, rows: pd.DataFrame, column: str, label: str) -> None:
    for method, colour in METHODS.items():
        of_method = where(rows, method=method).sort_values(column)
        means_of, low, high = (of_method[name] for name in ("mean", "low", "high"))
        band(axes, of_method[column], means_of, low, high, colour, marker="o", markersize=4)
    axes.set(xscale="log", yscale="log", xlabel=label)
    ticks = sorted(rows[column].unique())
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.set_xticks([], minor=True)
