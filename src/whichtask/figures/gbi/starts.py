"""One step from several starts: what it costs not to begin at maximum entropy."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.gbi.images import ABOUT, read_seeds, seeds_note
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import dot_rows, legend_above, mean_key, unit_key
from whichtask.figures.means import long_means, read_repeats, where
from whichtask.figures.palette import BLUE, GREEN, GREY, ORANGE, VERMILION
from whichtask.figures.style import annotate

STARTS = {
    "maximum entropy": ("maximum entropy", VERMILION),
    "mean posterior": ("mean of validation posteriors", ORANGE),
    "random point": ("random point of the simplex", GREEN),
    "halfway to a one-hot": ("halfway to a random one-hot", BLUE),
    "one-hot": ("random one-hot", GREY),
}
"""Starts from top to bottom."""
REFERENCE = "maximum entropy"
EVERYWHERE = ("start_entropy", "accuracy", "validation_accuracy", "same_answer", "confidence", "calibration_error")
PANELS = {
    ("raw", "accuracy"): "accuracy, raw digits",
    ("raw", "same_answer"): "same answer as from\nmaximum entropy, raw digits",
    ("raw", "calibration_error"): "expected calibration\nerror, raw digits",
    ("normalised", "auroc"): "AUROC, largest entry,\nnormalised digits",
    ("gbi_hard", "accuracy"): "accuracy, toy LSTM,\none observation",
}


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Average what every start gives over repeats, and its difference to maximum entropy.

    Args:
        inputs: ``images`` and ``toy``, starts.csv of `whichtask gbi images` and of `whichtask gbi toy`, one a repeat.

    Returns:
        Rows of ``long_means`` by ``part`` ("value" or "difference"), ``arm`` (of digits: raw, normalised; of toy
        sequences: gbi_hard, gbi_soft) and ``start``; draws of one repeat are averaged.

    Raises:
        WhichtaskError: files that do not fit.
    """
    digits = read_seeds(inputs, "images", ["arm", "start", *EVERYWHERE, "auroc"])
    toy = read_repeats(files(inputs, "toy"), ["arm", "start", *EVERYWHERE])
    measures = [*EVERYWHERE, "auroc"]
    drawn = pd.concat([digits, toy]).groupby(["repeat", "arm", "start"], sort=False, as_index=False)[measures].mean()
    reference = where(drawn, start=REFERENCE).drop(columns="start")
    if reference.empty:
        raise WhichtaskError(f"the tables have no start {REFERENCE!r}, which the others are compared with")
    pairs = drawn[drawn["start"] != REFERENCE].merge(reference, on=["repeat", "arm"], suffixes=("", "_reference"))
    differences = pairs.assign(**{name: pairs[name] - pairs[f"{name}_reference"] for name in measures})
    parts = [
        long_means(rows, ["arm", "start"], measures).assign(part=part)
        for part, rows in (("value", drawn), ("difference", differences))
    ]
    return pd.concat(parts, ignore_index=True).assign(**{name: digits[name].iloc[0] for name in ABOUT})


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """One-step inference from maximum entropy and from other points of the simplex: accuracy, how often the answer is
    that from maximum entropy, calibration and detection of foreign images; digits, and toy sequences.
    """
    figure = Figure(figsize=(12.4, 4.4), layout="constrained")
    panels = figure.subplots(1, len(PANELS), sharey=True)
    for axes, ((arm, measure), label) in zip(panels, PANELS.items(), strict=True):
        _panel(axes, where(table, part="value", arm=arm, measure=measure))
        axes.set_xlabel(label)
    legend_above(panels[0], [mean_key(), unit_key("one seed")])
    first = table.iloc[0]
    annotate(
        figure,
        f"One step depends on its start ({first['data']} and toy sequences)",
        "The gradient with respect to Z is taken at the start; the answer is softmax(−g / τ), the maximum of the bound "
        "that is linear in the loss there, with τ fitted on validation data for each start anew. From maximum entropy "
        "it is the one-step rule of all other figures. Random starts: every example has its own point, three draws a "
        f"seed are averaged. AUROC: {first['data']} against {first['outside']}. {seeds_note(table)}",
    )
    return figure


def _panel(axes: Axes, rows: pd.DataFrame) -> None:
    names = {start: label for start, (label, _) in STARTS.items()}
    dot_rows(axes, rows, "start", "value", names, {start: colour for start, (_, colour) in STARTS.items()})
    axes.margins(x=0.12)
