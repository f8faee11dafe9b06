"""Toy sequences: how many units of the LSTM all contexts share, over learning."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.gbi.toy_common import (
    REPEAT_NOTE,
    arm_keys,
    colour_of,
    draw_dots,
    draw_line,
    estimates,
    grid_below_key,
    horizontal,
    in_order,
    name_of,
    read_all,
    repeats_of,
)
from whichtask.figures.inputs import Inputs
from whichtask.figures.style import annotate, save, styled

LABELS = {"shared_ratio": "shared units [share of active ones]", "active_units": "active units"}
MARKERS = ("o", "D", "s", "^")


@styled()
def draw_toy_modules(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw the ratio of shared units and the number of active ones over blocks, and the ratio for every threshold.

    Args:
        inputs: ``modules``, modules.csv of `whichtask gbi toy-learning`, one a repeat.
        out: the PNG.
        settings: resolution.

    Raises:
        WhichtaskError: files that do not fit.
    """
    modules = read_all(inputs, "modules", ["arm", "blocks", "share", *LABELS])
    arms, shares = in_order(modules["arm"]), sorted(modules["share"].unique())
    primary = shares[len(shares) // 2]
    over_time = estimates(modules, ["arm", "share", "blocks"], LABELS).assign(part="time")
    late = modules[modules["blocks"] > modules["blocks"].max() / 2]
    trained = estimates(late, ["arm", "share"], LABELS).assign(part="late")
    figure = Figure(figsize=(11.4, 5.2), layout="constrained")
    cells = grid_below_key(figure, arm_keys(arms), 4, [1.0], 3, [1, 1, 1.05])
    grid = [figure.add_subplot(cells[1, column]) for column in range(3)]
    shown = over_time[over_time["share"] == primary]
    for axes, (measure, label) in zip(grid, LABELS.items(), strict=False):
        for arm in arms:
            draw_line(axes, shown[(shown["arm"] == arm) & (shown["measure"] == measure)], "blocks", arm)
        axes.set_xlabel("blocks learned from")
        axes.set_ylabel(label)
        axes.set_ylim(bottom=0)
    _draw_thresholds(grid[2], trained[trained["measure"] == "shared_ratio"], arms, shares)
    annotate(
        figure,
        "Toy sequences: units that both contexts use",
        "A unit is active in a context if the variance of its activity there is at least "
        f"{primary:.0%} of its largest variance over contexts, and above a least variance; the paper's "
        "own threshold is not known, so the right panel has others; shared: active in all contexts. Frozen networks "
        "on fresh "
        "sequences, with the Z that each arm was trained with. Right: mean over the second half of learning. The "
        "GBI-LSTM has few active units because its prediction is the mean of the context that it is told. "
        f"{REPEAT_NOTE.format(n=repeats_of(trained))}",
    )
    save(figure, pd.concat([over_time, trained], ignore_index=True), out, settings)


def _draw_thresholds(axes: Axes, trained: pd.DataFrame, arms: list[str], shares: list[float]) -> None:
    for line, arm in enumerate(arms):
        for place, share in enumerate(shares):
            rows = trained[(trained["arm"] == arm) & (trained["share"] == share)]
            offset = (place - (len(shares) - 1) / 2) * 0.26
            draw_dots(
                axes, rows, line + offset, colour=colour_of(arm), form="{:.2f}", fmt=MARKERS[place % len(MARKERS)]
            )
    horizontal(axes, [name_of(arm).replace(", ", ",\n").replace(": ", ":\n") for arm in arms])
    axes.set_xlim(left=0)
    listed = ", ".join(f"{share:.0%}" for share in shares)
    axes.set_xlabel(f"shared units; threshold {listed} (from top)")
