"""The proxy of agreement: how it tells kinds of tasks apart after a few inner steps, and how it ranks tasks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.style import NEUTRAL, annotate, colour_of, in_order, save, styled
from whichtask.figures.tables import RESAMPLES, only, read_agreement, read_table
from whichtask.figures.td.accuracy import rank_interval
from whichtask.figures.td.panels import MEAN_STYLE, ScorePanels, interval_bars
from whichtask.stats import Estimate, mean_interval

PROXY_COLUMNS = (
    "data",
    "set",
    "task",
    "pair",
    "configured_steps",
    "inner_steps",
    "proxy_agreement",
    "train_accuracy",
)
MARKERS = ("o", "s")


@styled()
def draw_proxy(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw the proxy against the number of inner steps, and the full agreement score against the proxy.

    Args:
        inputs: ``proxy``, tables of the proxy; ``tables``, agreement tables of the same sets for one network. The score
            is drawn against the proxy after the search's own number of inner steps, where that was measured, and after
            the largest number.
        out: the PNG.
        settings: resolution.

    Raises:
        WhichtaskError: files that do not fit, or no task with both proxy and score.
    """
    proxy = pd.concat([read_table(path, PROXY_COLUMNS) for path in files(inputs, "proxy")], ignore_index=True)
    agreement = read_agreement(files(inputs, "tables"))
    only(pd.concat([proxy, agreement]), "data")
    only(agreement, "images_train")
    network = only(agreement, "network")
    curve, tasks = _curves(proxy), _ranked(proxy, agreement)
    shown = sorted(int(steps) for steps in tasks["inner_steps"].unique())
    ranks = {steps: _rank(tasks[tasks["inner_steps"] == steps]) for steps in shown}
    figure = Figure(figsize=(10.2, 5.0), layout="constrained")
    grid = figure.add_gridspec(1, 2, width_ratios=[1.1, 1])
    _draw_curves(ScorePanels(figure, grid[0]), curve)
    _draw_ranks(figure.add_subplot(grid[1]), tasks, ranks)
    some_rank = next(iter(ranks.values()))
    annotate(
        figure,
        f"The proxy of agreement and the agreement score, {network} ({only(agreement, 'data')})",
        "Left: share of held-out images on which two networks agree after that many steps of SGD; mean over "
        f"{_counts(curve)} with bootstrap 95 % interval (tasks resampled, then their pairs); below, their accuracy on "
        "the batch just learned from. Right: points are tasks, mean over their pairs of networks; "
        f"the networks of the score learned {int(agreement['images_train'].iloc[0]):,} images with train accuracy "
        f"{tasks['train_accuracy'].min():.3f} to {tasks['train_accuracy'].max():.3f}. "
        f"ρ: rank correlation (Spearman) over {some_rank.n} tasks of all kinds, bootstrap 95 % interval over tasks in "
        "brackets.",
    )
    found = tasks["inner_steps"].map(ranks)
    table = pd.concat(
        [
            curve.assign(row="mean"),
            tasks.assign(
                row="task",
                rank_correlation=[rank.mean for rank in found],
                rank_low=[rank.low for rank in found],
                rank_high=[rank.high for rank in found],
            ),
        ],
        ignore_index=True,
    )
    save(figure, table, out, settings)


def _curves(proxy: pd.DataFrame) -> pd.DataFrame:
    """Return the mean proxy of each set after each number of steps, with its interval over tasks."""
    rows: list[dict[str, Any]] = []
    for (name, steps), group in proxy.groupby(["set", "inner_steps"], sort=True):
        found = mean_interval(group["proxy_agreement"].to_list(), group["task"].to_list(), RESAMPLES)
        rows.append(
            {
                "set": name,
                "inner_steps": steps,
                "proxy_agreement": found.mean,
                "low": found.low,
                "high": found.high,
                "train_accuracy": group.groupby("task")["train_accuracy"].mean().mean(),
                "n_tasks": found.n,
                "n_pairs": int(group.groupby("task").size().max()),
            }
        )
    return pd.DataFrame(rows)


