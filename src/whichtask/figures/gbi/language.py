"""Language models with and without the domain as Z: how fast they learn, and what the three figures share."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from whichtask.config import FigureSettings
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import POINTS, band, dot_rows, legend_above, line_key
from whichtask.figures.means import read_repeats, repeats_note, seeds_and_means
from whichtask.figures.palette import BLUE, GREY, NEUTRAL, ORANGE, VERMILION
from whichtask.figures.style import annotate
from whichtask.figures.tables import only

GIVEN, UNIFORM, LSTM, SHUFFLED = "GBI-LSTM, Z given", "GBI-LSTM, Z uniform", "LSTM", "shuffled labels"
SERIES = {
    ("gbi", "given"): GIVEN,
    ("gbi", "uniform"): UNIFORM,
    ("lstm", "uniform"): LSTM,
    ("shuffled", "uniform"): SHUFFLED,
}
"""Name of an arm and the Z it is measured with."""
STYLES = {GIVEN: (VERMILION, "o"), UNIFORM: (ORANGE, "s"), LSTM: (BLUE, "^"), SHUFFLED: (GREY, "v")}
"""Colour and marker of series, in the order of drawing."""
COLUMNS = ("data", "characters_per_token", "arm", "z", "loss_nats_per_token")
ABOUT = ["data", "characters_per_token"]
ALL = "all domains"


def read_losses(inputs: Inputs, name: str, *columns: str) -> pd.DataFrame:
    """Read tables of losses: ``series`` names arm and Z, ``value`` is the loss in bits per token.

    Raises:
        WhichtaskError: files that do not fit, or tables of several texts.
    """
    table = read_repeats(files(inputs, name), [*COLUMNS, *columns])
    only(table, "data")
    named = [SERIES.get((arm, z), z) for arm, z in zip(table["arm"], table["z"], strict=True)]
    return table.assign(series=named, value=table["loss_nats_per_token"] / np.log(2))


def minus_lstm(table: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Return each series' value minus the LSTM's of the same repeat and ``by``: the same text, batches and weights."""
    keys = ["repeat", *by]
    reference = table.loc[table["series"] == LSTM, [*keys, "value"]].rename(columns={"value": "reference"})
    joined: pd.DataFrame = table[table["series"] != LSTM].merge(reference, on=keys)
    return joined.assign(value=joined["value"] - joined["reference"])


def panels(parts: Mapping[str, tuple[pd.DataFrame, Sequence[str]]], about: pd.DataFrame) -> pd.DataFrame:
    """Return what the panels of a figure show: a row for each seed, then one for each mean with its interval.

    Args:
        parts: by name of the panel, a table with ``value`` and the columns that a group shares.
        about: a table that says of which text they are.

    Returns:
        ``panel``, the columns of groups, ``row`` ("seed" or "mean"), ``repeat``, ``value``, ``low``, ``high``, ``n``,
        and the same in all rows: ``data`` and ``characters_per_token``.
    """
    tables = []
    for name, (table, by) in parts.items():
        seeds = table.groupby(["repeat", *by], as_index=False, sort=False)[["value"]].mean()
        rows = seeds_and_means(seeds, by, ["value"]).rename(columns={"value_low": "low", "value_high": "high"})
        tables.append(rows.assign(panel=name)[["panel", *by, "row", "repeat", "value", "low", "high", "n"]])
    return pd.concat(tables, ignore_index=True).assign(**about[ABOUT].iloc[0])


def unit(table: pd.DataFrame) -> str:
    """Return the unit of losses."""
    return "bits per character" if table["characters_per_token"].iloc[0] == 1 else "bits per token"


def text_note(table: pd.DataFrame) -> str:
    """Say what a token is, and what means and intervals are."""
    ratio = table["characters_per_token"].iloc[0]
    token = "A token is a character." if ratio == 1 else f"A token is {ratio:.1f} characters on average."
    return f"{token} {repeats_note(table['repeat'].nunique())}"


