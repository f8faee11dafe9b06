"""Two panels that share their x axis: agreement scores above, and below the train accuracy that gives them meaning."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.lines import Line2D

from whichtask.figures.marks import HALO, MARK, POINTS, bars, chance_key, kind_key, legend_above, strip, value_text
from whichtask.figures.palette import NEUTRAL, colour_of, in_order
from whichtask.figures.style import annotate
from whichtask.figures.td.agreement import count_text, span
from whichtask.stats import Estimate

TEXT: dict[str, Any] = {"textcoords": "offset points", "fontsize": 7.0, "ha": "center", "zorder": 5}
NO_ROOM = 0.93  # a score above which no text fits


class ScorePanels:
    """The upper axes (agreement score) and the lower (train accuracy), with limits that follow the drawn values."""

    def __init__(self, figure: Figure, cell: SubplotSpec | None = None) -> None:
        grid = (cell.subgridspec if cell else figure.add_gridspec)(2, 1, height_ratios=[3.2, 1])
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
            scores: the rows of one group, see ``agreement.scores``.
            kind: kind of task, which chooses the colour.
            centre: x of the group.
            width: room that the group has on x.
        """
        points, mean = scores[scores["row"] == "task"], scores[scores["row"] == "mean"].iloc[0]
        score = Estimate(mean["agreement"], mean["low"], mean["high"], 0)
        accuracy = Estimate(mean["train_accuracy"], np.nan, np.nan, 0)
        strip(self.upper, centre, width, points["agreement"], score, colour_of(kind))
        strip(self.lower, centre, width, points["train_accuracy"], accuracy, colour_of(kind))
        ends = centre - 0.42 * width, centre + 0.42 * width
        self.upper.hlines(mean["chance_agreement"], *ends, color=NEUTRAL, linestyle="--", linewidth=1.0)
        lowest = points["train_accuracy"].min()
        self.lower.annotate(value_text(accuracy), (centre, lowest), xytext=(0, -5), va="top", **TEXT)
        # High scores leave room below them, low ones above; where neither has any, the value is on the interval.
        below = score.mean > 0.75
        drawn = [*points["agreement"], *mean[["low", "high"]].dropna()]
        edge, offset, align = (min(drawn), -5, "top") if below else (max(drawn), 5, "bottom")
        place = (centre, edge if edge < NO_ROOM or below else score.mean)
        text = self.upper.annotate(value_text(score, between="\n"), place, xytext=(0, offset), va=align, **TEXT)
        text.set_path_effects([HALO])

    def curves(self, scores: pd.DataFrame, x: str, value: str = "agreement") -> None:
        """Draw each kind of task over a column on a log scale: tasks as points, means with intervals, chance if known.

        Args:
            scores: ``set``, ``row``, ``x``, ``value`` with ``low`` and ``high``, and ``train_accuracy``.
            x: the column along the axis.
            value: the score.
        """
        kinds = in_order(scores["set"])
        for position, kind in enumerate(kinds):
            # The same x is drawn a little apart for each kind, so that intervals do not cover each other.
            shift, colour = 1.035 ** (position - (len(kinds) - 1) / 2), colour_of(kind)
            rows = scores[scores["set"] == kind]
            tasks, means = rows[rows["row"] == "task"], rows[rows["row"] == "mean"].sort_values(x)
            for axes, column in ((self.upper, value), (self.lower, "train_accuracy")):
                axes.scatter(tasks[x] * shift, tasks[column], color=colour, **POINTS)
                axes.plot(means[x] * shift, means[column], color=colour, linewidth=1.2)
            errors = bars(means[value], means["low"], means["high"])
            self.upper.errorbar(means[x] * shift, means[value], yerr=errors, color=colour, **MARK)
            self.lower.plot(means[x] * shift, means["train_accuracy"], "D", color=colour, markersize=3)
            if "chance_agreement" in means:
                self.upper.plot(means[x] * shift, means["chance_agreement"], "--", color=colour, linewidth=1.0)
        values = np.sort(scores[x].unique())
        self.lower.set_xscale("log")
        self.lower.set_xticks(values, [f"{value:,}" for value in values])
        self.lower.set_xticks([], minor=True)

    def legend(self, keys: Sequence[Artist], columns: int = 0) -> None:
        """Put the legend above the axes, where it hides nothing; by default in as many columns as fit."""
        legend_above(self.upper, keys, columns or max(2, int(self.figure.get_figwidth() / 3.2)))

    def name_ticks(self, names: Sequence[str]) -> None:
        """Label the whole numbers on x, one category each."""
        self.lower.set_xticks(range(len(names)), names)
        self.lower.tick_params(axis="x", length=0)
        self.lower.set_xlim(-0.5, len(names) - 0.5)

    def explain(self, scores: pd.DataFrame, title: str, note: str = "", keys: Sequence[Artist] = ()) -> None:
        """Add the legend, the title with network and data set, and the note on n and intervals.

        Args:
            scores: what was drawn, with ``data``, ``network`` and ``images_train``.
            title: what the figure shows.
            note: sentences of this figure, each with a space before it.
            keys: of the legend; by default one for each kind of task.
        """
        self.legend([*(keys or kind_keys(scores)), chance_key()])
        networks = scores["network"].unique()
        network = f", {networks[0]}" if len(networks) == 1 else ""
        annotate(
            self.figure,
            f"{title}{network} ({scores['data'].iloc[0]})",
            f"Networks trained on {span(scores['images_train'])} images.{note} Points: tasks (mean over their pairs of "
            "networks). Bars: mean over tasks with 95 % interval over tasks (Student's t; none with one task). "
            "Agreement means something only where train accuracy is near 1.",
        )


def kind_keys(scores: pd.DataFrame) -> list[Line2D]:
    """Return the legend of kinds of tasks, with the numbers behind their means."""
    return [kind_key(kind, count_text(scores[scores["set"] == kind])) for kind in in_order(scores["set"])]


def draw_strips(scores: pd.DataFrame, column: str, names: Mapping[str, str]) -> ScorePanels:
    """Draw the kinds of tasks side by side at each value of a column.

    Args:
        scores: see ``agreement.scores``; ``set`` is the kind.
        column: what is told apart along x.
        names: its values from left to right, each with the text that stands for it.
    """
    groups = {name: scores[scores[column] == name] for name in names}
    kinds = {name: in_order(rows["set"]) for name, rows in groups.items()}
    most = max(map(len, kinds.values()))
    figure = Figure(figsize=(max(6.4, 1.4 + max(1.3, 0.85 * most) * len(names)), 4.7), layout="constrained")
    panels = ScorePanels(figure)
    width = 0.92 / most
    for place, (name, rows) in enumerate(groups.items()):
        for i, kind in enumerate(kinds[name]):
            centre = place + (i - (len(kinds[name]) - 1) / 2) * width
            panels.strip(rows[rows["set"] == kind], kind, centre, width)
    panels.limit(scores)
    panels.name_ticks(list(names.values()))
    return panels
