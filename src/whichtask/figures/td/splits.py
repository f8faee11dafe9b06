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
from whichtask.figures.style import NEUTRAL, annotate, save, styled
from whichtask.figures.tables import RESAMPLES, only, read_table
from whichtask.figures.td.panels import MEAN_STYLE, ScorePanels, interval_bars
from whichtask.stats import crossed_interval

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
KIND_TITLES = {"binary": "binary target", "classes": "{n}-way target", "attribute": "binary attribute"}
SOURCE_TITLES = {
    "discovered": "discovered tasks",
    "random_network": "random networks",
    "attribute": "discovered tasks",
}
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
GROUP = ["source", "kind"]
DEFAULT_SOURCE = "discovered"
# Source and kind of the groups, in the order in which figures show them.
GROUPS = (
    ("discovered", "binary"),
    ("discovered", "classes"),
    ("random_network", "binary"),
    ("random_network", "classes"),
    ("attribute", "attribute"),
)
TOP = 1.42  # of the axes of accuracy, with room above the points for the differences
MOST_BESIDE = 3  # groups in one line of the table figure
WORST = "worst_group_accuracy"
WORST_NOTE = (
    " Triangles: accuracy of the worst group that target and second attribute form, mean with such an interval."
)
PAIRS_NOTE = (
    "bootstrap 95 % interval over targets and attacking tasks (networks averaged first; both resampled independently; "
    "none with one pair)"
)


