"""Rank correlation of two measures of the same units, one of them repeated."""

import numpy as np
import pandas as pd
from scipy.special import ndtri

from whichtask.stats.estimate import LEVELS, Estimate, Floats

FEWEST = 4
"""Units below which a rank correlation has no interval."""


def rank_interval(first: Floats, second: Floats) -> Estimate:
    """Return Spearman's correlation of a measure and the mean over repeats of another, over units and repeats.

    On Fisher's scale the variance over units is Bonett and Wright's (2000), (1 + rho^2 / 2) / (n - 3), and that over
    repeats, which all units share, the jackknife's, each repeat left out in turn; the interval is a normal one. A
    correlation of 1 of n units counts as 1 - 1 / n^2, as its interval would have no width.

    Args:
        first: [n], such as the agreement of each task.
        second: [repeats, n], such as an accuracy by seed and task.

    Returns:
        ``n`` is the number of units. The correlation is NaN where a side is constant; its interval with fewer than four
        units too.

    Raises:
        ValueError: the shapes do not fit.
    """
    if second.ndim != 2 or first.shape != second.shape[1:]:
        raise ValueError(f"measures of shapes {first.shape} and {second.shape} do not fit")
    n, repeats = len(first), len(second)
    rho = spearman(first, second.mean(axis=0))
    if n < FEWEST or np.isnan(rho):
        return Estimate(rho, float("nan"), float("nan"), n)
    variance = (1 + rho**2 / 2) / (n - 3)
    if repeats > 1:
        left = [spearman(first, np.delete(second, repeat, axis=0).mean(axis=0)) for repeat in range(repeats)]
        variance += (repeats - 1) * float(np.nanvar([_fisher(one, n) for one in left]))
    half = float(ndtri(LEVELS[1])) * variance**0.5
    low, high = np.tanh([_fisher(rho, n) - half, _fisher(rho, n) + half])
    return Estimate(rho, float(low), max(float(high), rho), n)


def _fisher(rho: float, n: int) -> float:
    most = 1 - 1 / n**2
    return float(np.arctanh(np.clip(rho, -most, most)))


def spearman(first: Floats, second: Floats) -> float:
    """Return the rank correlation of two measures [n], ties having their mean rank; NaN where one is constant.

    By pandas: every job imports this room, and ``scipy.stats`` takes half a second to import.
    """
    return float(pd.DataFrame({"first": first, "second": second}).corr("spearman").to_numpy()[0, 1])
