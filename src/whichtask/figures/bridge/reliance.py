"""How much the decoder relies on Z, and how near one step is to the exact posterior."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.bridge.common import MAIN, OTHER, Series, by_seed, draw_lines, name_of, read, sources_of
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import legend_above, line_key
from whichtask.figures.means import repeats_note
from whichtask.figures.palette import NEUTRAL
from whichtask.figures.style import annotate

VALUES = ("reliance", "error_given", "error_permuted", "kl", "known")
LINEAR = 0.1
"""Up to where the axis of the rise is linear."""
WIDTHS = "D^vsP*X"
"""Markers of widths of the code; the main one has the first."""


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Return seeds and means by source and width of the code.

    Args:
        inputs: ``networks``, one table for each image set and repeat.

    Returns:
        ``reliance``: relative rise of the reconstruction error when Z is dealt out to other images; ``kl``, ``known``:
        divergence of one step from the exact posterior, and what that knows, in nats a part; ``width`` "main" is the
        one at which these two were measured.
    """
    table = read(files(inputs, "networks"), ("entry", *VALUES))
    main = table.loc[table["kl"].notna(), "code"].iloc[0]
    table = table.assign(width=np.where(table["code"] == main, MAIN, OTHER))
    found = by_seed(table, ["data", "source", "code", "width"], VALUES)
    entries = table[table["width"] == MAIN].set_index(["data", "source", "repeat"])["entry"]
    keys = zip(found["data"], found["source"], found["repeat"], strict=True)
    return found.assign(entry=[entries.get(key, "") for key in keys])


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Relative rise of the reconstruction error on test images when Z is dealt out to other images, by source of Z and
    width of the image's code; and the divergence of the one-step posterior from the exact one over all combinations
    of the bits, beside what the exact posterior knows.
    """
    sets, names = list(table["data"].unique()), sources_of(table)
    widths = sorted(
        table["code"].unique(), key=lambda code: (code != table.loc[table["width"] == MAIN, "code"].iloc[0], code)
    )
    figure = Figure(figsize=(10.6, 1.6 + 3.0 * len(sets)), layout="constrained")
    grid = figure.subplots(len(sets), 2, squeeze=False, width_ratios=[1.15, 1])
    for (left, right), data in zip(grid, sets, strict=True):
        own = table[table["data"] == data]
        series = [
            Series(own[own["code"] == code], marker, hollow=code != widths[0])
            for code, marker in zip(widths, WIDTHS, strict=False)
        ]
        draw_lines(left, series, "reliance", names)
        left.axvline(0, color=NEUTRAL, linewidth=1.0, linestyle=":")
        left.set_xscale("symlog", linthresh=LINEAR)
        left.set_xlim(left=-0.03)
        left.set_xticks([0, LINEAR, 1], ["0", f"{LINEAR}", "1"])
        left.set_ylabel(name_of(data))
        left.set_xlabel("rise of the error when Z is permuted [relative]")
        _draw_posteriors(right, own[own["width"] == MAIN], names)
    keys = [
        line_key(f"code of {code}", NEUTRAL, marker=marker, linestyle="", markerfacecolor="white" if place else NEUTRAL)
        for place, (code, marker) in enumerate(zip(widths, WIDTHS, strict=False))
    ]
    legend_above(grid[0][0], keys)
    keys = [
        line_key("KL(one step || exact)", NEUTRAL, marker="o", linestyle=""),
        line_key("what the exact posterior knows", NEUTRAL, marker="s", linestyle="", markerfacecolor="white"),
    ]
    legend_above(grid[0][1], keys)
    annotate(
        figure,
        "Does the decoder use Z, and is one step near the exact posterior?",
        "Left: squared error with the Z of another image, relative to that with its own, minus 1 (linear up to "
        f"{LINEAR}, "
        "then logarithmic). Right: one step's product of parts against all combinations tried, KL(one step || exact), "
        "at the temperature that validation images chose, and the entropy that the exact posterior has less than a "
        f"uniform one: where it knows nothing, to be near it is no merit. {repeats_note(table['repeat'].nunique())}",
    )
    return figure


def _draw_posteriors(axes: Axes, main: pd.DataFrame, names: dict[str, str]) -> None:
    renamed = [
        main.rename(columns={f"{of}{end}": f"nats{end}" for end in ("", "_low", "_high")}) for of in ("kl", "known")
    ]
    draw_lines(axes, [Series(renamed[0], "o"), Series(renamed[1], "s", hollow=True)], "nats", names)
    axes.set_yticklabels([])
    axes.set_xlabel("nats a part of Z")
