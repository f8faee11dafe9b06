"""Agreement scores of random, human and discovered tasks: by network, by kind of task, by number of training images."""

import pandas as pd
from matplotlib.figure import Figure

from whichtask.config import MAIN, FigureSettings
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.palette import NEUTRAL, in_order
from whichtask.figures.tables import common, only, read_agreement
from whichtask.figures.td.agreement import scored_everywhere, scores
from whichtask.figures.td.panels import ScorePanels, draw_strips


def numbers_by_network(inputs: Inputs) -> pd.DataFrame:
    """Return AS of tasks and its mean for each network and kind of task.

    Args:
        inputs: ``tables``, agreement tables of one or more kinds for one or more networks.
    """
    agreement = read_agreement(files(inputs, "tables"))
    # Those of a further search are called after their network too.
    agreement["set"] = agreement["set"].str.replace(rf"^{MAIN}-.*", MAIN, regex=True)
    return scores(agreement, ["data", "network", "set"]).assign(**common(agreement, "images_train"))


def draw_by_network(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Agreement score (AS) of random and human tasks by network, and of discovered ones where each network has a search
    of its own: points are tasks (mean over their pairs of networks),
    bars the mean over tasks with a 95 % interval, dashes chance agreement; train accuracy below, without
    which AS says little.
    """
    networks = list(table["network"].unique())
    panels = draw_strips(table, "network", dict(zip(networks, networks, strict=True)))
    panels.lower.set_xlabel("network")
    panels.explain(table, "Agreement score by network")
    return panels.figure


def numbers_by_source(inputs: Inputs) -> pd.DataFrame:
    """Return AS of tasks and its mean for each kind of task on one network.

    Args:
        inputs: ``tables``, agreement tables of several kinds for one network.
    """
    table = numbers_by_network(inputs)
    only(table, "network")
    return table


def draw_by_source(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Agreement score (AS) of random, human and discovered tasks on one network: points are tasks (mean over their
    pairs of networks), bars the mean over tasks with a 95 % interval, dashes chance agreement; train accuracy
    below.
    """
    panels = draw_strips(table, "set", {kind: f"{kind} tasks" for kind in in_order(table["set"])})
    panels.explain(table, "Agreement score by kind of task")
    return panels.figure


def numbers_by_images(inputs: Inputs) -> pd.DataFrame:
    """Return AS of tasks and its mean for each number of training images and kind of task on one network.

    Args:
        inputs: ``tables``, agreement tables that differ in ``images_train``; of tasks that were scored at every number.
    """
    agreement = read_agreement(files(inputs, "tables"))
    only(agreement, "network")
    agreement = scored_everywhere(agreement, "images_train", "at every number of training images")
    return scores(agreement, ["data", "network", "images_train", "set"])


def draw_by_images(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Agreement score (AS) of random and human tasks against the number of training images of a network (log scale):
    means over tasks with 95 % intervals, tasks as points, measured chance agreement dashed, 1/2 dotted; train
    accuracy below. Shows how far memorised random labels leak to other images.
    """
    panels = ScorePanels(Figure(figsize=(6.4, 4.8), layout="constrained"))
    panels.curves(table, "images_train")
    panels.upper.axhline(0.5, color=NEUTRAL, linestyle=":", linewidth=1.0)
    panels.limit(table)
    panels.lower.set_xlabel("training images of one network (log scale)")
    panels.explain(table, "Agreement score by amount of data", " Dotted: 1/2.")
    return panels.figure
