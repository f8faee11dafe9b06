"""A domain that no network was trained on: what optimising Z does to the loss on other text of it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.gbi.language import draw_lines, token_note, unit, with_means
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.repeats import read_repeats, repeats_note
from whichtask.figures.style import annotate, save, styled
from whichtask.figures.tables import only

ARMS = {"gbi": "GBI-LSTM", "lstm": "LSTM", "shuffled": "shuffled labels"}
STYLES = {"GBI-LSTM": ("#D55E00", "o"), "LSTM": ("#0072B2", "^"), "shuffled labels": ("#6E6E6E", "v")}


@styled()
def draw_language_novel(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw the loss on a held-out domain over the optimisation of Z, its change, and the Z that was found.

    Args:
        inputs: ``novel`` and ``novel_z``, one table for each repeat.
        out: the PNG.
        settings: resolution.
    """
    columns = ["data", "characters_per_token", "domain", "arm", "step", "loss_nats_per_token"]
    novel = read_repeats(files(inputs, "novel"), columns)
    novel = novel.assign(series=novel["arm"].replace(ARMS), value=novel["loss_nats_per_token"] / np.log(2))
    by = ["domain", "series", "step"]
    start = novel.loc[novel["step"] == 0, ["repeat", "domain", "series", "value"]]
    change = novel.merge(start.rename(columns={"value": "start"}), on=["repeat", "domain", "series"])
    change["value"] = change["value"] - change["start"]
    found = read_repeats(files(inputs, "novel_z"), ["domain", "arm", "entry", "value"])
    found = found[found["arm"] == "gbi"].assign(series=ARMS["gbi"])
    drawn = pd.concat(
        [
            with_means(novel, "loss", by),
            with_means(change, "change", by),
            with_means(found, "Z", ["domain", "series", "entry"]),
        ],
        ignore_index=True,
    )
    domains = list(dict.fromkeys(novel["domain"]))
    figure = Figure(figsize=(3.9 * max(2, len(domains)) + 1.2, 9.0), layout="constrained")
    grid = figure.subplots(3, len(domains), squeeze=False, sharey="row", height_ratios=[1.1, 1.1, 1])
    for axes, domain in zip(grid.T, domains, strict=True):
        _draw_domain(axes, drawn[drawn["domain"] == domain], domain)
    grid[0][0].set_ylabel(f"loss on other text of the domain\n[{unit(novel)}]")
    grid[1][0].set_ylabel(f"change since before step 1\n[{unit(novel)}]")
    grid[2][0].set_ylabel("last Z (dashed: uniform)")
    grid[0][-1].legend(loc="best")
    annotate(
        figure,
        f"Language: adapting Z to domains that were never trained on (data: {only(novel, 'data')})",
        "One Z for each held-out domain, optimised with frozen weights on some of its sequences and judged on others, "
        "from the maximum-entropy point (step 0, before the first step). The LSTM's Z, which was 1/K in all of its "
        f"training, is optimised likewise. Below: entries of the GBI-LSTM's last Z. {token_note(novel)} "
        f"{repeats_note(novel)}",
    )
    save(figure, drawn, out, settings)


def _draw_domain(panels: Sequence[Axes], rows: pd.DataFrame, domain: str) -> None:
    """Draw one column of panels: loss, change and the last Z."""
    steps = sorted(rows["step"].dropna().unique())
    for axes, panel in zip(panels[:2], ("loss", "change"), strict=True):
        draw_lines(axes, rows[rows["panel"] == panel], "step", STYLES)
        axes.set_xscale("symlog", linthresh=1)  # step 0 has a place, and then factors
        axes.set_xticks(steps, [f"{step:,.0f}" for step in steps])
        axes.set_xticks([], minor=True)
        axes.set_xlabel("steps of optimising Z")
    panels[0].set_title(domain.replace("_", " "))
    entries = rows[rows["panel"] == "Z"]
    names = list(dict.fromkeys(entries["entry"]))
    means = entries[entries["row"] == "mean"].set_index("entry").loc[names]
    places = np.arange(len(names))
    panels[2].bar(places, means["value"], color=STYLES[ARMS["gbi"]][0], alpha=0.35, width=0.7)
    errors = np.nan_to_num(
        [(means["value"] - means["low"]).clip(lower=0), (means["high"] - means["value"]).clip(lower=0)]
    )
    panels[2].errorbar(places, means["value"], yerr=errors, fmt="none", ecolor=STYLES[ARMS["gbi"]][0], capsize=3)
    seeds = entries[entries["row"] == "seed"]
    panels[2].scatter([names.index(name) for name in seeds["entry"]], seeds["value"], s=7, color="#444444", zorder=4)
    panels[2].set_xticks(places, [name.replace("_", " ") for name in names], rotation=40, ha="right")
    panels[2].axhline(1 / len(names), color="#444444", linestyle="--", linewidth=1.0)
    panels[2].tick_params(axis="x", length=0)
