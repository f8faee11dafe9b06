"""Accuracy on adversarial train-test splits and on their random controls, pair by pair."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.panels import MEAN_STYLE, ScorePanels, interval_bars
from whichtask.figures.style import NEUTRAL, annotate, save, styled
from whichtask.figures.tables import RESAMPLES, only, read_table
from whichtask.stats import mean_interval

SPLIT_COLUMNS = (
    "data",
    "network",
    "kind",
    "target",
    "task",
    "split",
    "seed",
    "test_accuracy",
    "train_accuracy",
    "images_train",
    "images_test",
    "n_classes",
)
KIND_TITLES = {"binary": "binary targets", "classes": "{n}-way targets"}
# No kind of task has these colours; they differ in lightness as well as in hue. The order is that from left to right.
SPLIT_COLOURS = {"random": "#332288", "class_matched": "#CCBB44", "adversarial": "#BB5566"}
SPLIT_NAMES = {
    "random": "random split",
    "class_matched": "class-matched random split",
    "adversarial": "adversarial split",
}
# Adversarial minus each control; the first is what the paper reports.
DIFFERENCES = {"difference": "random", "matched_difference": "class_matched"}
PAIR = ["kind", "target", "task"]
PAIRS_NOTE = (
    "bootstrap 95 % interval over pairs of target and discovered task (networks averaged first; none with one pair; "
    "pairs that share a target or a task are taken as independent)"
)


def read_splits(paths: Sequence[Path]) -> pd.DataFrame:
    """Read and join tables of split accuracies: one row for each trained network.

    Raises:
        WhichtaskError: see ``tables.read_table``; several data sets; an unknown kind or split; or a pair of target and
            task that was not trained on random, adversarial and all other splits that the tables hold.
    """
    table = pd.concat([read_table(path, SPLIT_COLUMNS) for path in paths], ignore_index=True)
    only(table, "data")
    for column, allowed in (("kind", KIND_TITLES), ("split", SPLIT_COLOURS)):
        unknown = set(table[column].astype(str)) - set(allowed)
        if unknown:
            raise WhichtaskError(f"unknown {column} {min(unknown)!r} of splits; allowed: {', '.join(allowed)}")
    needed = {"random", "adversarial", *table["split"]}
    for names, rows in table.groupby(["network", *PAIR]):
        if missing := needed - set(rows["split"]):
            raise WhichtaskError(
                f"no {min(missing)} split of {', '.join(map(str, names))}; an adversarial split is compared with its "
                "random controls, so the tables must hold all of them"
            )
    return table


def splits_of(table: pd.DataFrame) -> list[str]:
    """Return the splits that a table or its pairs hold, in the order in which figures show them."""
    present = set(table["split"]) if "split" in table else set(table.columns)
    return [split for split in SPLIT_COLOURS if split in present]


def paired(table: pd.DataFrame) -> pd.DataFrame:
    """Put the splits of every pair of target and task side by side, each averaged over its networks.

    Args:
        table: rows of ``read_splits``, of one network.

    Returns:
        One row a pair, sorted: ``kind``, ``target``, ``task``, ``chance``, ``networks`` (most on one split), the test
        accuracies by split, ``difference`` (adversarial minus random), ``matched_difference`` (adversarial minus
        class-matched, where trained), and the train accuracies, ``random_train`` and so on.
    """
    test, train = (
        table.pivot_table(index=PAIR, columns="split", values=column) for column in ("test_accuracy", "train_accuracy")
    )
    grouped = table.groupby(PAIR)
    joined = pd.DataFrame(
        {
            "chance": 1 / grouped["n_classes"].first(),
            "networks": table.groupby([*PAIR, "split"]).size().groupby(level=PAIR).max(),
            **{split: test[split] for split in splits_of(table)},
            **{name: test["adversarial"] - test[split] for name, split in DIFFERENCES.items() if split in test},
            **{f"{split}_train": train[split] for split in splits_of(table)},
        }
    )
    return joined.reset_index()


def split_numbers(accuracies: pd.DataFrame) -> pd.DataFrame:
    """Return what the table figure draws: a row for each pair, and for each kind its mean with intervals.

    Args:
        accuracies: rows of ``read_splits``, of one network.

    Returns:
        The columns of ``paired`` with ``row`` ("pair" or "mean"), ``pairs`` (their number), and the ends of the
        intervals of the splits and of the differences.
    """
    pairs = paired(accuracies)
    trained = [f"{split}_train" for split in splits_of(accuracies)]
    measured = [*splits_of(accuracies), *(name for name in DIFFERENCES if name in pairs)]
    parts = []
    for kind in [kind for kind in KIND_TITLES if kind in set(pairs["kind"])]:
        rows = pairs[pairs["kind"] == kind]
        mean: dict[str, Any] = {
            "kind": kind,
            "target": "",
            "task": "",
            "chance": rows["chance"].mean(),
            "networks": rows["networks"].max(),
            **rows[trained].mean(),
        }
        for column in measured:
            estimate = mean_interval(rows[column].to_list(), resamples=RESAMPLES)
            mean |= {column: estimate.mean, f"{column}_low": estimate.low, f"{column}_high": estimate.high}
        group = [rows.assign(row="pair", pairs=1), pd.DataFrame([{**mean, "row": "mean", "pairs": len(rows)}])]
        parts.extend(group)
    table = pd.concat(parts, ignore_index=True)
    values = [name for column in measured for name in (column, f"{column}_low", f"{column}_high")]
    return table[["row", "kind", "target", "task", "pairs", "networks", "chance", *values, *trained]]


@styled()
def draw_splits_table(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw test accuracy on adversarial splits and controls, joined pair by pair, for binary and many-way targets.

    Args:
        inputs: ``tables``, split accuracies of one network.
        out: the PNG.
        settings: resolution.
    """
    accuracies = read_splits(files(inputs, "tables"))
    data, network = only(accuracies, "data"), only(accuracies, "network")
    table, splits = split_numbers(accuracies), splits_of(accuracies)
    kinds = list(table["kind"].unique())
    figure = Figure(figsize=(0.9 + (1.6 + 0.8 * len(splits)) * len(kinds), 5.0), layout="constrained")
    panels = ScorePanels(figure)
    panels.upper.set_ylabel("test accuracy\n[share of the split's test images]")
    for position, kind in enumerate(kinds):
        _draw_kind(panels, table[table["kind"] == kind], position)
    panels.upper.set_ylim(0, 1.3)  # room above the points for the differences
    panels.upper.set_yticks(np.linspace(0, 1, 6))
    panels.upper.tick_params(axis="x", length=0)
    span = 1 - min(0.9, table[[f"{split}_train" for split in splits]].min().min())
    panels.lower.set_ylim(1 - 1.5 * span, 1 + 0.15 * span)  # room below the points for the value
    classes = {kind: int(rows["n_classes"].max()) for kind, rows in accuracies.groupby("kind")}
    panels.name_ticks([KIND_TITLES[kind].format(n=classes[kind]) for kind in kinds])
    panels.legend([*(split_key(split) for split in splits), _chance_key()])
    pairs, networks = int(table["pairs"].max()), int(table["networks"].max())
    annotate(
        figure,
        f"Adversarial and random train-test splits ({data}, {network})",
        f"Points: {pairs} pair{'s' if pairs > 1 else ''} of target and discovered task, {networks} "
        f"network{'s' if networks > 1 else ''} on each split; thin lines join a pair. Diamonds: mean with "
        f"{PAIRS_NOTE}. A random split has as many training images as the adversarial one beside it"
        f"{', a class-matched one as many of every class' if 'class_matched' in splits else ''}. Text at the top: mean "
        "of adversarial minus control.",
    )
    save(figure, table, out, settings)


