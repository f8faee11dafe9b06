"""The toy stream: predictions of its observations, and what is believed about its context, as charts."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from whichtask.figures.gbi.toy_bayes import METHODS as FILTERS
from whichtask.figures.means import where
from whichtask.site.charts import Chart, chart
from whichtask.site.run import Run

ARM = "gbi_hard"
"""The network that was told the context."""
STREAM = ("step", "observation", "mean", "lstm", ARM, "bayes")
BELIEFS = ("arm", "step", "true_context", "context", "one_step", "iterated")
ROUND_SWITCHES = {
    ("observer", "bayes"): "neutral",
    (ARM, "one_step_recursion"): "first",
    (ARM, "one_step"): "second dashed",
    (ARM, "iterated"): "third",
}
"""Beliefs shown around switches, and their styles."""


class Stream(NamedTuple):
    """The end of the stream that the first seed's networks learned from."""

    means: list[float]
    chart: Chart
    """Observations and predictions."""


class Beliefs(NamedTuple):
    """Z inferred at the end of that stream, by the first seed's network."""

    mean: float
    """Of the context whose probability is drawn: the last."""
    chart: Chart
    right: float
    """Share of steps at which the iterated Z favours the true context."""


def stream(run: Run) -> Stream | None:
    """Draw the observations and what was predicted of each before it came."""
    table = run.table(run.plan.gbi("toy-learning", "stream.csv")[0], STREAM)
    if table is None:
        return None
    steps = table["step"].tolist()
    values = table[list(STREAM[1:])].to_numpy(np.float64)
    # A chart has room beyond its outermost dots.
    low, high = np.nanmin(values) - 0.1, np.nanmax(values) + 0.1
    drawn = chart(_time(table), ("value", float(low), float(high)))
    drawn = drawn.with_dots("observation", "neutral small", steps, table["observation"].tolist())
    drawn = drawn.with_line("true mean", "ink dashed", steps, table["mean"].tolist())
    drawn = drawn.with_line("LSTM", "second", steps, table["lstm"].tolist())
    drawn = drawn.with_line("GBI-LSTM, told the context", "first", steps, table[ARM].tolist())
    return Stream(list(run.settings.gbi.toy.task.means), drawn)


def beliefs(run: Run) -> Beliefs | None:
    """Draw the probability of the last context over the same steps, as ``gbi toy`` wrote it."""
    table = run.table(run.plan.gbi("toy", "stream_beliefs.csv")[0], BELIEFS)
    if table is None:
        return None
    last = where(table, arm=ARM, context=table["context"].max())
    steps, truth = last["step"].tolist(), (last["true_context"] == last["context"]).to_numpy()
    mean = run.settings.gbi.toy.task.means[-1]
    axis = _time(last, run.settings.gbi.toy.network.window)
    drawn = chart(axis, (f"probability of the context with mean {mean:g}", -0.03, 1.03))
    drawn = drawn.with_dots("one step, from one observation", "second small", steps, last["one_step"].tolist())
    drawn = drawn.with_line("truth", "ink dashed", steps, truth.astype(np.float64).tolist())
    drawn = drawn.with_line("Z, iterated", "first", steps, last["iterated"].tolist())
    return Beliefs(mean, drawn, float(((last["iterated"] > 0.5) == truth).mean()))


def _time(table: pd.DataFrame, before: int = 0) -> tuple[str, int, int]:
    """Return the axis of the steps of a table, and of some before them, so that both charts have the same."""
    return "observation of the stream", int(table["step"].min()) - before, int(table["step"].max()) + 1


def switches(run: Run) -> Chart | None:
    """Draw the probability of the new context around switches."""
    table = run.drawn("gbi_toy_bayes", "part", "row", "measure", "arm", "method", "offset", "value")
    if table is None:
        return None
    rows = where(table, part="switch", row="mean", measure="posterior_new")
    made = chart(
        ("observations since the context changed", rows["offset"].min(), rows["offset"].max()),
        ("probability of the new context", 0.0, 1.0),
    )
    for (arm, method), style in ROUND_SWITCHES.items():
        own = where(rows, arm=arm, method=method)
        made = made.with_line(FILTERS[arm, method][0], style, own["offset"].tolist(), own["value"].tolist())
    return made
