"""Fig. S7: one-step posteriors in place of likelihoods in Bayes' recursion, around switches and over a stream."""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from whichtask.config import FigureSettings
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

PANELS = {
    "posterior_new": "posterior of the new context",
    "entropy": "entropy of the posterior [nats]",
    "log_evidence": "log evidence of the observation [nats]",
}
COLUMNS = {
    "accuracy": "accuracy of the posterior",
    "log_evidence": "log evidence [nats]",
    "mse": "MSE of the prediction",
}
SUMMARY = (*COLUMNS, "entropy", "mae", "error_of_mean")
METHODS = {
    ("observer", "bayes_timed"): ("exact Bayes filter", "#111111"),
    ("observer", "bayes"): ("Bayes filter, constant hazard", "#777777"),
    ("gbi_hard", "one_step_recursion"): ("same, one-step in place of likelihood", "#D55E00"),
    ("gbi_soft", "one_step_recursion"): ("same, label through softmax", "#E69F00"),
    ("observer", "single"): ("exact posterior of one observation", "#0072B2"),
    ("gbi_hard", "one_step"): ("one-step posterior of one observation", "#56B4E9"),
    ("gbi_hard", "iterated"): ("Z iterated", "#CC79A7"),
}
"""Methods that hold a belief, from the most to the least that is known."""
PREDICTORS = {
    ("observer", "oracle"): ("oracle", "#444444"),
    ("gbi_hard", "given"): ("GBI-LSTM, Z given", "#D55E00"),
    ("gbi_hard", "bayes"): ("GBI-LSTM, Z from the Bayes filter", "#D55E00"),
    ("gbi_hard", "fixed"): ("GBI-LSTM, Z = 1/K", "#D55E00"),
    ("lstm", "fixed"): ("LSTM", "#0072B2"),
}
"""Others that predict only."""
MEMORYLESS = {("observer", "single"), ("gbi_hard", "one_step")}


@styled()
def draw_toy_bayes(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw beliefs around switches, and accuracy, evidence and error of every method.

    Args:
        inputs: ``switches`` and ``filters``, tables of these names of `whichtask gbi toy`, one each a repeat.
        out: the PNG.
        settings: resolution.

    Raises:
        WhichtaskError: files that do not fit.
    """
    switches = read_all(inputs, "switches", ["arm", "method", "offset", "switches", *PANELS])
    filters = read_all(inputs, "filters", ["arm", "method", *SUMMARY])
    around = estimates(switches, ["arm", "method", "offset"], PANELS).assign(part="switch")
    overall = estimates(filters, ["arm", "method"], SUMMARY).assign(part="stream")
    everyone = METHODS | PREDICTORS
    figure = Figure(figsize=(12.0, 8.8), layout="constrained")
    keys = [Line2D([], [], color=colour, linewidth=1.4, label=text) for text, colour in METHODS.values()]
    grid = grid_below_key(figure, keys, 3, [1, 1.25], 3)
    for place, (measure, label) in enumerate(PANELS.items()):
        axes = figure.add_subplot(grid[1, place])
        axes.axvline(0, color=NEUTRAL, linewidth=0.8, linestyle=":")
        for key, (text, colour) in METHODS.items():
            rows = _of(around, key)
            means = rows[(rows["measure"] == measure) & (rows["row"] == "mean")].sort_values("offset")
            axes.plot(means["offset"], means["value"], color=colour, linewidth=1.4, label=text)
            axes.fill_between(means["offset"], means["low"], means["high"], color=colour, alpha=0.13, linewidth=0)
        axes.set_xlabel("observations since the switch")
        axes.set_ylabel(label)
    for place, (measure, label) in enumerate(COLUMNS.items()):
        lower = figure.add_subplot(grid[2, place])
        for line, (key, (_, colour)) in enumerate(everyone.items()):
            rows = _of(overall, key)
            # Without memory there is one prediction, that of no inference; predictors hold no belief of their own.
            shown = key not in (PREDICTORS if measure != "mse" else MEMORYLESS)
            if shown and (rows["measure"] == measure).any():
                draw_dots(lower, rows[rows["measure"] == measure], line, colour=colour)
        horizontal(lower, [text for text, _ in everyone.values()])
        lower.set_xlabel(label)
        if place:
            lower.tick_params(labelleft=False)
    number = int(switches["switches"].min())
    annotate(
        figure,
        "Toy sequences: one-step posteriors in Bayesian computation (Fig. S7)",
        f"A stream that no network learned from, at least {number} switches a repeat; frozen weights; 0 is "
        "the first observation after a switch. "
        "Evidence: "
        "p(x | past) over its value under a uniform prior, so 0 is a belief that says nothing; iterating Z defines "
        "none. Recursion with hazard 1 / "
        "mean block length; the exact filter also knows how long blocks can be. One-step posteriors come from one "
        "observation, with τ fitted on a validation stream. Predictions are the GBI-LSTM's given the belief as Z, "
        "those of Bayesian observers "
        f"the mean under the belief. {REPEAT_NOTE.format(n=repeats_of(overall))}",
    )
    save(figure, pd.concat([overall, around], ignore_index=True), out, settings)


def _of(table: pd.DataFrame, key: tuple[str, str]) -> pd.DataFrame:
    return table[(table["arm"] == key[0]) & (table["method"] == key[1])]
