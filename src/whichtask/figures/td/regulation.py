"""Regulated beside unregulated tasks: how often augmentations flip labels, and how far mean colour explains them."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.style import annotate, colour_of, save, styled
from whichtask.figures.tables import only, read_table
from whichtask.figures.td.two_level import values_of

COLUMNS = ("data", "set", "task", "augmentation", "value", "images", "views")
MEAN_COLOUR = "mean_colour"
FLIPS = {
    "crop": "resized\ncrop",
    "flip": "horizontal\nflip",
    "colour_jitter": "colour\njitter",
    "grey": "grey",
    "all": "all\ntogether",
}
MARKERS = "osv^P*"
MEAN: dict[str, Any] = {"markersize": 4.5, "capsize": 3, "elinewidth": 1.4, "zorder": 4}


@styled()
def draw_regulation(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw flip rates of tasks by augmentation and set, and beside them the R^2 of labels on mean colour.

    Args:
        inputs: ``regulation``, one table for each search; ``NAME.s1`` is a further seed of the set ``NAME``. Sets are
            drawn in the order of the files.
        out: the PNG.
        settings: resolution.
    """
    measured = pd.concat([read_table(path, COLUMNS) for path in files(inputs, "regulation")], ignore_index=True)
    data = only(measured, "data")
    table = summarise_regulation(measured)
    groups = list(dict.fromkeys(table["group"]))
    flips = [name for name in FLIPS if (table["augmentation"] == name).any()]
    figure = Figure(figsize=(2.6 + (0.3 + 0.42 * len(groups)) * (len(flips) + 1), 4.4), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[len(flips), 1.15])
    styles = _styles(groups)
    for axes, names in ((left, flips), (right, [MEAN_COLOUR])):
        for place, name in enumerate(names):
            _strips(axes, table[table["augmentation"] == name], groups, styles, place)
        axes.set_xlim(-0.5, len(names) - 0.5)
        axes.tick_params(axis="x", length=0)
        axes.margins(y=0.08)
    left.set_xticks(range(len(flips)), [FLIPS[name] for name in flips])
    left.set_ylabel("flip rate: held-out views with another\nlabel than the plain image [share]")
    left.set_ylim(bottom=0)
    right.set_xticks([0], ["linear in\nmean colour"])
    right.set_ylabel("variance of labels explained, R²")
    right.set_ylim(bottom=min(0.0, right.get_ylim()[0]))
    means = table[table["row"] == "mean"]
    keys = [
        Line2D([], [], color=colour, marker=marker, linestyle="", markersize=5, label=_label(group, means))
        for group, (colour, marker) in styles.items()
    ]
    left.legend(handles=keys, loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=min(3, len(keys)))
    annotate(figure, f"What regulation by SimCLR changes ({data})", _note(measured, means))
    save(figure, table, out, settings)


def summarise_regulation(measured: pd.DataFrame) -> pd.DataFrame:
    """Average measurements over the tasks of each set, and over searches that differ in their seed.

    Args:
        measured: rows of regulation tables.

    Returns:
        A row for each task (``row`` = "task"), then one for each mean ("mean"): ``group`` (the set without its seed),
        ``augmentation``, ``row``, ``set``, ``task``, ``value``, ``low`` and ``high`` (95 % interval; NaN for tasks and
        for a single task), ``n_searches`` and ``n_tasks`` (all tasks behind it).

    Raises:
        WhichtaskError: a task was measured twice, or an augmentation is not known.
    """
    unknown = set(measured["augmentation"]) - {*FLIPS, MEAN_COLOUR}
    if unknown:
        raise WhichtaskError(f"unknown augmentation {', '.join(sorted(unknown))}; allowed: {', '.join(FLIPS)}")
    if measured.duplicated(["set", "task", "augmentation"]).any():
        raise WhichtaskError("a task was measured twice; give each search's table once")
    tasks = measured.assign(group=[re.sub(r"\.s\d+$", "", name) for name in measured["set"]], row="task")
    means = []
    for (group, name), rows in tasks.groupby(["group", "augmentation"], sort=False):
        found = values_of(rows, "value")
        low, high = found.interval()
        means.append(
            {
                "group": group,
                "augmentation": name,
                "row": "mean",
                "set": "",
                "task": "",
                "value": found.mean,
                "low": low,
                "high": high,
                "n_searches": rows["set"].nunique(),
                "n_tasks": len(rows),
            }
        )
    columns = list(means[0])
    return pd.concat([tasks, pd.DataFrame(means)], ignore_index=True)[columns]


def _styles(groups: list[str]) -> dict[str, tuple[str, str]]:
    """Return colour (by whether a set is regulated) and marker (within a colour) of each set."""
    regulated = [group.startswith("regulated") for group in groups]
    return {
        group: (colour_of("regulated" if flag else "discovered"), MARKERS[regulated[:i].count(flag) % len(MARKERS)])
        for i, (group, flag) in enumerate(zip(groups, regulated, strict=True))
    }


def _strips(axes: Axes, rows: pd.DataFrame, groups: list[str], styles: dict[str, tuple[str, str]], place: int) -> None:
    """Draw the sets side by side at one place on x: tasks as points, and right of them the mean with its value."""
    width = 0.86 / len(groups)
    for i, group in enumerate(groups):
        of_group = rows[rows["group"] == group]
        if of_group.empty:
            continue
        colour, marker = styles[group]
        centre = place + (i - (len(groups) - 1) / 2) * width
        points = of_group.loc[of_group["row"] == "task", "value"].to_numpy()
        mean = of_group[of_group["row"] == "mean"].iloc[0]
        # Spread in the order of the tasks: no point hides another and nothing is random.
        x = centre + width * (np.linspace(-0.38, -0.04, len(points)) if len(points) > 1 else np.array([-0.2]))
        axes.scatter(x, points, s=12, marker=marker, color=colour, alpha=0.55, linewidths=0)
        bars = np.maximum([[mean["value"] - mean["low"]], [mean["high"] - mean["value"]]], 0)
        at = centre + 0.2 * width
        axes.errorbar([at], [mean["value"]], yerr=bars, fmt=marker, color=colour, **MEAN)
        # Beside the points, above the mean's interval: no point's value.
        top = np.nanmax([mean["high"], mean["value"]])
        axes.annotate(
            f"{mean['value']:.2f}", (at, top), xytext=(2, 4), textcoords="offset points", ha="center", fontsize=7
        )


def _label(group: str, means: pd.DataFrame) -> str:
    """Return the legend text of a set: its name and how much is behind its means."""
    searches, tasks = (int(means.loc[means["group"] == group, name].max()) for name in ("n_searches", "n_tasks"))
    return f"{group}: {tasks} task{'' if tasks == 1 else 's'}" + (f" of {searches} searches" if searches > 1 else "")


def _note(measured: pd.DataFrame, means: pd.DataFrame) -> str:
    low, high = measured["images"].min(), measured["images"].max()
    images = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    several = means["n_searches"].max() > 1
    over = "searches with different seeds drawn first, then their tasks" if several else "tasks of one search"
    return (
        f"Small points: tasks, each judged on {images} held-out images, {only(measured, 'views')} views of each. "
        f"Large: mean with bootstrap 95 % interval over {over} (none with one task). A single augmentation is applied "
        "to every view; all together as SimCLR draws them. R²: of a linear regression fitted on training images "
        "(for grey images on mean brightness) and judged on held-out ones."
    )
