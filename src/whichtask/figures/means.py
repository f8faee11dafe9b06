"""Means over independent units (seeds, tasks) with 95 % intervals: one meaning for all figures.

Rows of one unit (a seed's, or the pairs of networks that were trained on one task) are averaged first; the interval is
Student's t over units. With one unit there is none (NaN).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from whichtask.figures.tables import read_table
from whichtask.stats import Estimate, mean_interval


def read_repeats(paths: Sequence[Path], columns: Sequence[str]) -> pd.DataFrame:
    """Read and join the tables of several repeats (seeds) of an experiment; each has a column ``repeat``.

    Raises:
        WhichtaskError: a file is missing or no CSV, lacks a column or has no row.
    """
    return pd.concat([read_table(path, ["repeat", *columns]) for path in paths], ignore_index=True)


def over_units(rows: pd.DataFrame, value: str, unit: str = "repeat") -> Estimate | None:
    """Average one column of one group over its units; None where no row has a value.

    Args:
        rows: rows of one group.
        value: the column to average; rows without a value are left out.
        unit: column that names the independent unit.
    """
    known = rows[rows[value].notna()]
    if known.empty:
        return None
    return mean_interval(known[value].to_list(), known[unit].to_list())


def means(table: pd.DataFrame, by: Sequence[str], values: Sequence[str], unit: str = "repeat") -> pd.DataFrame:
    """Average columns over units, one row a group.

    Args:
        table: all rows.
        by: columns that a group shares.
        values: columns to average.
        unit: see ``over_units``.

    Returns:
        One row a group, in order of appearance: ``by``; ``NAME``, ``NAME_low`` and ``NAME_high`` for each value (left
        out where no row of the group has one); and ``n``, the number of units.
    """
    rows = []
    for keys, group in table.groupby(list(by), sort=False):
        row: dict[str, Any] = dict(zip(by, keys, strict=True))
        for name in values:
            found = over_units(group, name, unit)
            if found is not None:
                row |= {name: found.mean, f"{name}_low": found.low, f"{name}_high": found.high, "n": found.n}
        rows.append(row)
    return pd.DataFrame(rows)


def seeds_and_means(table: pd.DataFrame, by: Sequence[str], values: Sequence[str]) -> pd.DataFrame:
    """Return the rows of all seeds (``row`` = "seed"), then the means of each group over seeds (``row`` = "mean").

    A mean row holds what ``means`` says.
    """
    joined = pd.concat([table.assign(row="seed"), means(table, by, values).assign(row="mean")], ignore_index=True)
    leading = ["row", *by]
    return joined[leading + [column for column in joined.columns if column not in leading]]


def long_means(table: pd.DataFrame, by: Sequence[str], values: Sequence[str]) -> pd.DataFrame:
    """Average columns over repeats, in long format: a row for each measure.

    Returns:
        ``by``, ``measure``, ``row`` ("seed" for a repeat, averaged over its rows, and "mean" for their mean),
        ``repeat``, ``value``, ``low``, ``high`` (NaN with one repeat) and ``n``, the number of repeats.
    """
    rows: list[dict[str, Any]] = []
    for keys, group in table.groupby(list(by), sort=False):
        for measure in values:
            found = over_units(group, measure)
            if found is None:
                continue
            key = dict(zip(by, keys, strict=True)) | {"measure": measure}
            seeds = group.groupby("repeat")[measure].mean().dropna()
            rows += [{**key, "row": "seed", "repeat": name, "value": value, "n": 1} for name, value in seeds.items()]
            rows.append({**key, "row": "mean", "value": found.mean, "low": found.low, "high": found.high, "n": found.n})
    columns = [*by, "measure", "row", "repeat", "value", "low", "high", "n"]
    return pd.DataFrame(rows).reindex(columns=columns)


def where(table: pd.DataFrame, **values: Any) -> pd.DataFrame:
    """Return the rows of a long table whose columns hold these values."""
    for column, value in values.items():
        table = table[table[column] == value]
    return table


def repeats_note(n: int) -> str:
    """Say what means and intervals over n repeats are."""
    if n == 1:
        return "One seed: no interval."
    return f"Means over n = {n} seeds with 95 % intervals over seeds (Student's t)."