def read_splits(paths: Sequence[Path], *, one_data_set: bool = True) -> pd.DataFrame:
    """Read and join tables of split accuracies: one row for each trained network.

    Args:
        paths: tables, such as one for each target and source; without a column ``source`` they are of discovered tasks.
        one_data_set: whether all must be of one data set, or only those of one source and kind.

    Raises:
        WhichtaskError: see ``tables.read_table``; several data sets; an unknown kind, source or split; networks that
            two tables hold; or a pair of target and task that was not trained on random, adversarial and all other
            splits that the tables hold.
    """
    table = pd.concat([read_table(path, SPLIT_COLUMNS) for path in paths], ignore_index=True)
    table["source"] = table["source"].fillna(DEFAULT_SOURCE) if "source" in table else DEFAULT_SOURCE
    for _, rows in [("", table)] if one_data_set else table.groupby(GROUP):
        only(rows, "data")
    allowed_values = {"kind": KIND_TITLES, "source": SOURCE_TITLES, "split": SPLIT_COLOURS}
    for column, allowed in allowed_values.items():
        unknown = set(table[column].astype(str)) - set(allowed)
        if unknown:
            raise WhichtaskError(f"unknown {column} {min(unknown)!r} of splits; allowed: {', '.join(allowed)}")
    needed = {"random", "adversarial", *table["split"]}
    for names, rows in table.groupby(["network", *PAIR, "source"]):
        if missing := needed - set(rows["split"]):
            raise WhichtaskError(
                f"no {min(missing)} split of {', '.join(map(str, names))}; an adversarial split is compared with its "
                "random controls, so the tables must hold all of them"
            )
    network = ["data", "network", "source", *PAIR, "split", "seed"]
    if (again := table.duplicated(network)).any():
        twice = ", ".join(map(str, table.loc[again, network].iloc[0]))
        raise WhichtaskError(f"the tables hold the network {twice} twice; give each table once")
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
        One row a pair, sorted: ``source``, ``kind``, ``target``, ``task``, ``chance``, ``networks`` (most on one
        split), the test accuracies by split, ``difference`` (adversarial minus random), ``matched_difference``
        (adversarial minus class-matched, where trained), the train accuracies, ``random_train`` and so on, and of
        attributes the worst group's test accuracies, ``random_worst`` and so on.
    """
    keys = ["source", *PAIR]
    test, train = (
        table.pivot_table(index=keys, columns="split", values=column) for column in ("test_accuracy", "train_accuracy")
    )
    grouped = table.groupby(keys)
    joined = pd.DataFrame(
        {
            "chance": 1 / grouped["n_classes"].first(),
            "networks": table.groupby([*keys, "split"]).size().groupby(level=keys).max(),
            **{split: test[split] for split in splits_of(table)},
            **{name: test["adversarial"] - test[split] for name, split in DIFFERENCES.items() if split in test},
            **{f"{split}_train": train[split] for split in splits_of(table)},
        }
    )
    if WORST in table:
        worst = table.pivot_table(index=keys, columns="split", values=WORST).reindex(joined.index)
        joined = joined.assign(**{f"{split}_worst": worst[split] for split in splits_of(table) if split in worst})
    return joined.reset_index()


def split_numbers(accuracies: pd.DataFrame) -> pd.DataFrame:
    """Return what the table figure draws: a row for each pair, and for each source and kind its mean with intervals.

    Args:
        accuracies: rows of ``read_splits``, of one network.

    Returns:
        The columns of ``paired`` with ``data``, ``row`` ("pair" or "mean"), ``n_classes``, ``pairs`` (their number),
        and the ends of the intervals of the splits, of the differences and of the worst groups.
    """
    pairs = paired(accuracies)
    trained = [f"{split}_train" for split in splits_of(accuracies)]
    worst = [f"{split}_worst" for split in splits_of(accuracies) if f"{split}_worst" in pairs]
    measured = [*splits_of(accuracies), *(name for name in DIFFERENCES if name in pairs), *worst]
    parts: list[pd.DataFrame] = []
    for source, kind in GROUPS:
        rows = pairs[(pairs["source"] == source) & (pairs["kind"] == kind)]
        if rows.empty:
            continue
        behind = accuracies[(accuracies["source"] == source) & (accuracies["kind"] == kind)]
        about = {"data": only(behind, "data"), "source": source, "kind": kind, "n_classes": behind["n_classes"].max()}
        mean: dict[str, Any] = {
            "target": "",
            "task": "",
            "chance": rows["chance"].mean(),
            "networks": rows["networks"].max(),
            **{column: rows[column].mean() for column in trained},
        }
        for column in [column for column in measured if rows[column].notna().any()]:
            names = rows["target"].to_list(), rows["task"].to_list()
            estimate = crossed_interval(rows[column].to_list(), *names, resamples=RESAMPLES)
            mean |= {column: estimate.mean, f"{column}_low": estimate.low, f"{column}_high": estimate.high}
        group = [rows.assign(row="pair", pairs=1), pd.DataFrame([{**mean, "row": "mean", "pairs": len(rows)}])]
        parts.extend(part.assign(**about) for part in group)
    table = pd.concat(parts, ignore_index=True)
    values = [name for column in measured for name in (column, f"{column}_low", f"{column}_high")]
    leading = ["row", "data", "source", "kind", "n_classes", "target", "task", "pairs", "networks", "chance"]
    return table.reindex(columns=[*leading, *values, *trained])


@styled()
def draw_splits_table(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw test accuracy on adversarial splits and controls, joined pair by pair, for all sources and kinds of targets.

    Args:
        inputs: ``tables``, split accuracies of one network: one or several files, of any targets and sources. All those
            of one source and kind are of one data set.
        out: the PNG.
        settings: resolution.
    """
    accuracies = read_splits(files(inputs, "tables"), one_data_set=False)
    network = only(accuracies, "network")
    table, splits = split_numbers(accuracies), splits_of(accuracies)
    groups = list(table[GROUP].drop_duplicates().itertuples(index=False, name=None))
    own = [group for group in groups if group[0] == DEFAULT_SOURCE]
    # Beyond three groups the texts would collide: found tasks come first, all other sources below them.
    lines = [groups] if len(groups) <= MOST_BESIDE else [own, [group for group in groups if group not in own]]
    widest = max(map(len, lines))
    figure = Figure(
        figsize=(0.9 + (1.6 + 0.6 * len(splits)) * max(widest, 2), 1.3 + 4.3 * len(lines)), layout="constrained"
    )
    span = 1 - min(0.9, table[[f"{split}_train" for split in splits]].min().min())
    several = len(table["data"].unique()) > 1
    grid = figure.add_gridspec(len(lines), 1)
    for index, line in enumerate(lines):
        panels = ScorePanels(figure, grid[index])
        panels.upper.set_ylabel("test accuracy\n[share of the split's test images]")
        titles = []
        for position, (source, kind) in enumerate(line):
            rows = table[(table["source"] == source) & (table["kind"] == kind)]
            _draw_kind(panels, rows, position)
            titles.append(_title(rows[rows["row"] == "mean"].iloc[0], several=several))
        panels.upper.set_ylim(-0.03, TOP)
        panels.upper.set_yticks(np.linspace(0, 1, 6))
        panels.upper.tick_params(axis="x", length=0)
        panels.lower.set_ylim(1 - 1.5 * span, 1 + 0.15 * span)  # room below the points for the value
        panels.name_ticks(titles)
        # As wide as the widest line, so that all groups are equally large.
        panels.lower.set_xlim(-0.54, widest - 0.46)
        if index == 0:
            worst = [_worst_key()] if WORST in accuracies else []
            panels.legend([*(split_key(split) for split in splits), _chance_key(), *worst])
    annotate(
        figure,
        f"Adversarial and random train-test splits ({', '.join(table['data'].unique())}; {network})",
        "Points: pairs of target and attacking task; thin lines join a pair. Diamonds: mean with "
        f"{PAIRS_NOTE}. A random split has as many training images as the adversarial one beside it"
        f"{', a class-matched one as many of every class' if 'class_matched' in splits else ''}. Text at the top: mean "
        f"of adversarial minus control.{WORST_NOTE if WORST in accuracies else ''}",
    )
    save(figure, table, out, settings)


