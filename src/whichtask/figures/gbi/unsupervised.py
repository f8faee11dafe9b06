"""Toy sequences without being given Z: how well inferred contexts agree with the true ones, and what that costs."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from whichtask.config import FigureSettings
from whichtask.figures.gbi.toy_common import (
    REPEAT_NOTE,
    draw_dots,
    estimates,
    grid_below_key,
    horizontal,
    read_all,
    repeats_of,
)
from whichtask.figures.inputs import Inputs
from whichtask.figures.style import annotate, save, styled

MEASURES = {"ari": "adjusted Rand index", "mse": "MSE of the prediction"}
VALUES = (*MEASURES, "mae")
METHODS = {
    ("none", "bayes"): ("Bayes filter (knows the means)", "#444444"),
    ("gated", "given"): ("Z given, gates", "#009E73"),
    ("concatenated", "given"): ("Z given, concatenated", "#009E73"),
    ("gated", "inferred"): ("Z inferred, gates", "#D55E00"),
    ("concatenated", "inferred"): ("Z inferred, concatenated", "#E69F00"),
    ("none", "kmeans"): ("k-means on means of windows", "#0072B2"),
    ("gated", "fixed"): ("no Z (1/K), gates", "#888888"),
    ("concatenated", "fixed"): ("no Z (1/K), concatenated", "#888888"),
    ("gated", "random"): ("random Z a block, gates", "#CC79A7"),
    ("concatenated", "random"): ("random Z a block, concatenated", "#CC79A7"),
}
CURVES = [
    ("none", "bayes"),
    ("gated", "inferred"),
    ("concatenated", "inferred"),
    ("none", "kmeans"),
    ("gated", "random"),
]


@styled()
def draw_unsupervised(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw the adjusted Rand index over learning, and index and error in the second half, one row a stream.

    Args:
        inputs: ``unsupervised``, unsupervised.csv of `whichtask gbi unsupervised`, one a repeat.
        out: the PNG.
        settings: resolution.

    Raises:
        WhichtaskError: files that do not fit.
    """
    table = read_all(inputs, "unsupervised", ["task", "entry", "arm", "part", "parts", "step", *VALUES])
    by = ["task", "entry", "arm"]
    over_time = estimates(table, [*by, "part"], VALUES).assign(part_of="time")
    late = table[table["part"] >= table["parts"] / 2]
    trained = estimates(late, by, VALUES).assign(part_of="second half")
    tasks = list(dict.fromkeys(table["task"]))
    figure = Figure(figsize=(12.6, 1.8 + 3.2 * len(tasks)), layout="constrained")
    keys = [Line2D([], [], color=METHODS[key][1], linewidth=1.4, label=METHODS[key][0]) for key in CURVES]
    cells = grid_below_key(figure, keys, 5, [1.0] * len(tasks), 3, [0.85, 1, 1])
    grid = [[figure.add_subplot(cells[row + 1, column]) for column in range(3)] for row in range(len(tasks))]
    for row, task in enumerate(tasks):
        of_task = over_time[(over_time["task"] == task) & (over_time["measure"] == "ari")]
        steps = table.groupby("part")["step"].mean()
        _draw_time(grid[row][0], of_task, steps)
        grid[row][0].set_ylabel(f"{task}: {MEASURES['ari']}")
        for axes, (measure, label) in zip(grid[row][1:], MEASURES.items(), strict=True):
            _draw_methods(axes, trained[(trained["task"] == task) & (trained["measure"] == measure)])
            axes.set_xlabel(f"{label}, second half")
        grid[row][1].set_xlim(-0.05, 1.05)
        grid[row][2].tick_params(labelleft=False)
    annotate(
        figure,
        "Toy sequences: inferring Z while learning, without labels",
        "One step of a fast Adam on the logits of Z, then one of a slow Adam on the weights, at every observation; the "
        "context is the largest entry of Z after each observation. Windows are short, nothing is kept between "
        "them, "
        "so that only Z can carry the context on; all predictions are made before learning from the observation. "
        "Adjusted Rand index: 1 is perfect, 0 is chance. Arms without a point in the middle infer no context. "
        "k-means sees the whole stream at once. "
        f"{REPEAT_NOTE.format(n=repeats_of(trained))}",
    )
    save(figure, pd.concat([trained, over_time], ignore_index=True), out, settings)


def _draw_time(axes: Axes, rows: pd.DataFrame, steps: pd.Series) -> None:
    for entry, arm in CURVES:
        text, colour = METHODS[entry, arm]
        means = rows[(rows["entry"] == entry) & (rows["arm"] == arm) & (rows["row"] == "mean")].sort_values("part")
        x = np.asarray(means["part"].map(steps), dtype=np.float64)
        axes.plot(x, means["value"], color=colour, linewidth=1.4, label=text)
        axes.fill_between(x, means["low"], means["high"], color=colour, alpha=0.14, linewidth=0)
    axes.set_xlabel("observations learned from")
    axes.set_ylim(-0.1, 1.05)


def _draw_methods(axes: Axes, rows: pd.DataFrame) -> None:
    for line, ((entry, arm), (_, colour)) in enumerate(METHODS.items()):
        of_method = rows[(rows["entry"] == entry) & (rows["arm"] == arm)]
        if not of_method.empty:
            draw_dots(axes, of_method, line, colour=colour)
    horizontal(axes, [text for text, _ in METHODS.values()])
