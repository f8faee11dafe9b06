"""What the domain is worth when little text is known, and how soon the text itself gives the domain away."""

from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.gbi.language import (
    GIVEN,
    LSTM,
    STYLES,
    UNIFORM,
    draw_lines,
    keys_of,
    minus_lstm,
    panels,
    read_losses,
    text_note,
    unit,
)
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import legend_above, line_key
from whichtask.figures.means import read_repeats
from whichtask.figures.palette import GREEN, NEUTRAL, ORANGE, PURPLE, SKY, VERMILION
from whichtask.figures.style import annotate
from whichtask.figures.tables import only

METHODS = {
    "one-step": (PURPLE, "o"),
    "iterative": (SKY, "s"),
    "every domain tried": (GREEN, "^"),
    "Z given": (VERMILION, "D"),
    "Z uniform": (ORANGE, "v"),
}
NAMES = {"one_step": "one-step", "exact": "every domain tried", GIVEN: "Z given", UNIFORM: "Z uniform"}
SHORTEST = (1, 2, 5)


def edges(longest: int) -> list[int]:
    """Return the last context of each group: 1, 2, 5 and then doubled, up to the longest."""
    found = [edge for edge in SHORTEST if edge < longest]
    edge = SHORTEST[-1]
    while edge < longest and longest > SHORTEST[-1]:
        edge *= 2
        found.append(min(edge, longest))
    return [*found, longest] if found[-1:] != [longest] else found


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Return the ``panels`` of loss by context, accuracy of the inferred domain, and loss with inferred Z.

    "slope", which is not drawn, says how a difference changes with each doubling of the context: per seed the slope of
    a straight line through the differences of all groups of contexts.

    Args:
        inputs: ``context``, ``recognition`` and ``following``, one table for each repeat.
    """
    context = read_losses(inputs, "context", "context_tokens")
    recognised = read_repeats(files(inputs, "recognition"), ["context_tokens", "method", "domains", "accuracy"])
    following = read_losses(inputs, "following", "context_tokens")
    ends = edges(int(context["context_tokens"].max()))
    upper = pd.cut(context["context_tokens"], [0, *ends], labels=ends).astype(int)
    by = ["series", "context_tokens"]
    grouped = context.assign(context_tokens=upper).groupby(["repeat", *by], as_index=False)[["value"]].mean()
    accuracy = recognised.assign(series=recognised["method"].replace(NAMES), value=recognised["accuracy"])
    inferred = minus_lstm(following, ["context_tokens"])
    differences = minus_lstm(grouped, ["context_tokens"])
    parts = {
        "loss": (grouped, by),
        "difference": (differences, by),
        "slope": (_slopes(differences), ["series"]),
        "accuracy": (accuracy, by),
        "inferred difference": (inferred.assign(series=inferred["series"].replace(NAMES)), by),
    }
    return panels(parts, context).assign(domains=int(only(recognised, "domains")))


def _slopes(differences: pd.DataFrame) -> pd.DataFrame:
    """Return the slope of each series of each repeat against the doublings of the context; none with one context."""
    rows = [
        {"repeat": repeat, "series": series, "value": np.polyfit(np.log2(own["context_tokens"]), own["value"], 1)[0]}
        for (repeat, series), own in differences.groupby(["repeat", "series"], sort=False)
        if len(own) > 1
    ]
    return pd.DataFrame(rows, columns=["repeat", "series", "value"])


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """What knowing the domain is worth after so many tokens of context, how often Z inferred from the first tokens
    names the right domain, and the loss of the tokens that follow with the inferred Z.
    """
    figure = Figure(figsize=(10.4, 7.6), layout="constrained")
    (upper_left, upper_right), (lower_left, lower_right) = figure.subplots(2, 2)
    styled = {"loss": STYLES, "difference": STYLES, "accuracy": METHODS, "inferred difference": METHODS}
    for axes, (panel, styles) in zip(figure.axes, styled.items(), strict=True):
        rows = table[table["panel"] == panel]
        draw_lines(axes, rows, "context_tokens", styles)
        ends = sorted(rows["context_tokens"].unique())
        names, label = [f"{end:g}" for end in ends], "first tokens that Z is inferred from"
        if styles is STYLES:
            label = "tokens of context before the predicted one"
            names = [f"{a + 1:g}-{b:g}" if b > a + 1 else f"{b:g}" for a, b in pairwise([0, *ends])]
        axes.set(xscale="log", xlabel=label)
        axes.set_xticks(ends, names)
        axes.set_xticks([], minor=True)
    upper_left.set_ylabel(f"test loss [{unit(table)}]")
    upper_right.set_ylabel(f"test loss minus LSTM's [{unit(table)}]")
    lower_left.set(ylabel="domain recognised [share of sequences]", ylim=(0, 1.02))
    lower_right.set_ylabel(f"loss of following tokens\nminus LSTM's [{unit(table)}]")
    for axes in (upper_right, lower_right):
        axes.axhline(0, color=STYLES[LSTM][0], linewidth=1.2)
    kinds = table["domains"].iloc[0]
    lower_left.axhline(1 / kinds, color=NEUTRAL, linestyle="--", linewidth=1.0)
    legend_above(upper_left, keys_of(STYLES), columns=4)
    legend_above(lower_left, [*keys_of(METHODS), line_key(f"chance, 1 in {kinds}", NEUTRAL, linestyle="--")], columns=6)
    annotate(
        figure,
        f"Language: what the domain is worth, and how soon it is recognised (data: {only(table, 'data')})",
        "Above: loss of the next token after so much context (every sequence starts afresh); blue line: LSTM. "
        "Below: Z inferred from the first tokens of test sequences by one step from the maximum-entropy point, by "
        "iterating, or by trying every domain (K runs); with that Z the following tokens are predicted after the same "
        f"context. Temperatures fitted on validation text. {text_note(table)}",
    )
    return figure
