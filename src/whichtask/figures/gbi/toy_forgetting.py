"""Table 1: errors of frozen networks on the context of the last block and on that of the block before it."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.gbi.toy_common import ERRORS, colour_of, draw_arm, draw_dots, in_order, several, short_name
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import legend_below_title, name_rows, paper_key
from whichtask.figures.means import long_means, read_repeats, repeats_note, where
from whichtask.figures.palette import NEUTRAL
from whichtask.figures.style import annotate

BLOCKS: dict[str, tuple[str, dict[str, Any]]] = {
    "last": ("last block", {"markerfacecolor": "white"}),
    "second_to_last": ("second-to-last block", {}),
}
PAPER = {"lstm": 0.30, "gbi_hard": 0.24}
"""Table 1, second-to-last block, which the paper calls MSE."""
READINGS = {0.3: "mae", 0.5: "mse"}
"""Standard deviation and error under which the paper's numbers are possible."""
FOLLOWED = ("lstm", "gbi_hard", "gbi_soft", "shuffled_block")
"""Arms that matter most, drawn over learning."""
TASKS = ("headline", "std_")


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Average both errors over repeats, over the second half of learning and over time, for both standard deviations.

    Args:
        inputs: ``contexts``, contexts.csv of `whichtask gbi toy-learning` and `whichtask gbi toy`, two a repeat.

    Returns:
        Rows of ``long_means``, ``part`` being "late" or "time"; ``oracle_...`` are the errors of knowing the context.

    Raises:
        WhichtaskError: files that do not fit, or no stream of equal stds among them.
    """
    oracle = [f"oracle_{error}" for error in ERRORS]
    table = read_repeats(files(inputs, "contexts"), ["task", "std", "arm", "blocks", "block", *ERRORS, *oracle])
    table = table[table["task"].str.startswith(TASKS) & table["std"].isin(list(READINGS))]
    if table.empty:
        raise WhichtaskError("the tables hold neither a stream of std 0.3 nor one of std 0.5, the readings of Table 1")
    by, late = ["std", "arm", "block"], table[table["blocks"] > table["blocks"].max() / 2]
    parts = [
        long_means(late, by, list(ERRORS)).assign(part="late"),
        long_means(table, [*by, "blocks"], list(ERRORS)).assign(part="time"),
    ]
    return pd.concat(parts, ignore_index=True).join(late.groupby("std")[oracle].first(), on="std")


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Errors of frozen networks on the contexts of the last and of the second-to-last block, under both readings of
    what the paper calls MSE, and with Z iterated where nobody gives it.
    """
    panels = [(float(str(std)), rows, in_order(rows["arm"])) for std, rows in table.groupby("std")]
    figure = Figure(figsize=(12.4, 4.2 * len(panels) + 1.6), layout="constrained")
    shape: dict[str, Any] = {"marker": "D", "linestyle": "", "markersize": 5, "color": NEUTRAL}
    legend_below_title(
        figure, [*(Line2D([], [], label=text, **shape | fill) for text, fill in BLOCKS.values()), paper_key()], 3
    )
    heights = [1.0 + len(arms) for _, _, arms in panels]
    grid = figure.subplots(len(panels), 3, squeeze=False, height_ratios=heights, width_ratios=[1, 1, 0.75])
    for (std, rows, arms), (*pair, last) in zip(panels, grid, strict=True):
        for axes, (error, label) in zip(pair, ERRORS.items(), strict=True):
            _draw_blocks(axes, where(rows, part="late", measure=error), arms, PAPER if READINGS[std] == error else {})
            axes.axvline(rows[f"oracle_{error}"].iloc[0], color=NEUTRAL, linestyle="--", linewidth=1.0)
            axes.set_xlabel(f"{label}, std {std:g} (dashed: oracle)")
        pair[1].tick_params(labelleft=False)
        for arm in FOLLOWED:
            draw_arm(last, where(rows, part="time", measure="mae", arm=arm, block="second_to_last"), "blocks", arm)
        last.set(xlabel=f"blocks learned from, std {std:g}", ylabel="MAE on the second-to-last block")
    annotate(
        figure,
        "Toy sequences: forgetting (Table 1)",
        "Frozen weights on fresh sequences of the context of the last block and of the one before it; mean over "
        "measurements in the second half of learning (rows 'iterated': after learning, Z not given but iterated). The "
        'paper reports an "MSE" of 0.24 (GBI-LSTM) and 0.30 (LSTM) for the second-to-last block: with std 0.3 no '
        "sensible predictor's MSE exceeds 0.18, so either it is the MAE at std 0.3 or the MSE at std 0.5, and the "
        f"rings stand in these two panels. {repeats_note(int(table['n'].max()))}",
    )
    return figure


def _draw_blocks(axes: Axes, rows: pd.DataFrame, arms: list[str], paper: dict[str, float]) -> None:
    for line, arm in enumerate(arms):
        for offset, (block, (_, fill)) in zip(several(2, 0.34), BLOCKS.items(), strict=True):
            reference = paper.get(arm) if block == "second_to_last" else None
            of_block = where(rows, arm=arm, block=block)
            draw_dots(axes, of_block, line + offset, colour_of(arm), paper=reference, **fill)
    name_rows(axes, [short_name(arm) for arm in arms])
