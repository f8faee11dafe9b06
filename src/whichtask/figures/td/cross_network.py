"""Tasks found with one network, scored by another."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from whichtask.config import FigureSettings
from whichtask.figures.inputs import Inputs
from whichtask.figures.marks import estimate_in, heat_map, value_text
from whichtask.figures.palette import colour_of
from whichtask.figures.style import annotate
from whichtask.figures.tables import common
from whichtask.figures.td.agreement import counted
from whichtask.figures.td.searches import REFERENCES, TRAIN_NOTE, interval_note, read_study, summarise_searches

KEYS = ("encoder", "network", "discovery.encoder", "discovery.network")


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Return AS of tasks and its mean, for each network that they were found with (``group``) and scored by.

    Args:
        inputs: ``tables``, agreement tables of several networks, and ``configs`` of searches that differ in ``encoder``
            and ``network``; tables of the sets human and random become further groups.
    """
    study = read_study(inputs, KEYS, REFERENCES)
    groups = {str(name): str(network) for name, network in study.configs["discovery.network"].items()}
    groups |= {name: name for name in REFERENCES}
    by_network = dict(list(study.agreement.groupby("network", sort=False)))
    parts = []
    for network in dict.fromkeys([*groups.values(), *by_network]):
        if network in by_network:
            scored = by_network[network]
            present = {name: group for name, group in groups.items() if name in set(scored["set"])}
            part = summarise_searches(study._replace(agreement=scored), present)
            parts.append(part.drop(columns=list(part.filter(like="similarity"))).assign(network=network))
    return pd.concat(parts, ignore_index=True).assign(**common(study.agreement, "data", "images_train"))


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Tasks found with one network scored by the others, beside human and random tasks."""
    means = table[table["row"] == "mean"]
    scorers, groups = list(means["network"].unique()), list(means["group"].unique())
    # Networks in the order of the columns, so that the framed cells are a diagonal.
    order = [*scorers, *groups, *REFERENCES]
    lines = sorted(groups, key=lambda group: (group in REFERENCES, order.index(group)))
    figure = Figure(figsize=(2.6 + 1.45 * len(scorers), 1.9 + 0.72 * len(lines)), layout="constrained")
    axes = figure.subplots()
    cells = means.set_index(["group", "network"])
    every = pd.MultiIndex.from_product([lines, scorers])
    values = cells["agreement"].reindex(every).to_numpy(float).reshape(len(lines), len(scorers))
    colour_on = heat_map(axes, values, "agreement score (AS)")
    for (line, column), value in np.ndenumerate(values):
        if np.isnan(value):
            axes.text(column, line, "not scored", ha="center", va="center", fontsize=7)
        else:
            _write(axes, column, line, cells.loc[(lines[line], scorers[column])], colour_on(value))
        if lines[line] == scorers[column]:
            frame = Rectangle((column - 0.485, line - 0.48), 0.97, 0.96)
            frame.set(facecolor="none", edgecolor=colour_of("discovered"), linewidth=2.2)
            axes.add_patch(frame)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set_xticks(range(len(scorers)), [f"scored by\n{network}" for network in scorers])
    axes.xaxis.tick_top()
    names = [f"{line} tasks" if line in REFERENCES else f"found with {line}" for line in lines]
    axes.set_yticks(range(len(lines)), names)
    annotate(
        figure,
        f"AS of tasks across networks ({table['data'].iloc[0]})",
        f"Networks trained on {table['images_train'].iloc[0]:,} images. Cells: mean AS [its interval], then train "
        f"accuracy. Framed: found and scored with the same network. "
        f"{interval_note(means).replace('Bars', 'Intervals')} {TRAIN_NOTE}",
    )
    return figure


def _write(axes: Axes, column: int, line: int, cell: pd.Series, colour: str) -> None:
    """Write the mean of a cell, its interval and its train accuracy."""
    score = estimate_in(cell, "agreement")
    mean, _, interval = value_text(score).partition(" ")
    tasks = counted(pd.Series([cell["n_tasks"]]), "task")  # of one search, or one: no interval
    text = f"{interval or tasks}\ntrain {cell['train_accuracy']:.3f}"
    axes.text(column, line - 0.24, mean, ha="center", va="center", color=colour, weight="bold")
    axes.text(column, line + 0.17, text, ha="center", va="center", color=colour, fontsize=7)
