"""Shares of few units, such as tasks."""

from scipy.special import betaincinv

from whichtask.stats.estimate import LEVELS, Estimate


def share_of_units(hits: int, n: int) -> Estimate:
    """Return the share of n units with the exact binomial 95 % interval (Clopper and Pearson 1934).

    Args:
        hits: units that count.
        n: all units, at least one.
    """
    low = betaincinv(hits, n - hits + 1, LEVELS[0]) if hits else 0.0
    high = betaincinv(hits + 1, n - hits, LEVELS[1]) if hits < n else 1.0
    return Estimate(hits / n, float(low), float(high), n)
