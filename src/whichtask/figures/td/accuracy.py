"""Agreement against test accuracy, task by task (appendix G): what agreement says about generalisation."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import line_key, points, value_text
from whichtask.figures.palette import KIND_COLOURS, NEUTRAL, colour_of, in_order
from whichtask.figures.style import annotate
from whichtask.figures.tables import RESAMPLES, read_agreement
from whichtask.seeding import numpy_generator
from whichtask.stats import LEVELS, Estimate, spearman

MARKERS = "os^DvPX*<>"
FITTED = 0.95
"""Least train accuracy of a filled point."""
RANK = ("rank_correlation_mean", "rank_correlation_low", "rank_correlation_high")
FEWEST = 4  # tasks below which a rank correlation says nothing


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Return agreement and accuracies of each task by network and number of training images, and rank correlations.

    Args:
        inputs: ``tables``, agreement tables with ``test_accuracy``; sets that are no kind of task count as discovered.
    """
    agreement = read_agreement(files(inputs, "tables"), ["test_accuracy"])
    grouped = agreement.groupby(["data", "network", "images_train", "set", "task"], sort=False)
    measured = grouped[["agreement", "test_accuracy", "train_accuracy"]].mean()
    table = measured.assign(n_pairs=grouped.size()).reset_index()
    table.insert(3, "kind", [kind_of(name) for name in table["set"]])
    if table["network"].nunique() > len(MARKERS):
        raise WhichtaskError(
            f"there are markers for {len(MARKERS)} networks, but the tables have {table['network'].nunique()}"
        )
    overall, of_kinds = rank_interval(table), {kind: rank_interval(rows) for kind, rows in table.groupby("kind")}
    for i, column in enumerate(RANK):
        table[f"{column}_of_kind"] = [of_kinds[kind][i] for kind in table["kind"]]
        table[column] = overall[i]
    return table


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Agreement score against test accuracy of every scored task, with the least agreement that two networks of that
    accuracy must have.
    """
    networks = list(table["network"].unique())
    figure = Figure(figsize=(7.6, 5.4), layout="constrained")
    axes = figure.subplots()
    plain: dict[str, Any] = {"linestyle": "", "markersize": 5.5}
    keys = []
    for kind in in_order(table["kind"]):
        of_kind, colour = table[table["kind"] == kind], colour_of(kind)
        for (network, fitted), rows in of_kind.groupby(["network", of_kind["train_accuracy"] >= FITTED]):
            marker = MARKERS[networks.index(network)]
            points(axes, rows["test_accuracy"], rows["agreement"], colour, marker, hollow=not fitted)
        rank = rank_text(of_kind.iloc[0], [f"{column}_of_kind" for column in RANK])
        n = of_kind.groupby(["set", "task"]).ngroups
        label = f"{kind}, {n} task{'s' if n > 1 else ''}" + (f":\nrank corr. {rank}" if rank else "")
        keys.append(line_key(label, colour, marker="o", **plain))
    _draw_lines(axes, table)
    keys += [line_key(name, NEUTRAL, marker=MARKERS[i], **plain) for i, name in enumerate(networks)]
    keys += [
        line_key(f"train accuracy < {FITTED}", NEUTRAL, marker="o", markerfacecolor="none", **plain),
        line_key("agreement = accuracy", NEUTRAL, linestyle="--", linewidth=1.0),
        line_key("least agreement, 2a − 1", NEUTRAL, linewidth=1.2),
    ]
    rank, n = rank_text(table.iloc[0], RANK) or "not defined", table.groupby(["set", "task"]).ngroups
    axes.legend(handles=keys, loc="upper left", bbox_to_anchor=(1.01, 1.02))
    annotate(
        figure,
        f"Agreement and test accuracy ({table['data'].iloc[0]})",
        "Both on the same held-out images, mean over the pairs of a task. Rank correlation (Spearman) of all points: "
        f"{rank}; brackets: bootstrap 95 % interval over {n} tasks, each drawn with all its networks. Where two "
        "networks have mean accuracy a, they differ on at most a share 2(1 − a) of the images, so that agreement is at "
        "least 2a − 1 (solid line). Agreement can be high without accuracy, not the reverse.",
    )
    return figure


def kind_of(name: str) -> str:
    """Return the kind of the tasks of a set: its own name without a seed's ending, or discovered for other searches."""
    family = re.sub(r"\.s\d+$", "", name)
    return family if family in KIND_COLOURS else "discovered"


def rank_interval(table: pd.DataFrame, other: str = "test_accuracy") -> Estimate:
    """Return the rank correlation of agreement and another measure with a bootstrap 95 % interval over tasks.

    A task is drawn with all its points (networks, numbers of images), which are not independent.

    Args:
        table: ``set``, ``task``, ``agreement`` and the other measure.
        other: its column.

    Returns:
        NaN with fewer than four tasks or where one of the two is constant; ``n`` counts tasks.
    """
    columns = table[["agreement", other]].to_numpy(np.float64)
    unit = table.groupby(table["set"].astype(str) + "\x1f" + table["task"].astype(str)).ngroup().to_numpy()
    n = int(unit.max()) + 1
    unknown = Estimate(float("nan"), float("nan"), float("nan"), n)
    if n < FEWEST:
        return unknown
    members = [np.flatnonzero(unit == task) for task in range(n)]
    rng = numpy_generator("rank correlation", 0)
    chosen = (np.concatenate([members[task] for task in rng.integers(n, size=n)]) for _ in range(RESAMPLES))
    draws = [spearman(*columns[places].T) for places in chosen]
    if np.isnan(draws).all():
        return unknown
    low, high = np.nanquantile(draws, LEVELS)
    return Estimate(spearman(*columns.T), float(low), float(high), n)


def rank_text(row: pd.Series, columns: Sequence[str]) -> str:
    """Write a rank correlation with its interval, "" where it is not defined."""
    mean, low, high = (float(row[column]) for column in columns)
    return "" if np.isnan(mean) else value_text(Estimate(mean, low, high, 0), "{:.2f}")


def _draw_lines(axes: Axes, table: pd.DataFrame) -> None:
    """Draw the identity and the bound, and set limits to what is drawn."""
    left = min(0.45, table["test_accuracy"].min() - 0.02)
    bottom = min(0.45, table["agreement"].min() - 0.02)
    ends = np.array([left, 1.0])
    axes.plot(ends, ends, "--", color=NEUTRAL, linewidth=1.0)
    axes.plot(ends, 2 * ends - 1, "-", color=NEUTRAL, linewidth=1.2)
    shade = np.linspace(left, 1, 50)
    axes.fill_between(shade, bottom, np.maximum(2 * shade - 1, bottom), color="#EEEEEE", linewidth=0, zorder=0)
    axes.set_xlim(left, 1.015)
    axes.set_ylim(bottom, 1.02)
    axes.grid(visible=True, axis="both")
    axes.set_xlabel("test accuracy, mean of the two networks [share of held-out images]")
    axes.set_ylabel("agreement of the two networks\n[share of held-out images]")
