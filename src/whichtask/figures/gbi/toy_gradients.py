"""Toy sequences: gradients at maximum entropy against likelihoods, and the one-step posterior against the exact one."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.gbi.toy_common import (
    REPEAT_NOTE,
    draw_dots,
    estimates,
    grid_below_key,
    horizontal,
    read_all,
    repeats_of,
)
from whichtask.figures.inputs import Inputs
from whichtask.figures.style import NEUTRAL, annotate, save, styled

ARM = "gbi_hard"
CONTEXT_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
KINDS = {
    "kl": ("one step", "#D55E00", "D"),
    "kl_enumerated": ("every context tried (K runs)", "#0072B2", "s"),
    "kl_uniform": ("no inference (uniform)", "#888888", "o"),
}
NETWORK = {
    "kl_network": ("one step from the network's own posterior", "#D55E00", "D"),
    "kl_bound": ("its bound", "#444444", "s"),
}
SUMMARY = (
    *KINDS,
    *NETWORK,
    "kl_reverse",
    "bound_holds",
    "tau",
    "accuracy",
    "accuracy_enumerated",
    "accuracy_exact",
    "correlation_likelihood",
    "correlation_ratio",
    "correlation_posterior",
)
CURVES = ("rise", "likelihood", "one_step", "exact")
HEADLINE = "headline"
NAMES = {HEADLINE: "K = 2", "unequal": "K = 2, unequal variances", "three": "K = 3", "four": "K = 4"}


@styled()
def draw_toy_gradients(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw gradients and posteriors against the observation, and divergences for every stream.

    Args:
        inputs: ``by_observation`` and ``one_step``, tables of these names of `whichtask gbi toy`, one each a repeat.
        out: the PNG.
        settings: resolution.

    Raises:
        WhichtaskError: files that do not fit, or none of the stream of the headline figures.
    """
    keys = ["task", "arm", "observation", "context", "context_mean", "steps", *CURVES]
    binned = read_all(inputs, "by_observation", keys)
    binned = binned.assign(observation=(binned["observation"] / 0.1).apply(lambda x: round(x - 0.5)) * 0.1 + 0.05)
    everything = read_all(inputs, "one_step", ["task", "contexts", "arm", "observations", *SUMMARY])
    if HEADLINE not in set(everything["task"]):
        raise WhichtaskError(f"the tables have no stream {HEADLINE!r}")
    tasks = [task for task in NAMES if task in set(everything["task"])]
    tasks += [task for task in everything["task"].unique() if task not in tasks]
    curves = estimates(binned, ["task", "arm", "context", "context_mean", "observation"], CURVES).assign(part="curve")
    means = estimates(everything, ["task", "contexts", "arm", "observations"], SUMMARY).assign(part="summary")
    shown = [task for task in tasks if task in NAMES]
    figure = Figure(figsize=(12.0, 9.6), layout="constrained")
    styles = [
        Line2D([], [], color=NEUTRAL, linestyle="-", label="one step (or gradient)"),
        Line2D([], [], color=NEUTRAL, linestyle="--", label="exact posterior"),
    ]
    styles += [
        Line2D([], [], color=colour, marker=marker, linestyle="", markersize=4.5, label=text)
        for text, colour, marker in (*KINDS.values(), *NETWORK.values())
    ]
    grid = grid_below_key(figure, styles, 4, [1, 1.1, 0.3 + 0.4 * len(tasks)], 2)
    of_arm = curves[curves["arm"] == ARM]
    headline = of_arm[of_arm["task"] == HEADLINE]
    for place, (measure, label) in enumerate(
        (("rise", "−∂L/∂z at maximum entropy"), ("likelihood", "likelihood p(x | context)"))
    ):
        axes = figure.add_subplot(grid[1, place])
        _draw_curves(axes, headline, measure, "-")
        axes.set_ylabel(label)
        axes.set_xlabel(f"observation, {NAMES[HEADLINE]}")
        _annotate_correlation(axes, means, measure)
    middle = grid[2, :].subgridspec(1, len(shown))
    for place, task in enumerate(shown):
        axes = figure.add_subplot(middle[place])
        rows = of_arm[of_arm["task"] == task]
        _draw_curves(axes, rows, "exact", "--")
        _draw_curves(axes, rows, "one_step", "-")
        axes.set_title(NAMES[task])
        axes.set_xlabel("observation")
        axes.set_ylim(-0.02, 1.02)
        if not place:
            axes.set_ylabel("posterior")
    for place, (kinds, label) in enumerate(((KINDS, "KL from the exact posterior [nats]"), (NETWORK, "KL [nats]"))):
        axes = figure.add_subplot(grid[3, place])
        _draw_divergences(axes, means, tasks, kinds)
        axes.set_xlabel(label)
        if place:
            axes.tick_params(labelleft=False)
    annotate(
        figure,
        "Toy sequences: one gradient step against Bayes",
        "GBI-LSTM trained with one-hot labels, frozen, one observation; colours: contexts. One step: "
        "softmax(−gradient/τ) with τ fitted on "
        "a validation stream, judged on another. The raw gradients are lines in x, not the bells of the likelihoods; "
        "with "
        "K = 2 and equal variances log likelihood ratios are lines too, so one τ makes them agree, and with more "
        "contexts "
        "or unequal variances no τ can. Bottom right: from the softmax of minus the network's losses of all contexts "
        "at the "
        f"same τ, with the bound min(s, s²/8) where s is the spread of the linearisation's remainders over τ. "
        f"{REPEAT_NOTE.format(n=repeats_of(means))}",
    )
    save(figure, pd.concat([means, curves], ignore_index=True), out, settings)


