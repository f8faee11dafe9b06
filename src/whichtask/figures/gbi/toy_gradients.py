"""Toy sequences: gradients at maximum entropy against likelihoods, and the one-step posterior against the exact one."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.gbi.toy_common import draw_dots, draw_line, several
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import estimate_in, legend_below_title, line_key, name_rows, panel_rows, value_text
from whichtask.figures.means import long_means, read_repeats, repeats_note, where
from whichtask.figures.palette import BLUE, GREEN, GREY, NEUTRAL, ORANGE, PURPLE, SKY, VERMILION
from whichtask.figures.style import annotate

ARM = "gbi_hard"
HEADLINE = "headline"
BIN = 0.1
"""Width of a bin of observations."""
CONTEXT_COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY)
KINDS = {
    "kl": ("one step", VERMILION, "D"),
    "kl_enumerated": ("every context tried (K runs)", BLUE, "s"),
    "kl_uniform": ("no inference (uniform)", GREY, "o"),
}
NETWORK = {
    "kl_network": ("one step from the network's own posterior", VERMILION, "D"),
    "kl_bound": ("its bound", NEUTRAL, "s"),
}
ACCURACIES = ("accuracy", "accuracy_enumerated", "accuracy_exact")
CORRELATIONS = ("correlation_likelihood", "correlation_ratio", "correlation_posterior")
SUMMARY = (*KINDS, *NETWORK, "kl_reverse", "bound_holds", "tau", *ACCURACIES, *CORRELATIONS)
CURVES = ("rise", "likelihood", "one_step", "exact")
UPPER = {
    "rise": ("−∂L/∂z at\nmaximum entropy", "correlation_ratio", "differences against log likelihood ratios"),
    "likelihood": ("likelihood\np(x | context)", "correlation_likelihood", "against gradients"),
}
NAMES = {HEADLINE: "K = 2", "unequal": "K = 2, unequal variances", "three": "K = 3", "four": "K = 4"}


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Average over repeats: divergences and correlations of every stream, and what is drawn against the observation.

    Args:
        inputs: ``by_observation`` and ``one_step``, tables of these names of `whichtask gbi toy`, one each a repeat.

    Returns:
        Rows of ``long_means``, ``part`` being "summary" or "curve".

    Raises:
        WhichtaskError: files that do not fit, or none of the stream of the headline figures.
    """
    keys = ["task", "arm", "context", "context_mean", "observation"]
    binned = read_repeats(files(inputs, "by_observation"), [*keys, *CURVES])
    binned["observation"] = (binned["observation"] / BIN - 0.5).round() * BIN + BIN / 2
    by = ["task", "contexts", "arm", "observations"]
    everything = read_repeats(files(inputs, "one_step"), [*by, *SUMMARY])
    if HEADLINE not in set(everything["task"]):
        raise WhichtaskError(f"the tables have no stream {HEADLINE!r}")
    parts = [
        long_means(everything, by, SUMMARY).assign(part="summary"),
        long_means(binned, keys, CURVES).assign(part="curve"),
    ]
    return pd.concat(parts, ignore_index=True)


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """One-step gradients against likelihoods and posteriors, the divergence of the one-step posterior from the exact
    one for two and more contexts and for unequal variances, and the divergence's bound.
    """
    table = where(table, arm=ARM)
    curves, means = where(table, part="curve"), where(table, part="summary", observations=1)
    shown = [task for task in NAMES if task in set(means["task"])]
    tasks = [*shown, *(task for task in means["task"].unique() if task not in shown)]
    figure = Figure(figsize=(12.0, 9.6), layout="constrained")
    legend_below_title(figure, _keys(), 4)
    upper, middle, lower = panel_rows(figure, [2, len(shown), 2], [1, 1.1, 0.3 + 0.4 * len(tasks)])
    for axes, (measure, (label, correlation, text)) in zip(upper, UPPER.items(), strict=True):
        _draw_curves(axes, where(curves, task=HEADLINE, measure=measure), "-")
        found = where(means, task=HEADLINE, measure=correlation, row="mean").iloc[0]
        axes.set_title(f"{text}: r = {value_text(estimate_in(found))}", loc="left", fontsize=8)
        axes.set(xlabel=f"observation, {NAMES[HEADLINE]}", ylabel=label)
    for axes, task in zip(middle, shown, strict=True):
        _draw_curves(axes, where(curves, task=task, measure="exact"), "--")
        _draw_curves(axes, where(curves, task=task, measure="one_step"), "-")
        axes.set(title=NAMES[task], xlabel="observation", ylim=(-0.02, 1.02))
    middle[0].set_ylabel("posterior")
    for axes, kinds in zip(lower, (KINDS, NETWORK), strict=True):
        for line, task in enumerate(tasks):
            for offset, (measure, (_, colour, marker)) in zip(several(len(kinds)), kinds.items(), strict=True):
                draw_dots(axes, where(means, task=task, measure=measure), line + offset, colour, fmt=marker)
        name_rows(axes, [NAMES.get(task, f"K = 2, {task.replace('_', ' ')}") for task in tasks])
        axes.set_xlim(left=0)
        axes.label_outer()
    lower[0].set_xlabel("KL from the exact posterior [nats]")
    lower[1].set_xlabel("KL [nats]")
    annotate(
        figure,
        "Toy sequences: one gradient step against Bayes",
        "GBI-LSTM trained with one-hot labels, frozen, one observation; colours of lines: contexts. One step: "
        "softmax(−gradient/τ) with τ fitted on a validation stream, judged on another. The raw gradients are lines in "
        "x, not the bells of the likelihoods; with K = 2 and equal variances log likelihood ratios are lines too, so "
        "one τ makes them agree, and with more contexts or unequal variances no τ can. Bottom right: from the softmax "
        "of minus the network's losses of all contexts at the same τ, with the bound min(s, s²/8) where s is the "
        f"spread of the linearisation's remainders over τ. {repeats_note(int(table['n'].max()))}",
    )
    return figure


def _keys() -> list[Line2D]:
    lines = [line_key("one step (or gradient)", NEUTRAL), line_key("exact posterior", NEUTRAL, linestyle="--")]
    marks = [*KINDS.values(), *NETWORK.values()]
    return lines + [
        Line2D([], [], color=colour, marker=marker, linestyle="", markersize=4.5, label=text)
        for text, colour, marker in marks
    ]


def _draw_curves(axes: Axes, rows: pd.DataFrame, line: str) -> None:
    for place, (_, of_context) in enumerate(where(rows, row="mean").groupby("context")):
        # Bins that only one repeat saw often enough would jump.
        often = of_context[of_context["n"] == of_context["n"].max()]
        draw_line(axes, often, "observation", CONTEXT_COLOURS[place % len(CONTEXT_COLOURS)], linestyle=line)
