"""Fig. S7: one-step posteriors in place of likelihoods in Bayes' recursion, around switches and over a stream."""

import pandas as pd
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.gbi.toy_common import colour_of, draw_dots, draw_line
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import legend_below_title, line_key, name_rows, panel_rows
from whichtask.figures.means import long_means, read_repeats, repeats_note, where
from whichtask.figures.palette import BLUE, NEUTRAL, ORANGE, PURPLE, SKY, VERMILION
from whichtask.figures.style import annotate

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
    ("observer", "bayes_timed"): ("exact Bayes filter", colour_of("bayes_timed")),
    ("observer", "bayes"): ("Bayes filter, constant hazard", colour_of("bayes")),
    ("gbi_hard", "one_step_recursion"): ("same, one-step in place of likelihood", VERMILION),
    ("gbi_soft", "one_step_recursion"): ("same, label through softmax", ORANGE),
    ("observer", "single"): ("exact posterior of one observation", BLUE),
    ("gbi_hard", "one_step"): ("one-step posterior of one observation", SKY),
    ("gbi_hard", "iterated"): ("Z iterated", PURPLE),
}
"""Methods that hold a belief, from the most to the least that is known."""
PREDICTORS = {
    ("observer", "oracle"): ("oracle", colour_of("oracle")),
    ("gbi_hard", "given"): ("GBI-LSTM, Z given", VERMILION),
    ("gbi_hard", "bayes"): ("GBI-LSTM, Z from the Bayes filter", VERMILION),
    ("gbi_hard", "fixed"): ("GBI-LSTM, Z = 1/K", VERMILION),
    ("lstm", "fixed"): ("LSTM", BLUE),
}
"""Others that predict only."""
MEMORYLESS = {("observer", "single"), ("gbi_hard", "one_step")}


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Average beliefs and errors of every method over repeats, over a stream and around its switches.

    Args:
        inputs: ``switches`` and ``filters``, tables of these names of `whichtask gbi toy`, one each a repeat.

    Returns:
        Rows of ``long_means``, ``part`` being "stream" or "switch"; ``switches`` is how many each repeat has at least.

    Raises:
        WhichtaskError: files that do not fit.
    """
    switches = read_repeats(files(inputs, "switches"), ["arm", "method", "offset", "switches", *PANELS])
    filters = read_repeats(files(inputs, "filters"), ["arm", "method", *SUMMARY])
    parts = [
        long_means(filters, ["arm", "method"], SUMMARY).assign(part="stream"),
        long_means(switches, ["arm", "method", "offset"], list(PANELS)).assign(part="switch"),
    ]
    return pd.concat(parts, ignore_index=True).assign(switches=switches["switches"].min())


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """One-step posteriors in place of likelihoods in Bayes' recursion: beliefs, entropy and evidence around switches,
    and accuracy over a stream that was not learned from.
    """
    everyone = METHODS | PREDICTORS
    figure = Figure(figsize=(12.0, 8.8), layout="constrained")
    legend_below_title(figure, [line_key(text, colour) for text, colour in METHODS.values()], 3)
    upper, lower = panel_rows(figure, [3, 3], [1, 1.25])
    for axes, (measure, label) in zip(upper, PANELS.items(), strict=True):
        axes.axvline(0, color=NEUTRAL, linewidth=0.8, linestyle=":")
        for (arm, method), (_, colour) in METHODS.items():
            draw_line(axes, where(table, part="switch", arm=arm, method=method, measure=measure), "offset", colour)
        axes.set(xlabel="observations since the switch", ylabel=label)
    for axes, (measure, label) in zip(lower, COLUMNS.items(), strict=True):
        # Without memory there is one prediction, that of no inference; predictors hold no belief of their own.
        left_out = MEMORYLESS if measure == "mse" else set(PREDICTORS)
        for line, ((arm, method), (_, colour)) in enumerate(everyone.items()):
            if (arm, method) not in left_out:
                draw_dots(axes, where(table, part="stream", arm=arm, method=method, measure=measure), line, colour)
        name_rows(axes, [text for text, _ in everyone.values()])
        axes.set_xlabel(label)
        axes.label_outer()
    annotate(
        figure,
        "Toy sequences: one-step posteriors in Bayesian computation (Fig. S7)",
        f"A stream that no network learned from, at least {table['switches'].iloc[0]} switches a seed; frozen weights; "
        "0 is the first observation after a switch. Evidence: p(x | past) over its value under a uniform prior, so 0 "
        "is a belief that says nothing; iterating Z defines none. Recursion with hazard 1 / mean block length; the "
        "exact filter also knows how long blocks can be. One-step posteriors come from one observation, with τ fitted "
        "on a validation stream. Predictions are the GBI-LSTM's given the belief as Z, those of Bayesian observers "
        f"the mean under the belief. {repeats_note(int(table['n'].max()))}",
    )
    return figure
