"""Agreement averaged over tasks, and how many tasks and pairs of networks are behind a mean."""

from collections.abc import Sequence

import pandas as pd

from whichtask.errors import WhichtaskError
from whichtask.figures.means import means


def summarise(
    table: pd.DataFrame,
    by: Sequence[str],
    value: str = "agreement",
    others: Sequence[str] = ("train_accuracy", "chance_agreement"),
) -> pd.DataFrame:
    """Average a score over tasks, each task first over its pairs of networks.

    Args:
        table: rows of ``tables.read_agreement``, or others with a column ``task`` and a row for each pair.
        by: columns that a group shares.
        value: the score.
        others: columns that get a mean without an interval.

    Returns:
        One row a group, in order of appearance: ``by``, ``value`` with its 95 % interval ``low`` and ``high`` (NaN with
        one task), ``n_tasks``, ``n_pairs`` (most pairs of one task) and ``others``.
    """
    averaged = means(table, by, [value], unit="task")
    pairs = table.groupby(list(dict.fromkeys([*by, "task"])), sort=False)
    tasks = pairs[list(others)].mean()
    tasks.insert(0, "n_pairs", pairs.size())
    rest = tasks.groupby(level=list(by), sort=False).agg({"n_pairs": "max"} | dict.fromkeys(others, "mean"))
    names = {f"{value}_low": "low", f"{value}_high": "high", "n": "n_tasks"}
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
    return f"{counted(rows['n_tasks'], 'task')} × {counted(rows['n_pairs'], 'pair')}"
