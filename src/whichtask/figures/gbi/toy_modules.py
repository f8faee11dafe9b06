"""Toy sequences: how many units of the LSTM all contexts share, over learning."""

import pandas as pd
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.gbi.toy_common import arm_keys, colour_of, draw_arm, draw_dots, in_order, name_of
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import legend_below_title, name_rows, panel_rows
from whichtask.figures.means import long_means, read_repeats, repeats_note, where
from whichtask.figures.style import annotate

LABELS = {"shared_ratio": "shared units [share of active ones]", "active_units": "active units"}
BANDS = ("lstm", "gbi_hard", "gbi_soft")
"""Arms whose intervals are drawn over learning; with seven bands one would see none."""


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Average shared and active units over repeats: over learning, and over its second half, for every threshold.

    Args:
        inputs: ``modules``, modules.csv of `whichtask gbi toy-learning`, one a repeat.

    Returns:
        Rows of ``long_means``, ``part`` being "time" or "late"; ``share`` is the threshold.

    Raises:
        WhichtaskError: files that do not fit.
    """
    modules = read_repeats(files(inputs, "modules"), ["arm", "blocks", "share", *LABELS])
    late = modules[modules["blocks"] > modules["blocks"].max() / 2]
    parts = [
        long_means(modules, ["arm", "share", "blocks"], list(LABELS)).assign(part="time"),
        long_means(late, ["arm", "share"], list(LABELS)).assign(part="late"),
    ]
    return pd.concat(parts, ignore_index=True)


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Units of the LSTM that are active in both contexts, as a share of the active ones, over learning and for three
    thresholds.
    """
    arms, shares = in_order(table["arm"]), sorted(table["share"].unique())
    primary = shares[len(shares) // 2]
    figure = Figure(figsize=(11.4, 4.9 + 0.36 * len(arms)), layout="constrained")
    legend_below_title(figure, arm_keys(arms), 4)
    upper, lower = panel_rows(figure, [len(LABELS), len(shares)], [2.6, 0.36 * len(arms)])
    for axes, (measure, label) in zip(upper, LABELS.items(), strict=True):
        for arm in arms:
            rows = where(table, part="time", share=primary, arm=arm, measure=measure)
            draw_arm(axes, rows, "blocks", arm, banded=arm in BANDS)
        axes.set(xlabel="blocks learned from", ylabel=label)
        axes.set_ylim(bottom=0)
    longest = 1.05 * where(table, part="late", measure="shared_ratio")["value"].max()
    for axes, share in zip(lower, shares, strict=True):
        for line, arm in enumerate(arms):
            rows = where(table, part="late", share=share, arm=arm, measure="shared_ratio")
            draw_dots(axes, rows, line, colour_of(arm), "{:.2f}")
        name_rows(axes, [name_of(arm) for arm in arms])
        axes.label_outer()
        axes.set_xlabel(f"shared units, threshold {share:.0%}")
        axes.set_xlim(0, longest)
    annotate(
        figure,
        "Toy sequences: units that both contexts use",
        "A unit is active in a context if the variance of its activity there is at least a threshold, as a share of "
        "its largest variance over contexts, and above a least variance; shared: active in all contexts. Above: "
        f"{primary:.0%}, intervals of three arms only. The paper's own threshold is not known, so below are others "
        "too, as means over the second half of learning. Frozen networks on fresh sequences, with the Z that each arm "
        "was trained with. The GBI-LSTM has few active units because its prediction is the mean of the context that "
        f"it is told. {repeats_note(int(table['n'].max()))}",
    )
    return figure
