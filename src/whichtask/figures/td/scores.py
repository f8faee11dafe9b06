"""Agreement scores of random, human and discovered tasks: by network, by kind of task, by number of training images."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.style import NEUTRAL, annotate, colour_of, in_order, save, styled
from whichtask.figures.tables import only, read_agreement, scores
from whichtask.figures.td.panels import (
    INTERVAL_NOTE,
    MEAN_STYLE,
    ScorePanels,
    chance_key,
    count_text,
    interval_bars,
    kind_key,
)


@styled()
def draw_by_network(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw AS against network, one colour for each kind of task.

    Args:
        inputs: ``tables``, agreement tables of one or more kinds for one or more networks.
        out: the PNG.
        settings: resolution.
    """
    agreement = read_agreement(files(inputs, "tables"))
    only(agreement, "images_train")
    table = scores(agreement, ["data", "network", "set"])
    networks, kinds = list(agreement["network"].unique()), in_order(table["set"])
    figure = Figure(figsize=(max(5.5, 1.2 + 0.85 * len(networks) * len(kinds)), 4.6), layout="constrained")
    panels = ScorePanels(figure)
    width = 0.92 / len(kinds)
    for (network, kind), group in table.groupby(["network", "set"]):
        centre = networks.index(network) + (kinds.index(str(kind)) - (len(kinds) - 1) / 2) * width
        panels.strip(group, str(kind), centre, width)
    panels.limit(table)
    panels.name_ticks(networks)
    panels.lower.set_xlabel("network")
    _finish(panels, agreement, table, "Agreement score by network")
    save(figure, table, out, settings)


@styled()
def draw_by_source(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw AS for each kind of task on one network.

    Args:
        inputs: ``tables``, agreement tables of several kinds for one network.
        out: the PNG.
        settings: resolution.
    """
    agreement = read_agreement(files(inputs, "tables"))
    only(agreement, "images_train")
    network = only(agreement, "network")
    table = scores(agreement, ["data", "network", "set"])
    kinds = in_order(table["set"])
    figure = Figure(figsize=(max(5.5, 1.6 + 1.25 * len(kinds)), 4.6), layout="constrained")
    panels = ScorePanels(figure)
    for position, kind in enumerate(kinds):
        panels.strip(table[table["set"] == kind], kind, position, 0.85)
    panels.limit(table)
    panels.name_ticks([f"{kind} tasks" for kind in kinds])
    _finish(panels, agreement, table, f"Agreement score by kind of task, {network}")
    save(figure, table, out, settings)


@styled()
def draw_by_images(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw AS against the number of training images for each kind of task on one network.

    Args:
        inputs: ``tables``, agreement tables that differ in ``images_train``. Only tasks that were scored at every
            number of images are drawn, so that a curve does not move because its tasks change.
        out: the PNG.
        settings: resolution.
    """
    agreement = read_agreement(files(inputs, "tables"))
    network = only(agreement, "network")
    everywhere = agreement.groupby(["set", "task"])["images_train"].transform("nunique")
    agreement = agreement[everywhere == agreement["images_train"].nunique()]
    if agreement.empty:
        raise WhichtaskError("no task was scored at every number of training images; tables need one in common")
    table = scores(agreement, ["data", "network", "images_train", "set"])
    figure = Figure(figsize=(6.4, 4.8), layout="constrained")
    panels = ScorePanels(figure)
    kinds = in_order(table["set"])
    for position, kind in enumerate(kinds):
        # The same number of images is drawn a little apart for each kind, so that intervals do not cover each other.
        shift = 1.035 ** (position - (len(kinds) - 1) / 2)
        _draw_curve(panels, table[table["set"] == kind], kind, shift)
    panels.upper.axhline(0.5, color=NEUTRAL, linestyle=":", linewidth=1.0)
    panels.limit(table)
    sizes = np.sort(table["images_train"].unique())
    panels.lower.set_xscale("log")
    panels.lower.set_xticks(sizes, [f"{size:,}" for size in sizes])
    panels.lower.set_xticks([], minor=True)
    panels.lower.set_xlabel("training images of one network (log scale)")
    _finish(panels, agreement, table, f"Agreement score by amount of data, {network}", " Dotted: 1/2.")
    save(figure, table, out, settings)


def _draw_curve(panels: ScorePanels, rows: pd.DataFrame, kind: str, shift: float) -> None:
    """Draw one kind of task over the numbers of images: tasks, means with intervals, chance."""
    colour = colour_of(kind)
    means = rows[rows["row"] == "mean"].sort_values("images_train")
    tasks = rows[rows["row"] == "task"]
    x = means["images_train"] * shift
    for axes, column in ((panels.upper, "agreement"), (panels.lower, "train_accuracy")):
        axes.scatter(tasks["images_train"] * shift, tasks[column], s=11, color=colour, alpha=0.4, linewidths=0)
        axes.plot(x, means[column], color=colour, linewidth=1.2)
    panels.upper.errorbar(x, means["agreement"], **interval_bars(means), **MEAN_STYLE, color=colour)
    panels.upper.plot(x, means["chance_agreement"], "--", color=colour, linewidth=1.0)


def _finish(panels: ScorePanels, agreement: pd.DataFrame, table: pd.DataFrame, title: str, more: str = "") -> None:
    """Add legend, title with data set and numbers of images, and the note on n and intervals."""
    kinds = in_order(table["set"])
    keys = [kind_key(kind, count_text(table[table["set"] == kind])) for kind in kinds]
    panels.legend([*keys, chance_key()])
    fewest, most = agreement["images_train"].min(), agreement["images_train"].max()
    trained = f"{most:,}" if fewest == most else f"{fewest:,} to {most:,}"
    annotate(
        panels.figure,
        f"{title} ({only(agreement, 'data')})",
        f"Networks trained on {trained} images. Points: tasks (mean over their pairs of networks). "
        f"{INTERVAL_NOTE}{more}",
    )
