"""Language models with and without the domain as Z: how fast they learn, and what the three figures share."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from whichtask.config import FigureSettings
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.repeats import over_repeats, read_repeats, repeats_note
from whichtask.figures.style import NEUTRAL, annotate, save, styled
from whichtask.figures.tables import only

SERIES: Mapping[tuple[str, str], tuple[str, str, str]] = {
    ("gbi", "given"): ("GBI-LSTM, Z given", "#D55E00", "o"),
    ("gbi", "uniform"): ("GBI-LSTM, Z uniform", "#E69F00", "s"),
    ("lstm", "uniform"): ("LSTM", "#0072B2", "^"),
    ("shuffled", "uniform"): ("shuffled labels", "#6E6E6E", "v"),
}
"""Name, colour and marker of an arm and the Z it is measured with."""
LSTM = "LSTM"
COLUMNS = ("data", "characters_per_token", "arm", "z", "loss_nats_per_token")
ALL = "all domains"


def read_losses(paths: Sequence[Path], *columns: str) -> pd.DataFrame:
    """Read tables of losses: ``series`` names arm and Z, ``value`` is the loss in bits per token.

    Raises:
        WhichtaskError: files that do not fit, or tables of several texts.
    """
    table = read_repeats(paths, [*COLUMNS, *columns])
    only(table, "data")
    named = [SERIES.get((arm, z), (z,))[0] for arm, z in zip(table["arm"], table["z"], strict=True)]
    return table.assign(series=named, value=table["loss_nats_per_token"] / np.log(2))


def minus_lstm(table: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Return each series' value minus the LSTM's of the same repeat and ``by``: the same text, batches and weights."""
    keys = ["repeat", *by]
    reference = table.loc[table["series"] == LSTM, [*keys, "value"]].rename(columns={"value": "reference"})
    joined: pd.DataFrame = table[table["series"] != LSTM].merge(reference, on=keys)
    joined["value"] = joined["value"] - joined["reference"]
    return joined


def with_means(table: pd.DataFrame, panel: str, by: Sequence[str]) -> pd.DataFrame:
    """Return what a panel draws: a row for each seed, then one for each mean with its interval.

    Returns:
        ``panel``, ``by``, ``row`` ("seed" or "mean"), ``repeat``, ``value``, ``low``, ``high`` and ``n``.
    """
    seeds = table.groupby(["repeat", *by], as_index=False, sort=False)["value"].mean().assign(row="seed")
    means = over_repeats(seeds, by, "value").assign(row="mean")
    joined = pd.concat([seeds, means], ignore_index=True).assign(panel=panel)
    joined["repeat"] = joined["repeat"].astype("Int64")
    drawn: pd.DataFrame = joined[["panel", *by, "row", "repeat", "value", "low", "high", "n"]]
    return drawn


def unit(table: pd.DataFrame) -> str:
    """Return the unit of losses."""
    return "bits per character" if table["characters_per_token"].iloc[0] == 1 else "bits per token"


def token_note(table: pd.DataFrame) -> str:
    """Say what a token is."""
    ratio = table["characters_per_token"].iloc[0]
    return "A token is a character." if ratio == 1 else f"A token is {ratio:.1f} characters on average."


def draw_lines(axes: Axes, rows: pd.DataFrame, x: str, styles: Mapping[str, tuple[str, str]]) -> None:
    """Draw the means of each series against ``x`` with intervals as bands, and its seeds as faint points.

    Args:
        axes: where.
        rows: of ``with_means``, with a column ``series``.
        x: column of the horizontal axis.
        styles: colour and marker by series, in the order of drawing.
    """
    for series, (colour, marker) in styles.items():
        of_series = rows[rows["series"] == series].sort_values(x)
        means, seeds = (of_series[of_series["row"] == kind] for kind in ("mean", "seed"))
        if means.empty:
            continue
        axes.plot(means[x], means["value"], color=colour, marker=marker, markersize=4, linewidth=1.3, label=series)
        axes.fill_between(means[x], means["low"], means["high"], color=colour, alpha=0.2, linewidth=0)
        axes.scatter(seeds[x], seeds["value"], s=5, color=colour, alpha=0.45, linewidths=0)


def styles_of(names: Sequence[str] | None = None) -> dict[str, tuple[str, str]]:
    """Return colour and marker of the named series; default all."""
    return {name: (colour, marker) for name, colour, marker in SERIES.values() if names is None or name in names}