def _draw_curves(axes: Axes, rows: pd.DataFrame, measure: str, line: str) -> None:
    chosen = rows[(rows["measure"] == measure) & (rows["row"] == "mean")]
    for context, group in chosen.groupby("context"):
        colour = CONTEXT_COLOURS[int(str(context)) % len(CONTEXT_COLOURS)]
        # Bins that only one repeat saw often enough would jump.
        ordered = group[group["n"] == group["n"].max()].sort_values("observation")
        axes.plot(ordered["observation"], ordered["value"], line, color=colour, linewidth=1.4)
        axes.fill_between(
            ordered["observation"], ordered["low"], ordered["high"], color=colour, alpha=0.13, linewidth=0
        )


def _annotate_correlation(axes: Axes, means: pd.DataFrame, measure: str) -> None:
    names = {
        "rise": ("correlation_ratio", "differences against log likelihood ratios"),
        "likelihood": ("correlation_likelihood", "against gradients"),
    }
    column, text = names[measure]
    rows = means[
        (means["task"] == HEADLINE)
        & (means["arm"] == ARM)
        & (means["observations"] == 1)
        & (means["measure"] == column)
    ]
    mean = rows[rows["row"] == "mean"].iloc[0]
    label = f"{text}: r = {mean['value']:.3f} [{mean['low']:.3f}, {mean['high']:.3f}]"
    axes.set_title(label, loc="left", fontsize=8)


def _draw_divergences(
    axes: Axes, means: pd.DataFrame, tasks: list[str], kinds: dict[str, tuple[str, str, str]]
) -> None:
    single = means[(means["arm"] == ARM) & (means["observations"] == 1)]
    for line, task in enumerate(tasks):
        for place, (measure, (_, colour, marker)) in enumerate(kinds.items()):
            rows = single[(single["task"] == task) & (single["measure"] == measure)]
            offset = (place - (len(kinds) - 1) / 2) * 0.27
            draw_dots(axes, rows, line + offset, colour=colour, fmt=marker)
    horizontal(axes, [NAMES.get(task, f"K = 2, {task.replace('_', ' ')}") for task in tasks])
    axes.set_xlim(left=0)
