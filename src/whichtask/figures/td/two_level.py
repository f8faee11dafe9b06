"""Means over searches and their tasks.

Tasks of one search share an encoder, so they are no independent sample of what the method finds: the independent unit
is the search. Where a variant was searched for once, nothing tells how far searches differ, and there is no interval.
"""

import pandas as pd

from whichtask.stats import Estimate, mean_interval


def search_means(rows: pd.DataFrame, column: str) -> list[float]:
    """Average a measurement over the pairs of networks of each task, then over the tasks of each search.

    Args:
        rows: columns ``set`` (the search), ``task`` and the measurement; of similarity, as from
            ``tables.read_similarity``, without ``task``: its mean over pairs of tasks.
        column: the measurement.
    """
    tasks = rows.groupby(["set", "task"])[column].mean() if "task" in rows else rows.set_index("set")[column]
    return tasks.groupby(level="set").mean().to_list()


def over_searches(means: list[float]) -> Estimate:
    """Return the mean of ``search_means`` with its interval between searches; NaN where nothing was measured."""
    return mean_interval(means) if means else Estimate.of_error(float("nan"), float("nan"), 0, 0)
