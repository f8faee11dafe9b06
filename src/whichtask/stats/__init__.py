"""Means with 95 % intervals: one room, one meaning each."""

from whichtask.stats.estimate import LEVELS, Estimate, Floats
from whichtask.stats.images import share_interval
from whichtask.stats.means import crossed_interval, difference_interval, mean_interval, pairs_interval, unit_means
from whichtask.stats.ranks import rank_interval, spearman
from whichtask.stats.shares import share_of_units

__all__ = [
    "LEVELS",
    "Estimate",
    "Floats",
    "crossed_interval",
    "difference_interval",
    "mean_interval",
    "pairs_interval",
    "rank_interval",
    "share_interval",
    "share_of_units",
    "spearman",
    "unit_means",
]
