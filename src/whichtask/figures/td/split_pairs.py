"""Accuracies on adversarial train-test splits and on their random controls, read and put side by side pair by pair."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from whichtask.errors import WhichtaskError
from whichtask.figures.palette import SPLIT_COLOURS
from whichtask.figures.tables import only, read_table
from whichtask.stats import crossed_interval

PAIR = ["kind", "target", "task"]
GROUP = ["source", "kind"]
MEASURED = ("test_accuracy", "train_accuracy", "images_train", "images_test", "n_classes")
SPLIT_COLUMNS = ("data", "network", *PAIR, "split", "seed", *MEASURED)
GROUPS = (
    ("discovered", "binary"),
    ("discovered", "classes"),
    ("random_network", "binary"),
    ("random_network", "classes"),
    ("attribute", "attribute"),
)
"""Source and kind of the groups, in the order in which figures show them."""
DEFAULT_SOURCE = "discovered"
DIFFERENCES = {"difference": "random", "matched_difference": "class_matched"}
"""Adversarial minus each control; the first is what the paper reports."""
WORST = "worst_group_accuracy"


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
    sources, kinds = (dict.fromkeys(names) for names in zip(*GROUPS, strict=True))
    for column, allowed in (("kind", kinds), ("source", sources), ("split", SPLIT_COLOURS)):
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
    """Return a row for each pair, and for each source and kind its mean with intervals.

    Args:
        accuracies: rows of ``read_splits``, of one network.

    Returns:
        The columns of ``paired`` with ``data``, ``row`` ("pair" or "mean"), ``n_classes``, ``pairs`` (their number),
        and the ends of the intervals of the splits, of the differences and of the worst groups; ``network``.
    """
    network = only(accuracies, "network")
    table, splits = paired(accuracies), splits_of(accuracies)
    trained = [f"{split}_train" for split in splits]
    measured = [*splits, *DIFFERENCES, *(f"{split}_worst" for split in splits)]
    measured = [column for column in measured if column in table]
    parts: list[pd.DataFrame] = []
    for source, kind in GROUPS:
        pairs = table[(table["source"] == source) & (table["kind"] == kind)]
        if pairs.empty:
            continue
        behind = accuracies[(accuracies["source"] == source) & (accuracies["kind"] == kind)]
        about = {"data": only(behind, "data"), "source": source, "kind": kind, "n_classes": behind["n_classes"].max()}
        mean: dict[str, Any] = {"target": "", "task": "", "networks": pairs["networks"].max()}
        mean |= pairs[["chance", *trained]].mean()
        for column in [column for column in measured if pairs[column].notna().any()]:
            units = pairs["target"].to_list(), pairs["task"].to_list()
            mean |= crossed_interval(pairs[column].to_list(), *units).named(column)
        rows = pairs.assign(row="pair", pairs=1), pd.DataFrame([{**mean, "row": "mean", "pairs": len(pairs)}])
        parts.extend(part.assign(**about) for part in rows)
    values = [name for column in measured for name in (column, f"{column}_low", f"{column}_high")]
    leading = ["row", "data", "source", "kind", "n_classes", "target", "task", "pairs", "networks", "chance"]
    joined = pd.concat(parts, ignore_index=True)
    return joined.reindex(columns=[*leading, *values, *trained]).assign(network=network)
