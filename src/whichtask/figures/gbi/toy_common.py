"""What the figures of the toy sequences share: arms with their names, colours and lines, and marks for long tables."""

import re
from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from whichtask.figures.marks import band, dot_row, estimate_in, line_key
from whichtask.figures.means import where
from whichtask.figures.palette import BLUE, BROWN, GREEN, GREY, NEUTRAL, ORANGE, PURPLE, SKY, VERMILION

ARMS = {
    "lstm": ("LSTM (Z = 1/K)", BLUE),
    "gbi_hard": ("GBI-LSTM, one-hot label", VERMILION),
    "gbi_hard_iterated": ("GBI-LSTM, one-hot label, Z iterated", VERMILION),
    "gbi_soft": ("GBI-LSTM, label through softmax", ORANGE),
    "gbi_soft_iterated": ("GBI-LSTM, label through softmax, Z iterated", ORANGE),
    "shuffled_block": ("control: random label a block", PURPLE),
    "random_step": ("control: random label a step", BROWN),
    "constant": ("control: constant label", SKY),
    "shuffled_data": ("LSTM on shuffled data", GREEN),
    "mean": ("mean of all means", "#999999"),
    "bayes": ("Bayes filter, constant hazard", GREY),
    "bayes_timed": ("exact Bayes filter", "#111111"),
    "oracle": ("oracle: context known", NEUTRAL),
}
"""Text and colour of each arm, in the order of figures."""
KNOWING = {"mean": ":", "bayes": "--", "bayes_timed": "--", "oracle": "-."}
"""Lines of observers who know the means."""
ERRORS = {"mae": "mean absolute error", "mse": "mean squared error"}


def name_of(arm: str) -> str:
    """Return the text of an arm; one that is not known is drawn under its own name."""
    return ARMS.get(arm, (arm,))[0]


def short_name(arm: str) -> str:
    """Return the text of an arm on two lines."""
    return re.sub(r"([,:]) (?!.*[,:] )", r"\1\n", name_of(arm))


def colour_of(arm: str) -> str:
    """Return the colour of an arm."""
    return ARMS[arm][1] if arm in ARMS else NEUTRAL


def in_order(arms: pd.Series) -> list[str]:
    """Return the distinct arms of a column in the order of figures."""
    present = set(arms)
    return [arm for arm in ARMS if arm in present] + sorted(present - set(ARMS))


def arm_keys(arms: Sequence[str]) -> list[Line2D]:
    """Return the legend entries of arms."""
    return [line_key(name_of(arm), colour_of(arm), linestyle=KNOWING.get(arm, "-")) for arm in arms]


def draw_line(axes: Axes, rows: pd.DataFrame, x: str, colour: str, **style: Any) -> None:
    """Draw the means in rows of ``long_means`` against a column, with their intervals as a band."""
    means = where(rows, row="mean").sort_values(x)
    band(axes, means[x], means["value"], means["low"], means["high"], colour, **style)


def draw_arm(axes: Axes, rows: pd.DataFrame, x: str, arm: str, *, banded: bool = True) -> None:
    """Draw the means of one arm against a column; observers who know the means have no band."""
    if arm in KNOWING or not banded:
        rows = rows.assign(low=rows["value"], high=rows["value"])
    thin = {"linestyle": KNOWING[arm], "linewidth": 1.1} if arm in KNOWING else {}
    draw_line(axes, rows, x, colour_of(arm), **thin)


def draw_dots(axes: Axes, rows: pd.DataFrame, line: float, colour: str, form: str = "{:.3f}", **mark: Any) -> None:
    """Draw rows of ``long_means``, one group and measure, on a horizontal line; nothing where there are none."""
    if not rows.empty:
        estimate = estimate_in(where(rows, row="mean").iloc[0])
        dot_row(axes, line, where(rows, row="seed")["value"], estimate, colour, form, outside=True, **mark)


def several(places: int, gap: float = 0.27) -> list[float]:
    """Return how far each of several marks of one name lies from its line."""
    return [(place - (places - 1) / 2) * gap for place in range(places)]
