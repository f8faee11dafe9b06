"""What one-step, iterative and enumerated inference cost as the number of tasks and the network grow."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.repeats import over_repeats, read_repeats, repeats_note
from whichtask.figures.style import annotate, save, styled

METHODS = {"one-step": "#D55E00", "iterative": "#0072B2", "likelihood": "#666666"}
COLUMNS = (
    "width",
    "tasks",
    "parameters",
    "method",
    "forward_passes",
    "backward_passes",
    "operations_per_image",
    "seconds_per_image",
    "device",
)
LABELS = {"operations_per_image": "operations an image [FLOP]", "seconds_per_image": "time an image [s]"}


@styled()
def draw_compute(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw operations and time against the number of tasks (middle width) and against the width (most tasks).

    Args:
        inputs: ``compute``, one table for each repeat.
        out: the PNG.
        settings: resolution.
    """
    table = read_repeats(files(inputs, "compute"), COLUMNS)
    widths, tasks = (sorted(table[column].unique()) for column in ("width", "tasks"))
    width, most = widths[len(widths) // 2], tasks[-1]
    by = ["width", "tasks", "parameters", "method", "forward_passes", "backward_passes"]
    drawn = [over_repeats(table, by, value).rename(columns={value: "mean"}).assign(value=value) for value in LABELS]
    summary = pd.concat(drawn, ignore_index=True)
    figure = Figure(figsize=(10.4, 6.6), layout="constrained")
    grid = figure.subplots(2, 2, sharey="row")
    for row, value in enumerate(LABELS):
        of_value = summary[summary["value"] == value]
        _draw(grid[row][0], of_value[of_value["width"] == width], "tasks", "number of tasks K")
        _draw(grid[row][1], of_value[of_value["tasks"] == most], "width", "width of the decoder's gated layer")
        grid[row][0].set_ylabel(LABELS[value])
    grid[0][0].set_title(f"width {width:,}")
    grid[0][1].set_title(f"K = {most:,}")
    grid[0][0].legend(loc="upper left")
    steps = int(table.loc[table["method"] == "iterative", "forward_passes"].iloc[0])
    annotate(
        figure,
        "Cost of inferring Z",
        f"One-step: one forward and one backward pass; iterative: {steps} of each; likelihood: K forward passes, one a "
        "task. Operations of matrix products and convolutions are counted, not timed; a backward pass that stops "
        "at Z costs as much as a forward pass. Times are medians of turns taken by all methods on the same images "
        f"({', '.join(table['device'].unique())}), encoder left out. Untrained decoders. {repeats_note(table)}",
    )
    save(figure, summary, out, settings)


def _draw(axes: Axes, rows: pd.DataFrame, column: str, label: str) -> None:
    for method, colour in METHODS.items():
        of_method = rows[rows["method"] == method].sort_values(column)
        low, high = (np.nan_to_num((of_method[end] - of_method["mean"]).abs()) for end in ("low", "high"))
        axes.errorbar(
            of_method[column],
            of_method["mean"],
            yerr=[low, high],
            color=colour,
            fmt="o-",
            markersize=4,
            capsize=3,
            linewidth=1.4,
            label=method,
        )
    axes.set(xscale="log", yscale="log", xlabel=label)
    ticks = sorted(rows[column].unique())
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.set_xticks([], minor=True)
