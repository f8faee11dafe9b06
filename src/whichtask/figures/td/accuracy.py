"""Agreement against test accuracy, task by task (appendix G): what agreement says about generalisation."""

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
from whichtask.figures.style import KIND_COLOURS, NEUTRAL, annotate, colour_of, in_order, save, styled
from whichtask.figures.tables import AGREEMENT_COLUMNS, RESAMPLES, only, read_table
from whichtask.seeding import numpy_generator
from whichtask.stats import LEVELS, Estimate, Floats

MARKERS = "os^DvPX*<>"
FITTED = 0.95
"""Least train accuracy of a filled point."""
FEWEST = 4  # tasks below which a rank correlation says nothing


@styled()
def draw_as_vs_accuracy(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw agreement against test accuracy, one point for each task, network and number of training images.

    Args:
        inputs: ``tables``, agreement tables with ``test_accuracy``; sets that are no kind of task count as discovered.
        out: the PNG.
        settings: resolution.
    """
    paths = files(inputs, "tables")
    agreement = pd.concat([read_table(p, [*AGREEMENT_COLUMNS, "test_accuracy"]) for p in paths], ignore_index=True)
    only(agreement, "data")
    by = ["data", "network", "images_train", "set", "task"]
    measured = ["agreement", "test_accuracy", "train_accuracy"]
    grouped = agreement.groupby(by, sort=False)
    table = grouped[measured].mean().assign(n_pairs=grouped.size()).reset_index()
    table.insert(3, "kind", [kind_of(name) for name in table["set"]])
    networks = list(dict.fromkeys(table["network"]))
    if len(networks) > len(MARKERS):
        raise WhichtaskError(f"there are markers for {len(MARKERS)} networks, but the tables have {len(networks)}")
    figure = Figure(figsize=(7.6, 5.4), layout="constrained")
    axes = figure.subplots()
    for (kind, network), rows in table.groupby(["kind", "network"]):
        marker, colour = MARKERS[networks.index(str(network))], colour_of(str(kind))
        for fitted, part in rows.groupby(rows["train_accuracy"] >= FITTED):
            face = colour if fitted else "none"
            axes.scatter(
                part["test_accuracy"], part["agreement"], s=26, marker=marker, facecolor=face, edgecolor=colour,
                alpha=0.75, linewidths=1.1, zorder=3,
            )  # fmt: skip
    _draw_lines(axes, table)
    estimates = {kind: rank_interval(table[table["kind"] == kind]) for kind in in_order(table["kind"])}
    axes.legend(handles=_keys(estimates, networks), loc="upper left", bbox_to_anchor=(1.01, 1.02))
    overall = rank_interval(table)
    annotate(
        figure,
        f"Agreement and test accuracy ({only(agreement, 'data')})",
        f"Both on the same held-out images, mean over the pairs of a task. Rank correlation (Spearman) of all points: "
        f"{_rank(overall)}; brackets: bootstrap 95 % interval over {overall.n} tasks, each drawn with all its "
        "networks. Where two networks have mean accuracy a, they differ on at most a share 2(1 − a) of the images, so "
        "that agreement is at least 2a − 1 (solid line). Agreement can be high without accuracy, not the reverse.",
    )
    for end in ("mean", "low", "high"):
        of_kind = {kind: getattr(found, end) for kind, found in estimates.items()}
        table[f"rank_correlation_{end}_of_kind"] = table["kind"].map(of_kind)
        table[f"rank_correlation_{end}"] = getattr(overall, end)
    save(figure, table, out, settings)


def kind_of(name: str) -> str:
    """Return the kind of the tasks of a set: its own name without a seed's ending, or discovered for other searches."""
    family = re.sub(r"\.s\d+$", "", name)
    return family if family in KIND_COLOURS else "discovered"


def rank_interval(table: pd.DataFrame) -> Estimate:
    """Return the rank correlation of agreement and test accuracy with a bootstrap 95 % interval over tasks.

    A task is drawn with all its points (networks, numbers of images), which are not independent.

    Args:
        table: ``set``, ``task``, ``agreement`` and ``test_accuracy``.

    Returns:
        NaN with fewer than four tasks or where one of the two is constant; ``n`` counts tasks.
    """
    columns = table[["agreement", "test_accuracy"]].to_numpy(np.float64)
    _, unit = np.unique(table["set"].astype(str) + "\x1f" + table["task"].astype(str), return_inverse=True)
    n = int(unit.max()) + 1
    if n < FEWEST:
        return Estimate(float("nan"), float("nan"), float("nan"), n)
    members = [np.flatnonzero(unit == task) for task in range(n)]
    rng = numpy_generator("rank correlation", 0)
    draws = []
    for _ in range(RESAMPLES):
        chosen = np.concatenate([members[task] for task in rng.integers(n, size=n)])
        draws.append(_spearman(columns[chosen]))
    if np.isnan(draws).all():
        return Estimate(float("nan"), float("nan"), float("nan"), n)
    low, high = np.nanquantile(draws, LEVELS)
    return Estimate(_spearman(columns), float(low), float(high), n)


def _spearman(columns: Floats) -> float:
    """Return the correlation of the mid-ranks of two columns, NaN where one is constant."""
    ranks = pd.DataFrame(columns).rank().to_numpy()
    ranks = ranks - ranks.mean(axis=0)
    scale = np.sqrt((ranks**2).sum(axis=0).prod())
    return float(ranks.prod(axis=1).sum() / scale) if scale > 0 else float("nan")


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


def _rank(found: Estimate) -> str:
    return (
        "not defined"
        if np.isnan(found.mean)
        else f"{found.mean:.2f} [{found.low:.2f}, {found.high:.2f}]".replace("-", "−")
    )


def _keys(estimates: dict[str, Estimate], networks: list[str]) -> list[Line2D]:
    """Return the legend: kinds with their rank correlation, networks, what hollow means, and the lines."""
    plain: dict[str, Any] = {"linestyle": "", "markersize": 5.5}
    kinds = []
    for kind, found in estimates.items():
        label = f"{kind}, {found.n} task{'s' if found.n > 1 else ''}" + (
            "" if np.isnan(found.mean) else f":\nrank corr. {_rank(found)}"
        )
        kinds.append(Line2D([], [], color=colour_of(kind), marker="o", label=label, **plain))
    shapes = [
        Line2D([], [], color=NEUTRAL, marker=marker, label=network, **plain)
        for marker, network in zip(MARKERS, networks, strict=False)
    ]
    hollow = Line2D(
        [], [], color=NEUTRAL, marker="o", markerfacecolor="none", label=f"train accuracy < {FITTED}", **plain
    )
    identity = Line2D([], [], color=NEUTRAL, linestyle="--", linewidth=1.0, label="agreement = accuracy")
    bound = Line2D([], [], color=NEUTRAL, linewidth=1.2, label="least agreement, 2a − 1")
    return [*kinds, *shapes, hollow, identity, bound]
