"""Means over searches and their tasks, with bootstraps on both levels.

Tasks of one search share an encoder, so they are no independent sample of what the method finds. Where a variant was
searched for with several seeds, searches are therefore drawn first and their tasks second; where it was searched for
once, the draws are over the tasks of that search.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from whichtask.figures.tables import RESAMPLES, pairwise_draws
from whichtask.seeding import numpy_generator
from whichtask.stats import LEVELS, Floats, resampled_means


class Resampled(NamedTuple):
    """A mean and its bootstrap."""

    mean: float
    draws: Floats
    """[RESAMPLES], or empty where there is nothing to resample."""

    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval, NaN where it is unknown."""
        if np.isnan(self.draws).all():
            return float("nan"), float("nan")
        low, high = np.nanquantile(self.draws, LEVELS)
        return float(low), float(high)

    def named(self, column: str) -> dict[str, float]:
        """Return the mean and the ends of its interval: COLUMN, ``COLUMN_low``, ``COLUMN_high``."""
        return dict(zip((column, f"{column}_low", f"{column}_high"), (self.mean, *self.interval()), strict=True))

    def minus(self, other: "Resampled") -> "Resampled":
        """Return the difference of two independent means; their draws must come of different seeds."""
        known = len(self.draws) and len(other.draws)
        return Resampled(self.mean - other.mean, self.draws - other.draws if known else np.empty(0))


def values_of(rows: pd.DataFrame, column: str, seed: int = 0) -> Resampled:
    """Average a measurement over searches, over the tasks of each and over the pairs of networks of each task.

    Args:
        rows: columns ``set`` (the search), ``task`` and the measurement.
        column: the measurement.
        seed: seed of the draws.
    """
    searches = [(group[column].to_list(), group["task"].to_list()) for _, group in rows.groupby("set")]
    tasks = rows.groupby(["set", "task"])[column].mean()
    mean = float(np.mean([of_search.mean() for _, of_search in tasks.groupby("set")]))
    if len(tasks) == 1:
        return Resampled(mean, np.empty(0))
    return Resampled(mean, two_level([partial(resampled_means, *search, RESAMPLES) for search in searches], seed))


def similarity_of(rows: pd.DataFrame, seed: int = 0) -> Resampled:
    """Average the similarity of the tasks within each search over searches; NaN where there is no pair of tasks.

    Args:
        rows: as from ``tables.read_similarity``; ``set`` is the search.
        seed: seed of the draws.
    """
    if rows.empty:
        return Resampled(float("nan"), np.empty(0))
    searches = [group for _, group in rows.groupby("set")]
    mean = float(rows.groupby("set")["agreement_similarity"].mean().mean())
    if len(searches) == 1 and len(searches[0]) == 1:
        return Resampled(mean, np.empty(0))
    return Resampled(mean, two_level([partial(_pairs, search) for search in searches], seed))


def _pairs(search: pd.DataFrame, seed: int) -> Floats:
    # Of two tasks every resample holds the one pair or none: within such a search nothing can be resampled.
    return (
        pairwise_draws(search, seed) if len(search) > 1 else np.full(RESAMPLES, search["agreement_similarity"].mean())
    )


def two_level(searches: Sequence[Callable[[int], Floats]], seed: int = 0) -> Floats:
    """Bootstrap a mean over searches: searches with replacement, then the tasks of each drawn search anew.

    Args:
        searches: for each search, its bootstrap over tasks: from a seed to [RESAMPLES] means.
        seed: seed of the draws.

    Returns:
        [RESAMPLES] means; with one search its own bootstrap. NaN draws of a search count as not made.
    """
    n = len(searches)
    if n == 1:
        return searches[0](seed)
    # [place, search, resample]: a search drawn twice gives two independent resamples of its tasks.
    keys = numpy_generator("searches", seed).integers(2**31, size=(n, n)).tolist()
    within = np.stack([[draw(key) for draw, key in zip(searches, row, strict=True)] for row in keys])
    chosen = numpy_generator("chosen searches", seed).integers(n, size=(n, 1, within.shape[-1]))
    picked = np.take_along_axis(within, chosen, axis=1)[:, 0]
    known = ~np.isnan(picked)
    means: Floats = np.where(known, picked, 0).sum(0) / np.where(known.any(0), known.sum(0), np.nan)
    return means
