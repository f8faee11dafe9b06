"""Agreement averaged over tasks, and how many tasks and pairs of networks are behind a mean."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from whichtask.errors import WhichtaskError
from whichtask.figures.means import means

ROUNDING = 1e-6  # of shares in a table


WHAT_WAS_LEARNED = ["positive_rate", "n_classes", "train_accuracy_1", "train_accuracy_2"]


def learned(table: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Leave out of each group the pairs in which a network did not learn its labels: its agreement says nothing.

    It has learned them where it is right more often than one that names the commonest class for every image. A group
    without such a pair stays whole, with the train accuracy that tells what its scores are worth.

    Args:
        table: rows of ``tables.read_agreement``; where it does not say what was learned, all of them count.
        by: columns that a group shares.
    """
    if not set(WHAT_WAS_LEARNED) <= set(table.columns):
        return table
    rate = table["positive_rate"]  # with more than two classes, number 0 is the commonest
    commonest = (1 - rate).where(table["n_classes"] > 2, np.maximum(rate, 1 - rate))
    right = table[["train_accuracy_1", "train_accuracy_2"]].min(axis=1) > commonest + ROUNDING
    return table[right | ~right.groupby([table[column] for column in by]).transform("any")]


def summarise(
    table: pd.DataFrame,
    by: Sequence[str],
    value: str = "agreement",
    others: Sequence[str] = ("train_accuracy", "chance_agreement"),
) -> pd.DataFrame:
    """Average a score over tasks, each task first over its pairs of networks.

    Args:
        table: rows of ``tables.read_agreement``, or others with a column ``task`` and a row for each pair. Pairs that
            did not learn their labels are left out, see ``learned``.
        by: columns that a group shares.
        value: the score.
        others: columns that get a mean without an interval.

    Returns:
        One row a group, in order of appearance: ``by``, ``value`` with its 95 % interval ``low`` and ``high`` (NaN with
        one task), ``n_tasks``, ``n_pairs`` (most pairs of one task) and ``others``; and ``n_unlearned``, how many pairs
        are left out, where there are any.
    """
    everything, table = table, learned(table, by)
    averaged = means(table, by, [value], unit="task")
    pairs = table.groupby(list(dict.fromkeys([*by, "task"])), sort=False)
    tasks = pairs[list(others)].mean()
    tasks.insert(0, "n_pairs", pairs.size())
    rest = tasks.groupby(level=list(by), sort=False).agg({"n_pairs": "max"} | dict.fromkeys(others, "mean"))
    names = {f"{value}_low": "low", f"{value}_high": "high", "n": "n_tasks"}
    if len(table) < len(everything):
        kept = table.groupby(list(by), sort=False).size()
        rest["n_unlearned"] = everything.groupby(list(by), sort=False).size() - kept
    return averaged.rename(columns=names).merge(rest.reset_index(), on=list(by))


def scores(table: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Return what a figure of agreement draws: a row for each task, then one for each group's mean.

    Returns:
        The columns of ``summarise``, with ``row`` ("task" or "mean") and ``task`` after ``by``.
    """
    tasks = summarise(table, [*by, "task"]).assign(row="task")
    joined = pd.concat([tasks, summarise(table, by).assign(row="mean", task="")], ignore_index=True)
    leading = [*by, "row", "task"]
    return joined[leading + [column for column in joined.columns if column not in leading]]


def scored_everywhere(agreement: pd.DataFrame, column: str, words: str) -> pd.DataFrame:
    """Keep the tasks that were scored at every value of a column, so that no mean moves because its tasks change.

    Raises:
        WhichtaskError: there is no such task.
    """
    found = agreement.groupby(["set", "task"])[column].transform("nunique") == agreement[column].nunique()
    if not found.any():
        raise WhichtaskError(f"no task was scored {words}; the tables need a task in common")
    return agreement[found]


def span(values: pd.Series) -> str:
    """Write whole numbers as one, or as the least and the largest."""
    low, high = int(values.min()), int(values.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def counted(values: pd.Series, one: str, many: str = "") -> str:
    """Write whole numbers with their noun, such as "3 tasks" or "1 to 3 tasks"."""
    return f"{span(values)} {one if values.max() == 1 else many or f'{one}s'}"


def count_text(scores: pd.DataFrame) -> str:
    """Say how many tasks and pairs are behind the means of some groups, as a range where they differ."""
    rows = scores[scores["row"] == "mean"]
    unlearned = int(rows["n_unlearned"].sum()) if "n_unlearned" in rows else 0
    left_out = f", without {unlearned} that learned nothing" if unlearned else ""
    return f"{counted(rows['n_tasks'], 'task')} × {counted(rows['n_pairs'], 'pair')}{left_out}"
