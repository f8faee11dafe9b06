"""Accuracy on adversarial train-test splits and on their random controls, pair by pair."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from whichtask.config import FigureSettings
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import MARK, POINTS, bars, estimate_in, legend_above, line_key, value_text
from whichtask.figures.palette import NEUTRAL, SPLIT_COLOURS
from whichtask.figures.style import annotate
from whichtask.figures.tables import only
from whichtask.figures.td.panels import ScorePanels
from whichtask.figures.td.split_pairs import DEFAULT_SOURCE, DIFFERENCES, GROUP, read_splits, split_numbers, splits_of

KIND_TITLES = {"binary": "binary target", "classes": "{n}-way target", "attribute": "binary attribute"}
SOURCE_TITLES = {
    "discovered": "discovered tasks",
    "random_network": "random networks",
    "attribute": "discovered tasks",
}
SPLIT_NAMES = {
    "random": "random split",
    "class_matched": "class-matched random split",
    "adversarial": "adversarial split",
}
# Means and values stand where no line of a pair crosses them: outside, and those of the middle above.
SIDES = {"random": -1, "class_matched": 0, "adversarial": 1}
TOP = 1.42  # of the axes of accuracy, with room above the points for the differences
MOST_BESIDE = 3  # groups in one line
PAIRS_NOTE = (
    "95 % interval over targets and attacking tasks as crossed units (networks averaged first; two-way analysis of "
    "variance; of the other kind only where there is one target or one task; none with one pair; drawn from 0 to 1)"
)


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Return the accuracies of all pairs of target and attacking task and their means, see ``split_numbers``.

    ``inputs``: ``tables``, split accuracies of one network: one or several files, of any targets and sources. All those
    of one source and kind are of one data set.
    """
    return split_numbers(read_splits(files(inputs, "tables"), one_data_set=False))


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Test accuracy of networks trained on adversarial splits (images on which a human and a discovered task agree
    train, the rest test), on random ones with as many training images and on class-matched random ones with as many of
    every class: points are pairs of target and discovered task, joined by lines; diamonds the mean with a 95 %
    interval over pairs; dots chance; train accuracy below.
    """
    splits = splits_of(table)
    several = len(table["data"].unique()) > 1
    worst = any(f"{split}_worst" in table for split in splits)
    groups = dict(iter(table.groupby(GROUP, sort=False)))
    # Beyond three groups the texts would collide: found tasks come first, all other sources below them.
    own = [rows for (source, _), rows in groups.items() if source == DEFAULT_SOURCE]
    others = [rows for (source, _), rows in groups.items() if source != DEFAULT_SOURCE]
    lines = [own + others] if len(groups) <= MOST_BESIDE else [own, others]
    widest = max(map(len, lines))
    size = (0.9 + (1.6 + 0.6 * len(splits)) * max(widest, 2), 1.3 + 4.3 * len(lines))
    figure = Figure(figsize=size, layout="constrained")
    span = 1 - min(0.9, table[[f"{split}_train" for split in splits]].min().min())
    grid = figure.add_gridspec(len(lines), 1)
    for index, line in enumerate(lines):
        panels = ScorePanels(figure, grid[index])
        panels.upper.set_ylabel("test accuracy\n[share of the split's test images]")
        for centre, rows in enumerate(line):
            _draw_group(panels, rows, centre)
        panels.upper.set_ylim(-0.03, TOP)
        panels.upper.set_yticks(np.linspace(0, 1, 6))
        panels.upper.tick_params(axis="x", length=0)
        panels.lower.set_ylim(1 - 1.5 * span, 1 + 0.15 * span)  # room below the points for the value
        panels.name_ticks([_title(rows, several=several) for rows in line])
        # As wide as the widest line, so that all groups are equally large.
        panels.lower.set_xlim(-0.54, widest - 0.46)
        if index == 0:
            chance = line_key("chance: 1 / number of classes", NEUTRAL, linestyle=":", linewidth=1.0)
            triangle = line_key("worst group: mean, interval", NEUTRAL, marker="v", linestyle="", markersize=5)
            legend_above(panels.upper, [*map(split_key, splits), chance, *([triangle] if worst else [])])
    matched = ", a class-matched one as many of every class" if "class_matched" in splits else ""
    triangles = (
        " Triangles: accuracy of the worst group that target and second attribute form, mean with such an interval."
    )
    annotate(
        figure,
        f"Adversarial and random train-test splits ({', '.join(table['data'].unique())}; {only(table, 'network')})",
        f"Points: pairs of target and attacking task; thin lines join a pair. Diamonds: mean with {PAIRS_NOTE}. A "
        f"random split has as many training images as the adversarial one beside it{matched}. Text at the top: mean of "
        f"adversarial minus control.{triangles if worst else ''}",
    )
    return figure


def split_key(split: str) -> Line2D:
    """Return the legend entry of a kind of split."""
    return line_key(SPLIT_NAMES[split], SPLIT_COLOURS[split], marker="D", linestyle="", markersize=5)


def _title(rows: pd.DataFrame, *, several: bool) -> str:
    """Name a group and say what is behind it, on up to four lines."""
    mean = rows[rows["row"] == "mean"].iloc[0]
    pairs, networks = mean["pairs"], mean["networks"]
    parts = [
        KIND_TITLES[mean["kind"]].format(n=mean["n_classes"]),
        f"attacked by {SOURCE_TITLES[mean['source']]}",
        f"{pairs} pair{'s' if pairs > 1 else ''}, {networks} network{'s' if networks > 1 else ''} a split",
    ]
    return "\n".join([*parts, mean["data"]] if several else parts)


def _draw_group(panels: ScorePanels, rows: pd.DataFrame, centre: float) -> None:
    """Draw one group: its splits from left to right with their means and worst groups, and the differences on top."""
    pairs, mean = rows[rows["row"] == "pair"], rows[rows["row"] == "mean"].iloc[0]
    splits = splits_of(rows)
    places = dict(zip(splits, centre + np.linspace(-0.2, 0.2, len(splits)), strict=True))
    text: dict[str, Any] = {"textcoords": "offset points", "fontsize": 7.0}
    text["bbox"] = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}  # lines of chance end at a value
    for axes, ending in ((panels.upper, ""), (panels.lower, "_train")):
        joined = [pairs[f"{split}{ending}"] for split in splits]
        axes.plot(list(places.values()), joined, color=NEUTRAL, linewidth=0.5, alpha=0.35, zorder=1.5)
        for x, values, split in zip(places.values(), joined, splits, strict=True):
            axes.scatter([x] * len(pairs), values, color=SPLIT_COLOURS[split], **POINTS)
    for split, x in places.items():
        side, worst = SIDES[split], mean.get(f"{split}_worst", np.nan)
        beside = x + (0.06 if np.isnan(worst) else 0.09) * (side or 1)
        align: dict[str, Any] = {"ha": ("center", "left", "right")[side], "va": "center" if side else "bottom"}
        for axes, column in ((panels.upper, split), (panels.lower, f"{split}_train"), (panels.upper, f"{split}_worst")):
            if np.isnan(mean.get(column, np.nan)):
                continue
            estimate, of_worst = estimate_in(mean, column), column.endswith("_worst")
            errors = bars(estimate.mean, max(estimate.low, 0.0), min(estimate.high, 1.0))
            mark = MARK | {"fmt": "v" if of_worst else "D", "color": SPLIT_COLOURS[split]}
            axes.errorbar([(x + beside) / 2 if of_worst else beside], [estimate.mean], yerr=errors, **mark)
            if not of_worst:
                place = (beside, estimate.mean) if side else (x, pairs[column].max())
                offset = (5 * side, 0 if side else 4)
                axes.annotate(value_text(estimate, between="\n"), place, xytext=offset, **align, **text)
    panels.upper.hlines(mean["chance"], centre - 0.45, centre + 0.45, color=NEUTRAL, linestyle=":", linewidth=1.0)
    differences = [
        f"minus {SPLIT_NAMES[control]}: {value_text(estimate_in(mean, name), '{:+.3f}')}"
        for name, control in DIFFERENCES.items()
        if control in splits
    ]
    top = "\n".join(["adversarial", *differences])
    panels.upper.annotate(top, (centre, TOP), xytext=(0, 0), ha="center", va="top", **text)