def split_key(split: str) -> Line2D:
    """Return the legend entry of a kind of split."""
    style: dict[str, Any] = {"marker": "D", "linestyle": "", "markersize": 5}
    return Line2D([], [], color=SPLIT_COLOURS[split], label=SPLIT_NAMES[split], **style)


def _chance_key() -> Line2D:
    return Line2D([], [], color=NEUTRAL, linestyle=":", linewidth=1.0, label="chance: 1 / number of classes")


def _draw_kind(panels: ScorePanels, rows: pd.DataFrame, centre: float) -> None:
    """Draw one kind of target: its splits from left to right with their means, and the differences on top."""
    points, mean = rows[rows["row"] == "pair"], rows[rows["row"] == "mean"].iloc[0]
    splits = splits_of(rows)
    places = dict(zip(splits, centre + np.linspace(-0.2, 0.2, len(splits)), strict=True))
    text: dict[str, Any] = {"textcoords": "offset points", "fontsize": 7.0}
    for axes, ending in ((panels.upper, ""), (panels.lower, "_train")):
        joined = [points[f"{split}{ending}"] for split in splits]
        axes.plot(list(places.values()), joined, color=NEUTRAL, linewidth=0.5, alpha=0.35, zorder=1.5)
        for split, x in places.items():
            values = points[f"{split}{ending}"]
            axes.scatter([x] * len(points), values, s=11, color=SPLIT_COLOURS[split], alpha=0.55, linewidths=0)
    for split, x in places.items():
        # Means and values stand where no line of a pair crosses them: outside, and those of the middle above.
        side = {"random": -1, "class_matched": 0, "adversarial": 1}[split]
        beside = x + 0.06 * (side or 1)
        position: dict[str, Any] = {"ha": ("center", "left", "right")[side], "va": "center" if side else "bottom"}
        value, low, high = (float(mean[f"{split}{ending}"]) for ending in ("", "_low", "_high"))
        bars = interval_bars(pd.DataFrame({"agreement": [value], "low": [low], "high": [high]}))
        panels.upper.errorbar([beside], [value], **bars, **MEAN_STYLE, color=SPLIT_COLOURS[split])
        trained = float(mean[f"{split}_train"])
        panels.lower.plot([beside], [trained], "D", color=SPLIT_COLOURS[split], markersize=3)
        top = (value, trained) if side else (points[split].max(), points[f"{split}_train"].max())
        written = (_with_interval(value, low, high), f"{trained:.3f}")
        for axes, y, words in zip((panels.upper, panels.lower), top, written, strict=True):
            axes.annotate(words, (beside if side else x, y), xytext=(5 * side, 0 if side else 4), **position, **text)
    panels.upper.hlines(mean["chance"], centre - 0.45, centre + 0.45, color=NEUTRAL, linestyle=":", linewidth=1.0)
    lines = ["adversarial"]
    for name, control in DIFFERENCES.items():
        if control in splits:
            value, low, high = (float(mean[f"{name}{ending}"]) for ending in ("", "_low", "_high"))
            lines.append(f"minus {SPLIT_NAMES[control]}: {_with_interval(value, low, high, '+', ' ')}")
    panels.upper.annotate("\n".join(lines), (centre, 1.29), xytext=(0, 0), ha="center", va="top", **text)


def _with_interval(value: float, low: float, high: float, sign: str = "", between: str = "\n") -> str:
    """Write a mean and, where it is known, its interval; a minus sign is drawn as one."""
    written = f"{value:{sign}.3f}"
    if not np.isnan(low):
        written += f"{between}[{low:{sign}.3f}, {high:{sign}.3f}]"
    return written.replace("-", "\N{MINUS SIGN}")