def draw_lines(axes: Axes, rows: pd.DataFrame, x: str, styles: Mapping[str, tuple[str, str]] = STYLES) -> None:
    """Draw the means of each series against ``x`` with intervals as bands, and its seeds as faint points.

    Args:
        axes: where.
        rows: of ``panels``, with a column ``series``.
        x: column of the horizontal axis.
        styles: colour and marker by series, in the order of drawing.
    """
    for series, (colour, marker) in styles.items():
        own = rows[rows["series"] == series].sort_values(x)
        means, seeds = (own[own["row"] == kind] for kind in ("mean", "seed"))
        if not means.empty:
            ends = means["low"], means["high"]
            band(axes, means[x], means["value"], *ends, colour, marker=marker, markersize=4)
            axes.scatter(seeds[x], seeds["value"], color=colour, **POINTS | {"s": 5})


def keys_of(styles: Mapping[str, tuple[str, str]]) -> list[Line2D]:
    """Return the legend entries of series."""
    return [line_key(name, colour, marker=marker, markersize=4) for name, (colour, marker) in styles.items()]


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Return the ``panels`` of validation loss by tokens seen, of final test loss, and of both minus the LSTM's.

    Args:
        inputs: ``learning`` and ``test``, one table for each repeat.
    """
    learning = read_losses(inputs, "learning", "tokens")
    test = read_losses(inputs, "test", "domain")
    everywhere = test.groupby(["repeat", "series"], as_index=False)["value"].mean().assign(domain=ALL)
    final = minus_lstm(pd.concat([test, everywhere], ignore_index=True), ["domain"])
    parts = {
        "validation loss": (learning, ["series", "tokens"]),
        "validation difference": (minus_lstm(learning, ["tokens"]), ["series", "tokens"]),
        "test loss": (everywhere, ["series"]),
        "test difference": (final, ["series", "domain"]),
    }
    return panels(parts, learning)


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Language models that are told the domain of their text (Z), and the same networks that are not: loss against
    tokens seen, paired difference to the LSTM, and by domain. A conceptual replication on free texts; BabyLM itself is
    read from your own folder (gbi.language.folder).
    """
    figure = Figure(figsize=(11.8, 4.9), layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=[1.1, 1.1, 1])
    for axes, panel in ((left, "validation loss"), (middle, "validation difference")):
        draw_lines(axes, table[table["panel"] == panel], "tokens")
        axes.set(xscale="log", xlabel="tokens seen in training (log scale)")
    left.set_ylabel(f"validation loss [{unit(table)}]")
    legend_above(left, keys_of(STYLES), columns=4)
    middle.axhline(0, color=STYLES[LSTM][0], linewidth=1.2)
    middle.set_ylabel(f"validation loss minus LSTM's [{unit(table)}]")
    final = table[(table["panel"] == "test difference") & (table["series"] == GIVEN)]
    names = {name: name.replace("_", " ") for name in [ALL, *sorted(set(final["domain"]) - {ALL})]}
    dot_rows(right, final, "domain", "value", names, dict.fromkeys(names, STYLES[GIVEN][0]), outside=True, fmt="o")
    right.axvline(0, color=STYLES[LSTM][0], linewidth=1.2)
    right.axhline(0.5, color=NEUTRAL, linewidth=0.6)
    right.set_xlabel(f"test loss with Z given\nminus LSTM's [{unit(table)}]")
    annotate(
        figure,
        f"Language: learning with the domain as Z (data: {only(table, 'data')}, {len(names) - 1} domains)",
        "All networks have equal size, initial weights, batches and tokens; they differ in the Z that goes in beside "
        "every token: the domain (GBI-LSTM), 1/K (LSTM), or a random domain for each sequence (shuffled labels). "
        f"Right: the same test sequences for all. Blue line: LSTM. {text_note(table)} Differences are paired by seed.",
    )
    return figure
