"""Shares of few units, such as tasks."""

from scipy.stats import binomtest

from whichtask.stats.estimate import Estimate


def share_of_units(hits: int, n: int) -> Estimate:
    """Return the share of n units with the exact binomial 95 % interval (Clopper and Pearson 1934).

    Args:
        hits: units that count.
        n: all units, at least one.
    """
    low, high = binomtest(hits, n).proportion_ci(0.95, method="exact")
    return Estimate(hits / n, float(low), float(high), n)
