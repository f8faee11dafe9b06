"""A domain that no network was trained on: what optimising Z does to the loss on other text of it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.gbi.language import LSTM, SHUFFLED, STYLES, draw_lines, keys_of, panels, text_note, unit
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import bars, legend_above
from whichtask.figures.means import read_repeats
from whichtask.figures.palette import NEUTRAL, VERMILION
from whichtask.figures.style import annotate
from whichtask.figures.tables import only

GBI = "GBI-LSTM"
ARMS = {"gbi": GBI, "lstm": LSTM, "shuffled": SHUFFLED}
ARM_STYLES = {GBI: (VERMILION, "o"), LSTM: STYLES[LSTM], SHUFFLED: STYLES[SHUFFLED]}


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Return the ``panels`` of loss on held-out domains over the optimisation of Z, its change, and the last Z.

    Args:
        inputs: ``novel`` and ``novel_z``, one table for each repeat.
    """
    columns = ["data", "characters_per_token", "domain", "arm", "step", "loss_nats_per_token"]
    novel = read_repeats(files(inputs, "novel"), columns)
    only(novel, "data")
    novel = novel.assign(series=novel["arm"].replace(ARMS), value=novel["loss_nats_per_token"] / np.log(2))
    keys = ["repeat", "domain", "series"]
    start = novel.loc[novel["step"] == 0, [*keys, "value"]].rename(columns={"value": "start"})
    change = novel.merge(start, on=keys)
    change = change.assign(value=change["value"] - change["start"])
    found = read_repeats(files(inputs, "novel_z"), ["domain", "arm", "entry", "value"])
    by = ["domain", "series", "step"]
    parts = {
        "loss": (novel, by),
        "change": (change, by),
        "Z": (found[found["arm"] == "gbi"].assign(series=GBI), ["domain", "series", "entry"]),
    }
    return panels(parts, novel)


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Z optimised with frozen weights on domains that no network was trained on, judged on other text of them, from
    before the first step; the LSTM, whose Z never told it anything, likewise.
    """
    domains = list(table["domain"].unique())
    figure = Figure(figsize=(3.9 * max(2, len(domains)) + 1.2, 9.0), layout="constrained")
    grid = figure.subplots(3, len(domains), squeeze=False, sharey="row", height_ratios=[1.1, 1.1, 1])
    for column, domain in zip(grid.T, domains, strict=True):
        _draw_domain(column, table[table["domain"] == domain], domain)
    grid[0][0].set_ylabel(f"loss on other text of the domain\n[{unit(table)}]")
    grid[1][0].set_ylabel(f"change since before step 1\n[{unit(table)}]")
    grid[2][0].set_ylabel("last Z (dashed: uniform)")
    legend_above(grid[1][0], keys_of(ARM_STYLES))
    annotate(
        figure,
        f"Language: adapting Z to domains that were never trained on (data: {only(table, 'data')})",
        "One Z for each held-out domain, optimised with frozen weights on some of its sequences and judged on others, "
        "from the maximum-entropy point (step 0, before the first step). The LSTM's Z, which was 1/K in all of its "
        f"training, is optimised likewise. Below: entries of the GBI-LSTM's last Z. {text_note(table)}",
    )
    return figure


def _draw_domain(column: Sequence[Axes], rows: pd.DataFrame, domain: str) -> None:
    """Draw one column of panels: loss, change and the last Z."""
    steps = sorted(rows["step"].dropna().unique())
    for axes, panel in zip(column, ("loss", "change"), strict=False):
        draw_lines(axes, rows[rows["panel"] == panel], "step", ARM_STYLES)
        axes.set_xscale("symlog", linthresh=1)  # step 0 has a place, and then factors
        axes.set_xticks(steps, [f"{step:,.0f}" for step in steps])
        axes.set_xticks([], minor=True)
        axes.set_xlabel("steps of optimising Z")
    column[0].set_title(domain.replace("_", " "))
    entries, last = rows[rows["panel"] == "Z"], column[2]
    means, seeds = (entries[entries["row"] == kind] for kind in ("mean", "seed"))
    names = list(means["entry"])
    places, errors = np.arange(len(names)), bars(means["value"], means["low"], means["high"])
    last.bar(places, means["value"], color=VERMILION, alpha=0.35, width=0.7)
    last.errorbar(places, means["value"], yerr=errors, fmt="none", ecolor=VERMILION, capsize=3)
    last.scatter([names.index(name) for name in seeds["entry"]], seeds["value"], s=7, color=NEUTRAL, zorder=4)
    last.set_xticks(places, [name.replace("_", " ") for name in names], rotation=40, ha="right")
    last.axhline(1 / len(names), color=NEUTRAL, linestyle="--", linewidth=1.0)
    last.tick_params(axis="x", length=0)
