"""What the domain is worth when little text is known, and how soon the text itself gives the domain away."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.gbi.language import (
    draw_lines,
    minus_lstm,
    read_losses,
    styles_of,
    token_note,
    unit,
    with_means,
)
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.repeats import read_repeats, repeats_note
from whichtask.figures.style import NEUTRAL, annotate, save, styled
from whichtask.figures.tables import only

METHODS = {
    "one-step": ("#CC79A7", "o"),
    "iterative": ("#56B4E9", "s"),
    "every domain tried": ("#009E73", "^"),
    "Z given": ("#D55E00", "D"),
    "Z uniform": ("#E69F00", "v"),
}
NAMES = {
    "one_step": "one-step",
    "exact": "every domain tried",
    "GBI-LSTM, Z given": "Z given",
    "GBI-LSTM, Z uniform": "Z uniform",
}
SHORTEST = (1, 2, 5)


def edges(longest: int) -> list[int]:
    """Return the last context of each group: 1, 2, 5 and then doubled, up to the longest."""
    found = [edge for edge in SHORTEST if edge < longest]
    edge = SHORTEST[-1]
    while edge < longest and longest > SHORTEST[-1]:
        edge *= 2
        found.append(min(edge, longest))
    return [*found, longest] if found[-1:] != [longest] else found


@styled()
def draw_language_context(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw loss and benefit against context, accuracy of the inferred domain, and the loss with inferred Z.

    Args:
        inputs: ``context``, ``recognition`` and ``following``, one table for each repeat.
        out: the PNG.
        settings: resolution.
    """
    context = read_losses(files(inputs, "context"), "context_tokens")
    recognised = read_repeats(files(inputs, "recognition"), ["context_tokens", "method", "domains", "accuracy"])
    following = read_losses(files(inputs, "following"), "context_tokens")
    ends = edges(int(context["context_tokens"].max()))
    upper = pd.cut(context["context_tokens"], [0, *ends], labels=ends).astype(int)
    keys = ["repeat", "series", "context_tokens"]
    grouped = context.assign(context_tokens=upper).groupby(keys, as_index=False)[["value"]].mean()
    accuracy = recognised.assign(series=recognised["method"].replace(NAMES), value=recognised["accuracy"])
    inferred = minus_lstm(following, ["context_tokens"])
    inferred["series"] = inferred["series"].replace(NAMES)
    by = ["series", "context_tokens"]
    table = pd.concat(
        [
            with_means(grouped, "loss", by),
            with_means(minus_lstm(grouped, ["context_tokens"]), "difference", by),
            with_means(accuracy, "accuracy", by),
            with_means(inferred, "inferred difference", by),
        ],
        ignore_index=True,
    )
    figure = Figure(figsize=(10.4, 7.6), layout="constrained")
    (upper_left, upper_right), (lower_left, lower_right) = figure.subplots(2, 2)
    panels = {name: table[table["panel"] == name] for name in table["panel"].unique()}
    draw_lines(upper_left, panels["loss"], "context_tokens", styles_of())
    draw_lines(upper_right, panels["difference"], "context_tokens", styles_of())
    draw_lines(lower_left, panels["accuracy"], "context_tokens", METHODS)
    draw_lines(lower_right, panels["inferred difference"], "context_tokens", METHODS)
    kinds = int(only(recognised, "domains"))
    lower_left.axhline(1 / kinds, color=NEUTRAL, linestyle="--", linewidth=1.0, label=f"chance, 1 in {kinds}")
    groups = zip([0, *ends], ends, strict=False)
    _label((upper_left, upper_right), ends, [f"{a + 1}-{b}" if b > a + 1 else str(b) for a, b in groups])
    counts = sorted(accuracy["context_tokens"].unique())
    _label((lower_left, lower_right), counts, [str(count) for count in counts])
    losses = unit(context)
    upper_left.set(ylabel=f"test loss [{losses}]", xlabel="tokens of context before the predicted one")
    upper_right.set(ylabel=f"test loss minus LSTM's [{losses}]", xlabel="tokens of context before the predicted one")
    lower_left.set(ylabel="domain recognised [share of sequences]", xlabel="first tokens that Z is inferred from")
    lower_right.set(
        ylabel=f"loss of following tokens\nminus LSTM's [{losses}]", xlabel="first tokens that Z is inferred from"
    )
    for axes in (upper_right, lower_right):
        axes.axhline(0, color=styles_of()["LSTM"][0], linewidth=1.2)
    lower_left.set_ylim(0, 1.02)
    upper_left.legend(loc="upper right")
    lower_left.legend(loc="upper left")
    lower_right.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=3)
    annotate(
        figure,
        f"Language: what the domain is worth, and how soon it is recognised (data: {only(context, 'data')})",
        "Above: loss of the next token after so much context (every sequence starts afresh); blue line: LSTM. "
        "Below: Z inferred from the first tokens of test sequences by one step from the maximum-entropy point, by "
        "iterating, or by trying every domain (K runs); with that Z the following tokens are predicted after the same "
        "context. Temperatures fitted on validation text. "
        f"{token_note(context)} {repeats_note(context)}",
    )
    save(figure, table, out, settings)


def _label(panels: Sequence[Axes], places: Sequence[int], names: Sequence[str]) -> None:
    """Put the x axis on a logarithmic scale with ticks at these places."""
    for axes in panels:
        axes.set_xscale("log")
        axes.set_xticks(places, names)
        axes.set_xticks([], minor=True)
