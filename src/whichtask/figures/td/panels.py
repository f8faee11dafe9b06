"""Two panels that share their x axis: agreement scores above, and below the train accuracy that gives them meaning."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.lines import Line2D

from whichtask.figures.palette import NEUTRAL, colour_of

INTERVAL_NOTE = (
    "Bars: mean over tasks with bootstrap 95 % interval (tasks resampled, then their pairs of networks; none with one "
    "task). Agreement means something only where train accuracy is near 1."
)
MEAN_STYLE: dict[str, Any] = {"fmt": "D", "markersize": 3, "capsize": 3, "elinewidth": 1.4, "zorder": 4}


class ScorePanels:
    """The upper axes (agreement score) and the lower (train accuracy), with limits that follow the drawn values."""

    def __init__(self, figure: Figure, cell: SubplotSpec | None = None) -> None:
        grid = (
            figure.add_gridspec(2, 1, height_ratios=[3.2, 1])
            if cell is None
            else cell.subgridspec(2, 1, height_ratios=[3.2, 1])
        )
        self.figure = figure
        self.upper: Axes = figure.add_subplot(grid[0])
        self.lower: Axes = figure.add_subplot(grid[1], sharex=self.upper)
        self.upper.tick_params(labelbottom=False)
        self.upper.set_ylabel("agreement score (AS)\n[share of held-out images]")
        self.lower.set_ylabel("train\naccuracy")

    def limit(self, scores: pd.DataFrame) -> None:
        """Set both y axes so that all scores, their intervals and chance are inside."""
        lowest = scores[["agreement", "low", "chance_agreement"]].min().min()
        self.upper.set_ylim(min(0.45, lowest - 0.04), 1.02)
        span = 1 - min(0.9, scores["train_accuracy"].min())
        # Room below the points for the value.
        self.lower.set_ylim(1 - 1.5 * span, 1 + 0.15 * span)

    def strip(self, scores: pd.DataFrame, kind: str, centre: float, width: float) -> None:
        """Draw one group: its tasks as points, and beside them its mean with interval, value and chance.

        Args:
            scores: the rows of one group, see ``tables.scores``.
            kind: kind of task, which chooses the colour.
            centre: x of the group.
            width: room that the group has on x.
        """
        colour = colour_of(kind)
        points = scores[scores["row"] == "task"]
        mean = scores[scores["row"] == "mean"].iloc[0]
        left, right, beside = centre - 0.42 * width, centre + 0.42 * width, centre + 0.12 * width
        # Spread in the order of the tasks: no point hides another and nothing is random.
        x = np.linspace(left, centre - 0.02 * width, len(points)) if len(points) > 1 else [centre - 0.22 * width]
        for axes, column in ((self.upper, "agreement"), (self.lower, "train_accuracy")):
            axes.scatter(x, points[column], s=11, color=colour, alpha=0.55, linewidths=0)
        self.upper.errorbar(
            [beside], [mean["agreement"]], **interval_bars(mean.to_frame().T), **MEAN_STYLE, color=colour
        )
        self.lower.plot([beside], [mean["train_accuracy"]], "D", color=colour, markersize=3)
        self.upper.hlines(mean["chance_agreement"], left, right, color=NEUTRAL, linestyle="--", linewidth=1.0)
        text: dict[str, Any] = {"textcoords": "offset points", "fontsize": 7.0, "ha": "center"}
        self.lower.annotate(
            f"{mean['train_accuracy']:.3f}", (centre, points["train_accuracy"].min()), xytext=(0, -4), va="top", **text
        )
        # High scores leave room below them, low ones above.
        below = mean["agreement"] > 0.75
        drawn = [*points["agreement"], *mean[["low", "high"]].dropna()]
        edge = min(drawn) if below else max(drawn)
        value = f"{mean['agreement']:.3f}"
        if not np.isnan(mean["low"]):
            value += f"\n[{mean['low']:.3f}, {mean['high']:.3f}]"
        self.upper.annotate(
            value, (centre, edge), xytext=(0, -5 if below else 5), va="top" if below else "bottom", **text
        )

    def legend(self, keys: Sequence[Line2D]) -> None:
        """Put the legend above the axes, where it hides nothing."""
        self.upper.legend(handles=list(keys), loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2, columnspacing=1.4)

    def name_ticks(self, names: Sequence[str]) -> None:
        """Label the whole numbers on x, one category each."""
        self.lower.set_xticks(range(len(names)), names)
        self.lower.tick_params(axis="x", length=0)
        self.lower.set_xlim(-0.5, len(names) - 0.5)


def interval_bars(means: pd.DataFrame) -> dict[str, Any]:
    """Return the ``yerr`` of means: distances to the ends of their intervals; NaN draws nothing."""
    distances = np.stack([means["agreement"] - means["low"], means["high"] - means["agreement"]]).astype(float)
    # Where all tasks score the same, rounding puts an end on the wrong side of the mean, which errorbar refuses.
    return {"yerr": np.maximum(distances, 0)}


def count_text(scores: pd.DataFrame) -> str:
    """Say how many tasks and pairs are behind the means of some groups, as a range where they differ."""
    means = scores[scores["row"] == "mean"]
    parts = []
    for column, noun in (("n_tasks", "task"), ("n_pairs", "pair")):
        low, high = int(means[column].min()), int(means[column].max())
        number = str(low) if low == high else f"{low}-{high}"
        parts.append(f"{number} {noun}{'' if high == 1 else 's'}")
    return " × ".join(parts)


def kind_key(kind: str, text: str) -> Line2D:
    """Return the legend entry of a kind of task."""
    return Line2D([], [], color=colour_of(kind), marker="D", linestyle="", markersize=5, label=f"{kind}: {text}")


def chance_key() -> Line2D:
    """Return the legend entry of the chance lines."""
    label = "chance, given the networks' own class rates"
    return Line2D([], [], color=NEUTRAL, linestyle="--", linewidth=1.0, label=label)
