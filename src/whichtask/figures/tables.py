"""Tables of agreement and similarity: read with clear errors; means of similarity over pairs of tasks."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from whichtask.artifacts import read_csv
from whichtask.errors import WhichtaskError
from whichtask.stats import Estimate, pairs_interval

AGREEMENT_COLUMNS = (
    "data", "network", "set", "task", "pair", "network_1", "network_2", "agreement", "agreement_low", "agreement_high",
    "chance_agreement", "train_accuracy", "images_train",
)  # fmt: skip
SIMILARITY_COLUMNS = ("task_a", "task_b", "agreement_similarity")
RESAMPLES = 2_000


def read_table(path: Path, columns: Sequence[str], *, may_be_empty: bool = False) -> pd.DataFrame:
    """Read one table and check that it has rows and the columns that are needed.

    Raises:
        WhichtaskError: the file is missing or no CSV, a column is missing, or there is no row.
    """
    table = read_csv(path)
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise WhichtaskError(f"{path}: no column {', '.join(missing)}; needed are {', '.join(columns)}")
    if table.empty and not may_be_empty:
        raise WhichtaskError(f"{path}: the table has no rows")
    return table


def read_tables(paths: Sequence[Path], columns: Sequence[str]) -> pd.DataFrame:
    """Read and join tables.

    Raises:
        WhichtaskError: see ``read_table``; or tables of several data sets.
    """
    table = pd.concat([read_table(path, columns) for path in paths], ignore_index=True)
    only(table, "data")
    return table


def read_agreement(paths: Sequence[Path], more: Sequence[str] = ()) -> pd.DataFrame:
    """Read and join agreement tables of one data set: one row for each task and pair of networks.

    Args:
        paths: the tables.
        more: columns that are needed beside the usual ones.

    Raises:
        WhichtaskError: see ``read_tables``.
    """
    return read_tables(paths, [*AGREEMENT_COLUMNS, *more])


def read_similarity(paths: Sequence[Path]) -> pd.DataFrame:
    """Read and join tables of pairwise similarity; the kind of task, column ``set``, is the file's name.

    A set of one task has no pairs, so its table may be empty.

    Raises:
        WhichtaskError: a file is missing or no CSV, or lacks a column.
    """
    tables = [read_table(path, SIMILARITY_COLUMNS, may_be_empty=True).assign(set=path.stem) for path in paths]
    return pd.concat([table for table in tables if not table.empty] or tables, ignore_index=True)


def only(table: pd.DataFrame, column: str) -> str:
    """Return the one value of a column.

    Raises:
        WhichtaskError: the tables mix several, which must not be averaged.
    """
    values = table[column].unique()
    if len(values) > 1:
        listed = ", ".join(sorted(map(str, values)))
        raise WhichtaskError(f"the tables mix several values of {column!r} ({listed}); give tables of one")
    return str(values[0])


def common(table: pd.DataFrame, *columns: str) -> dict[str, Any]:
    """Return the one value of each of these columns.

    Raises:
        WhichtaskError: see ``only``.
    """
    for column in columns:
        only(table, column)
    return {column: table[column].iloc[0] for column in columns}


def pairwise_interval(similarity: pd.DataFrame) -> Estimate:
    """Return the mean similarity over pairs of tasks with a jackknife 95 % interval over *tasks*.

    Args:
        similarity: rows of one set from ``read_similarity``, each unordered pair once.

    Returns:
        ``n`` is the number of tasks; with fewer than three the interval is unknown (NaN).
    """
    sides = (similarity[column].to_list() for column in ("task_a", "task_b"))
    return pairs_interval(similarity["agreement_similarity"].to_list(), *sides)
