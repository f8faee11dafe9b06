"""Means over the repeats of an experiment (its seeds), which are the independent units, with 95 % intervals."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from whichtask.figures.tables import RESAMPLES, read_table
from whichtask.stats import mean_interval


def read_repeats(paths: Sequence[Path], columns: Sequence[str]) -> pd.DataFrame:
    """Read and join the tables of several repeats; each has a column ``repeat``.

    Raises:
        WhichtaskError: a file is missing or no CSV, lacks a column or has no row.
    """
    return pd.concat([read_table(path, ["repeat", *columns]) for path in paths], ignore_index=True)


def over_repeats(table: pd.DataFrame, by: Sequence[str], value: str) -> pd.DataFrame:
    """Average a column over repeats, each repeat first over its own rows.

    Args:
        table: rows with a column ``repeat``.
        by: columns that a group shares.
        value: the column to average; rows without a value are left out.

    Returns:
        One row a group, in order of appearance: ``by``, ``value`` and its bootstrap 95 % interval ``low`` and ``high``
        (NaN with one repeat), and ``n``, the number of repeats.
    """
    rows = []
    for keys, group in table[table[value].notna()].groupby(list(by), sort=False):
        found = mean_interval(group[value].to_list(), group["repeat"].to_list(), RESAMPLES)
        named = dict(zip(by, keys, strict=True))
        rows.append({**named, value: found.mean, "low": found.low, "high": found.high, "n": found.n})
    return pd.DataFrame(rows, columns=[*by, value, "low", "high", "n"])


def repeats_note(table: pd.DataFrame) -> str:
    """Say what means and intervals of repeats are, with their number."""
    n = table["repeat"].nunique()
    if n == 1:
        return "One seed: no interval."
    return f"Means over n = {n} seeds with bootstrap 95 % intervals (seeds resampled)."
