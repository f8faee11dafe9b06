"""Regulated beside unregulated tasks: how often augmentations flip labels, and how far mean colour explains them."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import HALO, estimate_in, legend_above, line_key, strip, tidy
from whichtask.figures.palette import colour_of
from whichtask.figures.style import annotate
from whichtask.figures.tables import common, read_tables
from whichtask.figures.td.agreement import counted, span
from whichtask.figures.td.panels import TEXT
from whichtask.figures.td.two_level import over_searches, search_means

COLUMNS = ("data", "set", "task", "augmentation", "value", "images", "views")
SHOWN = ("group", "augmentation", "row", "set", "task", "value", "low", "high", "n_searches", "n_tasks")
MEAN_COLOUR = "mean_colour"
FLIPS = {
    "crop": "resized\ncrop",
    "flip": "horizontal\nflip",
    "colour_jitter": "colour\njitter",
    "grey": "grey",
    "all": "all\ntogether",
}
MARKERS = "osv^P*"


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Return flip rates by augmentation and R^2 of labels on mean colour, averaged over tasks and seeds of a set.

    Args:
        inputs: ``regulation``, one table for each search; ``NAME.s1`` is a further seed of the set ``NAME``. Sets come
            in the order of the files.

    Returns:
        A row for each task (``row`` = "task"), then one for each mean ("mean"): ``group`` (the set without its seed),
        ``augmentation``, ``row``, ``set``, ``task``, ``value``, ``low`` and ``high`` (95 % interval between searches;
        NaN for tasks and for a single search), ``n_searches`` and ``n_tasks`` (all tasks behind it).

    Raises:
        WhichtaskError: a task was measured twice, or an augmentation is not known.
    """
    measured = read_tables(files(inputs, "regulation"), COLUMNS)
    unknown = set(measured["augmentation"]) - {*FLIPS, MEAN_COLOUR}
    if unknown:
        raise WhichtaskError(f"unknown augmentation {', '.join(sorted(unknown))}; allowed: {', '.join(FLIPS)}")
    if measured.duplicated(["set", "task", "augmentation"]).any():
        raise WhichtaskError("a task was measured twice; give each search's table once")
    tasks = measured.assign(group=measured["set"].str.replace(r"\.s\d+$", "", regex=True), row="task")
    means = []
    for (group, name), rows in tasks.groupby(["group", "augmentation"], sort=False):
        mean, low, high = over_searches(search_means(rows, "value")).named("value").values()
        counts = {"n_searches": rows["set"].nunique(), "n_tasks": len(rows)}
        means.append({"group": group, "augmentation": name, "value": mean, "low": low, "high": high} | counts)
    table = pd.concat([tasks, pd.DataFrame(means).assign(row="mean", set="", task="")], ignore_index=True)
    images = {"images_fewest": measured["images"].min(), "images_most": measured["images"].max()}
    return table[list(SHOWN)].assign(**common(measured, "data", "views"), **images)


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """How often one augmentation alone flips the label of a held-out image, and how much of a label mean colour
    explains: regulated against unregulated tasks. Points are tasks, bars means over searches with a 95 % interval
    between them.
    """
    styles = _styles(list(table["group"].unique()))
    flips = [name for name in FLIPS if (table["augmentation"] == name).any()]
    figure = Figure(figsize=(2.6 + (0.3 + 0.42 * len(styles)) * (len(flips) + 1), 4.4), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[len(flips), 1.15])
    for axes, names in ((left, flips), (right, [MEAN_COLOUR])):
        for place, name in enumerate(names):
            _draw_sets(axes, table[table["augmentation"] == name], styles, place)
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
        line_key(_label(group, means), colour, marker=marker, linestyle="", markersize=5)
        for group, (colour, marker) in styles.items()
    ]
    legend_above(left, keys)
    annotate(figure, f"What regulation by SimCLR changes ({table['data'].iloc[0]})", _note(table))
    return figure


def _styles(groups: list[str]) -> dict[str, tuple[str, str]]:
    """Return colour (by whether a set is regulated) and marker (within a colour) of each set."""
    regulated = [group.startswith("regulated") for group in groups]
    return {
        group: (colour_of("regulated" if flag else "discovered"), MARKERS[regulated[:i].count(flag) % len(MARKERS)])
        for i, (group, flag) in enumerate(zip(groups, regulated, strict=True))
    }


def _draw_sets(axes: Axes, rows: pd.DataFrame, styles: dict[str, tuple[str, str]], place: int) -> None:
    """Draw the sets side by side at one place on x, each mean with its value."""
    width = 0.86 / len(styles)
    for i, (group, (colour, marker)) in enumerate(styles.items()):
        of_group = rows[rows["group"] == group]
        if of_group.empty:
            continue
        points = of_group.loc[of_group["row"] == "task", "value"]
        mean = estimate_in(of_group[of_group["row"] == "mean"].iloc[0])
        at = strip(axes, place + (i - (len(styles) - 1) / 2) * width, width, points, mean, colour, fmt=marker)
        # Beside the points, above the mean's interval: no point's value.
        top = (at, np.nanmax([mean.high, mean.mean]))
        axes.annotate(tidy(f"{mean.mean:.2f}"), top, xytext=(2, 4), **TEXT).set_path_effects([HALO])


def _label(group: str, means: pd.DataFrame) -> str:
    """Return the legend text of a set: its name and how much is behind its means."""
    most = means.loc[means["group"] == group, ["n_searches", "n_tasks"]].agg(["max"])
    searches = f" of {most['n_searches'].iloc[0]:.0f} searches" if most["n_searches"].iloc[0] > 1 else ""
    return f"{group}: {counted(most['n_tasks'], 'task')}{searches}"


def _note(table: pd.DataFrame) -> str:
    first = table.iloc[0]
    return (
        f"Small points: tasks, each judged on {span(first[['images_fewest', 'images_most']])} held-out images, "
        f"{first['views']} views of each. "
        "Large: mean over searches with 95 % interval between them (Student's t; none with one search). A single "
        "augmentation is applied "
        "to every view; all together as SimCLR draws them. R²: of a linear regression fitted on training images "
        "(for grey images on mean brightness) and judged on held-out ones."
    )