def _ranked(proxy: pd.DataFrame, agreement: pd.DataFrame) -> pd.DataFrame:
    """Return proxy and score of each task that has both, after the numbers of steps that are shown."""
    largest, configured = int(proxy["inner_steps"].max()), int(only(proxy, "configured_steps"))
    shown = sorted({largest, configured} & set(proxy["inner_steps"]))
    of_proxy = proxy[proxy["inner_steps"].isin(shown)].groupby(["set", "task", "inner_steps"], as_index=False)
    of_score = agreement.groupby(["set", "task"], as_index=False)
    means = of_score[["agreement", "train_accuracy"]].mean()
    joined: pd.DataFrame = of_proxy["proxy_agreement"].mean().merge(means, on=["set", "task"])
    if joined.empty:
        raise WhichtaskError("no task has both a proxy and an agreement score; give tables of the same task sets")
    return joined


def _rank(tasks: pd.DataFrame) -> Estimate:
    # The other axis of that figure is accuracy; a rank correlation does not care what it is called.
    return rank_interval(tasks.rename(columns={"proxy_agreement": "test_accuracy"}).drop(columns="train_accuracy"))


def _draw_curves(panels: ScorePanels, curve: pd.DataFrame) -> None:
    steps = sorted(curve["inner_steps"].unique())
    kinds = in_order(curve["set"])
    for position, kind in enumerate(kinds):
        rows = curve[curve["set"] == kind]
        # A little apart for each kind, so that intervals do not cover each other.
        x = rows["inner_steps"] * 1.04 ** (position - (len(kinds) - 1) / 2)
        means = rows.rename(columns={"proxy_agreement": "agreement"})
        panels.upper.plot(x, rows["proxy_agreement"], color=colour_of(kind), linewidth=1.2, label=kind)
        panels.upper.errorbar(x, rows["proxy_agreement"], **interval_bars(means), **MEAN_STYLE, color=colour_of(kind))
        panels.lower.plot(x, rows["train_accuracy"], "D-", color=colour_of(kind), markersize=3, linewidth=1.2)
    panels.upper.set_ylabel("proxy agreement\n[share of held-out images]")
    panels.lower.set_ylabel("batch\naccuracy")
    panels.lower.set_xscale("log")
    panels.lower.set_xticks(steps, [f"{step:,}" for step in steps])
    panels.lower.set_xticks([], minor=True)
    panels.lower.set_xlabel("inner steps of SGD (log scale)")
    panels.upper.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=3)


def _draw_ranks(axes: Axes, tasks: pd.DataFrame, ranks: Mapping[int, Estimate]) -> None:
    keys = []
    for marker, (steps, rank) in zip(MARKERS, ranks.items(), strict=False):
        hollow = marker == MARKERS[1]
        for kind in in_order(tasks["set"]):
            rows = tasks[(tasks["set"] == kind) & (tasks["inner_steps"] == steps)]
            colour = colour_of(kind)
            axes.scatter(
                rows["proxy_agreement"],
                rows["agreement"],
                s=26,
                marker=marker,
                facecolors="none" if hollow else colour,
                edgecolors=colour,
            )
        value = "unknown" if pd.isna(rank.mean) else f"{rank.mean:.2f} [{rank.low:.2f}, {rank.high:.2f}]"
        fill = "none" if hollow else NEUTRAL
        label = f"after {steps:,} step{'' if steps == 1 else 's'}: ρ = {value}"
        keys.append(
            Line2D([], [], color=NEUTRAL, marker=marker, linestyle="", markersize=5, markerfacecolor=fill, label=label)
        )
    axes.set_xlabel("proxy agreement [share of held-out images]")
    axes.set_ylabel("agreement score (AS) [share of held-out images]")
    axes.grid(axis="x")
    axes.legend(handles=keys, loc="lower left", bbox_to_anchor=(-0.02, 1.0))


def _counts(curve: pd.DataFrame) -> str:
    low, high = int(curve["n_tasks"].min()), int(curve["n_tasks"].max())
    tasks = str(low) if low == high else f"{low} to {high}"
    return f"{tasks} task{'' if high == 1 else 's'} of a kind, {int(curve['n_pairs'].max())} pairs each,"
