"""The proxy of agreement: how it tells kinds of tasks apart after a few inner steps, and how it ranks tasks."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import legend_above, line_key, points
from whichtask.figures.palette import NEUTRAL, colour_of, in_order
from whichtask.figures.style import annotate
from whichtask.figures.tables import common, only, read_agreement, read_tables
from whichtask.figures.td.accuracy import rank_interval, rank_text
from whichtask.figures.td.agreement import summarise
from whichtask.figures.td.panels import ScorePanels, kind_keys

PROXY_COLUMNS = (
    "data", "set", "task", "pair", "configured_steps", "inner_steps", "proxy_agreement", "train_accuracy",
)  # fmt: skip
RANK = ["rank_correlation", "rank_low", "rank_high"]
CURVE = ["set", "inner_steps", "proxy_agreement", "low", "high", "train_accuracy", "n_tasks", "n_pairs"]


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Return the mean proxy of each kind of task after each number of inner steps; and proxy and score of each task.

    Args:
        inputs: ``proxy``, tables of the proxy; ``tables``, agreement tables of the same sets for one network.

    Returns:
        Rows "mean" of the proxy, then rows "task" with proxy, score and their rank correlation, after the search's own
        number of inner steps, where that was measured, and after the largest number.

    Raises:
        WhichtaskError: files that do not fit, or no task with both proxy and score.
    """
    proxy = read_tables(files(inputs, "proxy"), PROXY_COLUMNS)
    agreement = read_agreement(files(inputs, "tables"))
    only(pd.concat([proxy, agreement]), "data")
    shared = common(agreement, "data", "network", "images_train")
    ordered = proxy.sort_values(["set", "inner_steps"], kind="stable")
    curve = summarise(ordered, ["set", "inner_steps"], "proxy_agreement", ["train_accuracy"])
    tasks = _both(proxy, agreement)
    ranks = {steps: rank_interval(rows, "proxy_agreement") for steps, rows in tasks.groupby("inner_steps")}
    tasks[RANK] = [tuple(ranks[steps])[:3] for steps in tasks["inner_steps"]]
    table = pd.concat([curve[CURVE].assign(row="mean"), tasks.assign(row="task")], ignore_index=True)
    return table.assign(**shared)


def _both(proxy: pd.DataFrame, agreement: pd.DataFrame) -> pd.DataFrame:
    """Return proxy and score of each task that has both, after the numbers of steps that are shown."""
    shown = {int(proxy["inner_steps"].max()), int(only(proxy, "configured_steps"))}
    of_proxy = proxy[proxy["inner_steps"].isin(shown)].groupby(["set", "task", "inner_steps"], as_index=False)
    of_score = agreement.groupby(["set", "task"], as_index=False)
    means = of_score[["agreement", "train_accuracy"]].mean()
    joined: pd.DataFrame = of_proxy["proxy_agreement"].mean().merge(means, on=["set", "task"])
    if joined.empty:
        raise WhichtaskError("no task has both a proxy and an agreement score; give tables of the same task sets")
    return joined


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """The proxy of agreement after a number of inner steps, by kind of task, and against the full score."""
    curve, tasks = table[table["row"] == "mean"], table[table["row"] == "task"]
    figure = Figure(figsize=(10.2, 5.0), layout="constrained")
    grid = figure.add_gridspec(1, 2, width_ratios=[1.1, 1])
    panels = ScorePanels(figure, grid[0])
    panels.curves(curve, "inner_steps", "proxy_agreement")
    panels.upper.set_ylabel("proxy agreement\n[share of held-out images]")
    panels.lower.set_ylabel("batch\naccuracy")
    panels.lower.set_xlabel("inner steps of SGD (log scale)")
    panels.legend(kind_keys(curve), 2)
    _draw_ranks(figure.add_subplot(grid[1]), tasks, sorted(tasks["inner_steps"].unique()))
    network, data, images = table[["network", "data", "images_train"]].iloc[0]
    annotate(
        figure,
        f"The proxy of agreement and the agreement score, {network} ({data})",
        "Left: share of held-out images on which two networks agree after that many steps of SGD; mean over tasks "
        "with 95 % interval over tasks (Student's t); below, their accuracy on "
        "the batch just learned from. Right: points are tasks, mean over their pairs of networks; "
        f"the networks of the score learned {images:,} images with train accuracy "
        f"{tasks['train_accuracy'].min():.3f} to {tasks['train_accuracy'].max():.3f}. "
        f"ρ: rank correlation (Spearman) over {tasks.groupby(['set', 'task']).ngroups} tasks of all kinds, "
        "bootstrap 95 % interval over tasks in brackets.",
    )
    return figure


def _draw_ranks(axes: Axes, tasks: pd.DataFrame, shown: Sequence[int]) -> None:
    """Draw the score of tasks against their proxy: filled after the least number of steps, hollow after the most."""
    keys = []
    for steps, marker, hollow in zip(shown, "os", (False, True), strict=False):
        after = tasks[tasks["inner_steps"] == steps]
        for kind in in_order(after["set"]):
            rows = after[after["set"] == kind]
            points(axes, rows["proxy_agreement"], rows["agreement"], colour_of(kind), marker, hollow=hollow)
        rank = rank_text(after.iloc[0], RANK) or "unknown"
        label = f"after {steps:,} step{'' if steps == 1 else 's'}: ρ = {rank}"
        face = "none" if hollow else NEUTRAL
        keys.append(line_key(label, NEUTRAL, marker=marker, linestyle="", markersize=5, markerfacecolor=face))
    axes.set_xlabel("proxy agreement [share of held-out images]")
    axes.set_ylabel("agreement score (AS) [share of held-out images]")
    axes.grid(axis="x")
    legend_above(axes, keys, 1)