@styled()
def draw_language_learning(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw validation loss against tokens seen, its difference to the LSTM's, and the final one by domain.

    Args:
        inputs: ``learning`` and ``test``, one table for each repeat.
        out: the PNG.
        settings: resolution.
    """
    learning = read_losses(files(inputs, "learning"), "tokens")
    test = read_losses(files(inputs, "test"), "domain")
    everywhere = test.groupby(["repeat", "series"], as_index=False)["value"].mean().assign(domain=ALL)
    final = minus_lstm(pd.concat([test, everywhere], ignore_index=True), ["domain"])
    table = pd.concat(
        [
            with_means(learning, "validation loss", ["series", "tokens"]),
            with_means(minus_lstm(learning, ["tokens"]), "validation difference", ["series", "tokens"]),
            with_means(everywhere, "test loss", ["series"]),
            with_means(final, "test difference", ["series", "domain"]),
        ],
        ignore_index=True,
    )
    figure = Figure(figsize=(11.0, 4.9), layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=[1, 1, 1.05])
    draw_lines(left, table[table["panel"] == "validation loss"], "tokens", styles_of())
    draw_lines(middle, table[table["panel"] == "validation difference"], "tokens", styles_of())
    for axes in (left, middle):
        axes.set(xscale="log", xlabel="tokens seen in training (log scale)")
    left.set_ylabel(f"validation loss [{unit(learning)}]")
    left.legend(loc="upper right")
    middle.axhline(0, color=styles_of()[LSTM][0], linewidth=1.2)
    middle.set_ylabel(f"validation loss minus LSTM's [{unit(learning)}]")
    given = SERIES["gbi", "given"][0]
    _draw_domains(right, table[(table["panel"] == "test difference") & (table["series"] == given)])
    right.set_xlabel(f"test loss with Z given\nminus LSTM's [{unit(learning)}]")
    domains = test["domain"].nunique()
    annotate(
        figure,
        f"Language: learning with the domain as Z (data: {only(learning, 'data')}, {domains} domains)",
        "All networks have equal size, initial weights, batches and tokens; they differ in the Z that goes in beside "
        "every token: the domain (GBI-LSTM), 1/K (LSTM), or a random domain for each sequence (shuffled labels). "
        f"Right: the same test sequences for all. Blue line: LSTM. {token_note(learning)} {repeats_note(learning)} "
        "Differences are paired by seed.",
    )
    save(figure, table, out, settings)


def _draw_domains(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw the final difference of each domain as a line of a dot plot, all domains together on top."""
    names = [ALL, *sorted(set(rows["domain"]) - {ALL})]
    style: dict[str, Any] = {"fmt": "o", "markersize": 5, "capsize": 3, "elinewidth": 1.4}
    for line, domain in enumerate(names):
        of_domain = rows[rows["domain"] == domain]
        seeds, mean = of_domain[of_domain["row"] == "seed"], of_domain[of_domain["row"] == "mean"].iloc[0]
        colour = SERIES["gbi", "given"][1]
        value = mean["value"]
        errors = None if np.isnan(mean["low"]) else [[max(value - mean["low"], 0)], [max(mean["high"] - value, 0)]]
        axes.scatter(seeds["value"], np.full(len(seeds), line + 0.22), s=9, color=colour, alpha=0.5, linewidths=0)
        axes.errorbar([value], [line], xerr=errors, color=colour, **style)
        text = f"{value:.3f}" if errors is None else f"{value:.3f} [{mean['low']:.3f}, {mean['high']:.3f}]"
        axes.text(1.0, line - 0.2, text.replace("-", "−"), transform=axes.get_yaxis_transform(), ha="right", fontsize=7)
    axes.axvline(0, color=styles_of()[LSTM][0], linewidth=1.2)
    axes.axhline(0.5, color=NEUTRAL, linewidth=0.6)
    axes.set_yticks(range(len(names)), [name.replace("_", " ") for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")
    axes.tick_params(axis="y", length=0)
    low, high = axes.get_xlim()
    high = max(high, 0)
    ticks = MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(low, high)
    axes.set_xticks([tick for tick in ticks if low <= tick <= high])
    axes.set_xlim(low, high + 1.05 * (high - low))  # room for the values