def _title(mean: pd.Series, *, several: bool) -> str:
    """Name a group and say what is behind it, on up to four lines."""
    pairs, networks = int(mean["pairs"]), int(mean["networks"])
    parts = [
        KIND_TITLES[mean["kind"]].format(n=int(mean["n_classes"])),
        f"attacked by {SOURCE_TITLES[mean['source']]}",
        f"{pairs} pair{'s' if pairs > 1 else ''}, {networks} network{'s' if networks > 1 else ''} a split",
    ]
    return "\n".join([*parts, mean["data"]] if several else parts)


def split_key(split: str) -> Line2D:
    """Return the legend entry of a kind of split."""
    style: dict[str, Any] = {"marker": "D", "linestyle": "", "markersize": 5}
    return Line2D([], [], color=SPLIT_COLOURS[split], label=SPLIT_NAMES[split], **style)


def _chance_key() -> Line2D:
    return Line2D([], [], color=NEUTRAL, linestyle=":", linewidth=1.0, label="chance: 1 / number of classes")


def _worst_key() -> Line2D:
    return Line2D([], [], color=NEUTRAL, marker="v", linestyle="", markersize=5, label="worst group: mean, interval")


def _draw_kind(panels: ScorePanels, rows: pd.DataFrame, centre: float) -> None:
    """Draw one group: its splits from left to right with their means and worst groups, and the differences on top."""
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
        worst = float(mean.get(f"{split}_worst", np.nan))
        beside = x + (0.06 if np.isnan(worst) else 0.09) * (side or 1)
        position: dict[str, Any] = {"ha": ("center", "left", "right")[side], "va": "center" if side else "bottom"}
        value, low, high = (float(mean[f"{split}{ending}"]) for ending in ("", "_low", "_high"))
        bars = interval_bars(pd.DataFrame({"agreement": [value], "low": [low], "high": [high]}))
        panels.upper.errorbar([beside], [value], **bars, **MEAN_STYLE, color=SPLIT_COLOURS[split])
        if not np.isnan(worst):
            ends = {end: [float(mean[f"{split}_worst_{end}"])] for end in ("low", "high")}
            bars = interval_bars(pd.DataFrame({"agreement": [worst], **ends}))
            style = MEAN_STYLE | {"fmt": "v", "markersize": 4}
            panels.upper.errorbar([(x + beside) / 2], [worst], **bars, **style, color=SPLIT_COLOURS[split])
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
    panels.upper.annotate("\n".join(lines), (centre, TOP), xytext=(0, 0), ha="center", va="top", **text)


def _with_interval(value: float, low: float, high: float, sign: str = "", between: str = "\n") -> str:
    """Write a mean and, where it is known, its interval; a minus sign is drawn as one."""
    written = f"{value:{sign}.3f}"
    if not np.isnan(low):
        written += f"{between}[{low:{sign}.3f}, {high:{sign}.3f}]"
    return written.replace("-", "\N{MINUS SIGN}")
