"""Tasks found with one network, scored by another."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from whichtask.config import FigureSettings
from whichtask.figures.inputs import Inputs
from whichtask.figures.style import annotate, colour_of, save, styled
from whichtask.figures.tables import only
from whichtask.figures.td.searches import REFERENCES, interval_note, read_study, summarise_searches
from whichtask.figures.td.studies import TRAIN_NOTE

KEYS = ("encoder", "network", "discovery.encoder", "discovery.network")


@styled()
def draw_cross_network(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw the matrix of AS: tasks found with a network (rows), scored by a network (columns).

    Args:
        inputs: ``tables``, agreement tables of several networks, and ``configs`` of searches that differ in ``encoder``
            and ``network``; tables of the sets human and random become further rows.
        out: the PNG.
        settings: resolution.
    """
    study = read_study(inputs, KEYS, REFERENCES)
    groups = {str(name): str(network) for name, network in study.configs["discovery.network"].items()}
    scorers = list(dict.fromkeys([*groups.values(), *study.agreement["network"]]))
    scorers = [network for network in scorers if (study.agreement["network"] == network).any()]
    references = [name for name in REFERENCES if (study.agreement["set"] == name).any()]
    parts = []
    for network in scorers:
        by_one = study._replace(agreement=study.agreement[study.agreement["network"] == network])
        present = set(by_one.agreement["set"])
        rows = {name: group for name, group in (groups | {r: r for r in references}).items() if name in present}
        part = summarise_searches(by_one, rows)
        parts.append(part.drop(columns=list(part.filter(like="similarity"))).assign(network=network))
    table = pd.concat(parts, ignore_index=True)
    means = table[table["row"] == "mean"]
    lines = [*dict.fromkeys(groups.values()), *references]
    figure = Figure(figsize=(2.6 + 1.45 * len(scorers), 1.9 + 0.72 * len(lines)), layout="constrained")
    axes = figure.subplots()
    _draw_cells(figure, axes, means, lines, scorers)
    axes.set_yticks(
        range(len(lines)), [f"{line} tasks" if line in references else f"found with {line}" for line in lines]
    )
    images = int(study.agreement["images_train"].iloc[0])
    annotate(
        figure,
        f"AS of tasks across networks ({only(study.agreement, 'data')})",
        f"Networks trained on {images:,} images. Cells: mean AS [its interval], then train accuracy. Framed: found and "
        f"scored with the same network. {interval_note(means).replace('Bars', 'Intervals')} {TRAIN_NOTE}",
    )
    save(figure, table, out, settings)


def _draw_cells(figure: Figure, axes: Axes, means: pd.DataFrame, lines: list[str], scorers: list[str]) -> None:
    """Draw the heat map with the numbers of each cell; a cell that was not scored stays grey."""
    indexed = means.set_index(["group", "network"])
    cells = pd.MultiIndex.from_product([lines, scorers])
    values = indexed["agreement"].reindex(cells).to_numpy(float).reshape(len(lines), len(scorers))
    axes.grid(visible=False)
    axes.set_facecolor("#EEEEEE")
    picture = axes.imshow(values, vmin=0.5, vmax=1.0, cmap="cividis", aspect="auto")
    figure.colorbar(picture, ax=axes, label="agreement score (AS)", shrink=0.9)
    axes.set_xticks(range(len(scorers)), [f"scored by\n{network}" for network in scorers])
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    for (line, column), value in np.ndenumerate(values):
        if np.isnan(value):
            axes.text(column, line, "not scored", ha="center", va="center", fontsize=7)
            continue
        cell = indexed.xs((lines[line], scorers[column]))
        colour = "white" if value < 0.72 else "black"
        axes.text(column, line - 0.24, f"{value:.3f}", ha="center", va="center", color=colour, weight="bold")
        known = not np.isnan(cell["agreement_low"])
        interval = f"[{cell['agreement_low']:.3f}, {cell['agreement_high']:.3f}]" if known else "one task"
        text = f"{interval}\ntrain {cell['train_accuracy']:.3f}"
        axes.text(column, line + 0.17, text, ha="center", va="center", color=colour, fontsize=7)
        if lines[line] == scorers[column]:
            frame = Rectangle((column - 0.485, line - 0.48), 0.97, 0.96)
            frame.set(facecolor="none", edgecolor=colour_of("discovered"), linewidth=2.2)
            axes.add_patch(frame)
