"""Table 1: errors of frozen networks on the context of the last block and on that of the block before it."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.gbi.toy_common import (
    REPEAT_NOTE,
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
from whichtask.figures.style import NEUTRAL, annotate, save, styled

MEASURES = {"mae": "mean absolute error", "mse": "mean squared error"}
BLOCKS = {"last": "last block", "second_to_last": "second-to-last block"}
PAPER = {"lstm": 0.30, "gbi_hard": 0.24}
"""Table 1, second-to-last block, which the paper calls MSE."""
READINGS = ((0.3, "mae"), (0.5, "mse"))
"""Standard deviation and error under which the paper's numbers are possible."""
MAIN = ("lstm", "gbi_hard", "gbi_hard_iterated", "gbi_soft", "gbi_soft_iterated")
TASKS = ("headline", "std_")


@styled()
def draw_toy_forgetting(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw both errors for both standard deviations, one panel each, and the errors over learning below.

    Args:
        inputs: ``contexts``, contexts.csv of `whichtask gbi toy-learning` and `whichtask gbi toy`, two a repeat.
        out: the PNG.
        settings: resolution.

    Raises:
        WhichtaskError: files that do not fit, or no stream of equal stds among them.
    """
    table = read_all(inputs, "contexts", ["task", "std", "arm", "blocks", "block", "mae", "mse", "oracle_mae"])
    table = table[table["task"].str.startswith(TASKS)]
    stds = [std for std in sorted(table["std"].unique()) if std in {std for std, _ in READINGS}]
    if not stds:
        raise WhichtaskError("the tables hold neither a stream of std 0.3 nor one of std 0.5, the readings of Table 1")
    table = table[table["std"].isin(stds)]
    by = ["std", "arm", "block"]
    late = table[table["blocks"] > table["blocks"].max() / 2]
    trained = estimates(late, by, MEASURES).assign(part="late")
    over_time = estimates(table, [*by, "blocks"], MEASURES).assign(part="time")
    arms = [arm for arm in in_order(table["arm"]) if not arm.endswith("_iterated")]
    arms = sorted(set(table["arm"]), key=lambda arm: (arms.index(arm.removesuffix("_iterated")), arm))
    figure = Figure(figsize=(12.4, 4.2 * len(stds) + 1.6), layout="constrained")
    keys = [
        Line2D(
            [], [], color=NEUTRAL, marker="D", linestyle="", markersize=5, markerfacecolor="white", label="last block"
        ),
        Line2D([], [], color=NEUTRAL, marker="D", linestyle="", markersize=5, label="second-to-last block"),
        Line2D(
            [],
            [],
            color=NEUTRAL,
            marker="*",
            linestyle="",
            markersize=10,
            markerfacecolor="white",
            label="paper, second-to-last block",
        ),
    ]
    heights = [1.0 + len(set(trained.loc[trained["std"] == std, "arm"])) for std in stds]
    cells = grid_below_key(figure, keys, 3, heights, 3, [1, 1, 0.75])
    for row, std in enumerate(stds):
        grid = [figure.add_subplot(cells[row + 1, column]) for column in range(3)]
        of_std = trained[trained["std"] == std]
        shown = [arm for arm in arms if arm in set(of_std["arm"])]
        for axes, (measure, label) in zip(grid, MEASURES.items(), strict=False):
            _draw_blocks(axes, of_std[of_std["measure"] == measure], shown)
            if (std, measure) in READINGS:
                _draw_paper(axes, shown)
            floor = late.loc[late["std"] == std, f"oracle_{measure}"].iloc[0]
            axes.axvline(floor, color=NEUTRAL, linestyle="--", linewidth=1.0)
            axes.set_xlabel(f"{label}, std {std:g} (dashed: oracle)")
        grid[1].tick_params(labelleft=False)
        _draw_time(grid[2], over_time[(over_time["std"] == std) & (over_time["measure"] == "mae")], std)
    annotate(
        figure,
        "Toy sequences: forgetting (Table 1)",
        "Frozen weights on fresh sequences of the context of the last block and of the one before it; mean over "
        "measurements in the second half of learning (rows 'iterated': after learning, Z not given but iterated). "
        "The paper "
        'reports an "MSE" of 0.24 (GBI-LSTM) and 0.30 (LSTM) for the second-to-last block: with std 0.3 no sensible '
        "predictor's MSE exceeds 0.18, so either it is the MAE at std 0.3 or the MSE at std 0.5, and the stars stand "
        f"in these two panels. {REPEAT_NOTE.format(n=repeats_of(trained))}",
    )
    save(figure, pd.concat([trained, over_time], ignore_index=True), out, settings)


def _text(arm: str) -> str:
    base = name_of(arm.removesuffix("_iterated"))
    return f"{base},\nZ iterated" if arm.endswith("_iterated") else base.replace(", ", ",\n").replace(": ", ":\n")


def _draw_blocks(axes: Axes, rows: pd.DataFrame, arms: list[str]) -> None:
    for line, arm in enumerate(arms):
        for block, offset in zip(BLOCKS, (-0.17, 0.17), strict=True):
            hollow = {"markerfacecolor": "white"} if block == "last" else {}
            of_block = rows[(rows["arm"] == arm) & (rows["block"] == block)]
            draw_dots(axes, of_block, line + offset, colour=colour_of(arm.removesuffix("_iterated")), **hollow)
    horizontal(axes, [_text(arm) for arm in arms])


def _draw_paper(axes: Axes, arms: list[str]) -> None:
    for arm, value in PAPER.items():
        if arm in arms:
            axes.plot(
                [value], [arms.index(arm) + 0.17], "*", color=NEUTRAL, markersize=10, markerfacecolor="white", zorder=5
            )


def _draw_time(axes: Axes, rows: pd.DataFrame, std: float) -> None:
    """Draw the error on the second-to-last block over learning, of the arms that matter most."""
    for arm in [arm for arm in in_order(rows["arm"]) if arm in MAIN or arm == "shuffled_block"]:
        if arm.endswith("_iterated"):
            continue
        draw_line(axes, rows[(rows["arm"] == arm) & (rows["block"] == "second_to_last")], "blocks", arm)
    axes.set_xlabel(f"blocks learned from, std {std:g}")
    axes.set_ylabel("MAE on the second-to-last block")
