"""Toy sequences: errors of all arms while they learn the same stream, between the oracle and knowing nothing."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.gbi.toy_common import ERRORS, arm_keys, colour_of, draw_arm, draw_dots, in_order, name_of
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import legend_below_title, name_rows, panel_rows
from whichtask.figures.means import long_means, read_repeats, repeats_note, where
from whichtask.figures.palette import NEUTRAL
from whichtask.figures.style import annotate

EARLY_STEPS = 300
"""What counts as early learning."""
POINTS = 12
"""Points of a curve, at even distances in the logarithm of the step."""
REFERENCE = "lstm"


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Average errors over repeats: in bins of steps, early and late in learning, and there as differences to the LSTM.

    Args:
        inputs: ``curves``, curves.csv of `whichtask gbi toy-learning`, one a repeat.

    Returns:
        Rows of ``long_means``, ``part`` being "curve", "phase" or "difference"; ``observations`` is their number.

    Raises:
        WhichtaskError: files that do not fit, or no LSTM among the arms.
    """
    curves = read_repeats(files(inputs, "curves"), ["arm", "step", "steps", *ERRORS])
    if REFERENCE not in set(curves["arm"]):
        raise WhichtaskError(f"the curves have no arm {REFERENCE!r}, which the others are compared with")
    end = curves["step"] + curves["steps"]
    last = int(end.groupby(curves["repeat"]).max().min())
    late = (end > last - last // 4) & (curves["step"] < last)
    spans = {"early": _errors(curves[curves["step"] < EARLY_STEPS]), "late": _errors(curves[late])}
    phases = pd.concat(spans, names=["phase"]).reset_index("phase")
    parts = [
        long_means(_binned(curves[end <= last]), ["arm", "step"], list(ERRORS)).assign(part="curve"),
        long_means(phases, ["arm", "phase"], list(ERRORS)).assign(part="phase"),
        long_means(_differences(phases), ["arm", "phase"], list(ERRORS)).assign(part="difference"),
    ]
    return pd.concat(parts, ignore_index=True).assign(observations=last)


def _errors(curves: pd.DataFrame, *by: str) -> pd.DataFrame:
    return curves.groupby(["repeat", "arm", *by], sort=False, as_index=False)[list(ERRORS)].mean()


def _binned(curves: pd.DataFrame) -> pd.DataFrame:
    """Average over bins of steps that grow like the step; ``step`` becomes the middle of the bin."""
    number = (curves["step"] - curves["step"].min()) // curves["steps"] + 1
    edges = np.unique(np.floor(np.geomspace(1, number.max() + 1, POINTS + 1)))[:-1]
    groups = curves.assign(bin=np.digitize(number, edges), middle=curves["step"] + curves["steps"] / 2)
    means = _errors(groups, "bin")
    return means.assign(step=means["bin"].map(groups.groupby("bin")["middle"].mean()).round(1))


def _differences(phases: pd.DataFrame) -> pd.DataFrame:
    """Return each arm's error minus the LSTM's of the same repeat."""
    reference = phases[phases["arm"] == REFERENCE].drop(columns="arm")
    joined = phases[phases["arm"] != REFERENCE].merge(reference, on=["repeat", "phase"], suffixes=("", "_reference"))
    return joined.assign(**{error: joined[error] - joined[f"{error}_reference"] for error in ERRORS})


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Online prediction of a stream that switches between two Gaussians: an LSTM that is told the context (GBI-LSTM)
    against the same LSTM that is not, controls with uninformative labels, and the best that observers who know the
    process can do.
    """
    arms, last = in_order(table["arm"]), int(table["observations"].iloc[0])
    figure = Figure(figsize=(10.6, 8.2), layout="constrained")
    legend_below_title(figure, arm_keys(arms), 4)
    upper, lower = panel_rows(figure, [2, 2], [1.25, 1])
    for axes, (error, label) in zip(upper, ERRORS.items(), strict=True):
        for arm in arms:
            draw_arm(axes, where(table, part="curve", arm=arm, measure=error), "step", arm)
        axes.set(
            xscale="log", xlabel="observations learned from (log scale)", ylabel=f"{label} of the next observation"
        )
    compared = [arm for arm in arms if arm not in {REFERENCE, "mean"}]
    phases = {"early": f"first {EARLY_STEPS}", "late": f"last {last // 4:,}"}
    for axes, (phase, when) in zip(lower, phases.items(), strict=True):
        axes.axvline(0, color=NEUTRAL, linewidth=1.0)
        for line, arm in enumerate(compared):
            rows = where(table, part="difference", arm=arm, phase=phase, measure="mae")
            draw_dots(axes, rows, line, colour_of(arm), "{:+.3f}")
        name_rows(axes, [name_of(arm) for arm in compared])
        axes.set_xlabel(f"MAE minus that of the LSTM, {when} observations")
        axes.label_outer()
    annotate(
        figure,
        "Toy sequences: learning with and without the task as an input",
        "Online learning, one observation at a time; each prediction is made before the observation is learned from. "
        "Dashed or dotted: observers who know both means and stds. GBI-LSTMs are told the context of the observation "
        "to come, so their bound is the oracle; the others', without labels, is the exact Bayes filter. Within a seed "
        "all arms start from the same weights and see the same stream, so differences are paired. "
        f"{repeats_note(int(table['n'].max()))}",
    )
    return figure
