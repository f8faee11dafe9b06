"""Means with 95 % intervals, by the bootstrap."""

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from whichtask.seeding import numpy_generator

Floats = npt.NDArray[np.float64]
LEVELS = (0.025, 0.975)


class Estimate(NamedTuple):
    """A mean, its 95 % interval, and the number of independent units behind it."""

    mean: float
    low: float
    high: float
    n: int


def resampled_means(
    values: Sequence[float], units: Sequence[Hashable], resamples: int = 2_000, seed: int = 0
) -> Floats:
    """Bootstrap the mean of unit means: draw units (tasks) with replacement, then measurements within each unit.

    Args:
        values: [n] measurements.
        units: [n] the independent unit (usually the task) that each measurement belongs to.
        resamples: number of resamples.
        seed: seed of the draws.

    Returns:
        float64 [resamples], the resampled means.
    """
    names, codes = np.unique(np.asarray([str(unit) for unit in units]), return_inverse=True)
    groups = [np.asarray(values, dtype=np.float64)[codes == code] for code in range(len(names))]
    rng = numpy_generator("bootstrap", seed)
    # One resampled mean of every unit for every resample, then units drawn with replacement.
    within = np.stack([group[rng.integers(len(group), size=(resamples, len(group)))].mean(1) for group in groups], 1)
    drawn = rng.integers(len(groups), size=(resamples, len(groups)))
    means: Floats = np.take_along_axis(within, drawn, axis=1).mean(1)
    return means


def mean_interval(
    values: Sequence[float], units: Sequence[Hashable] | None = None, resamples: int = 2_000, seed: int = 0
) -> Estimate:
    """Return the mean of unit means with a percentile-bootstrap 95 % interval.

    With one unit there is nothing to resample: the interval is then unknown (NaN), not zero.

    Args:
        values: [n] measurements.
        units: [n] independent units; default: each measurement is its own.
        resamples: number of bootstrap resamples.
        seed: seed of the draws.

    Raises:
        ValueError: there is no measurement.
    """
    if len(values) == 0:
        raise ValueError("no measurement to average")
    units = list(range(len(values))) if units is None else list(units)
    array = np.asarray(values, dtype=np.float64)
    names = np.asarray([str(unit) for unit in units])
    mean = float(np.mean([array[names == name].mean() for name in np.unique(names)]))
    n = len(np.unique(names))
    if n == 1:
        return Estimate(mean, float("nan"), float("nan"), 1)
    low, high = np.quantile(resampled_means(values, units, resamples, seed), LEVELS)
    return Estimate(mean, float(low), float(high), n)


def difference_interval(
    first: tuple[Sequence[float], Sequence[Hashable]],
    second: tuple[Sequence[float], Sequence[Hashable]],
    resamples: int = 2_000,
    seed: int = 0,
) -> Estimate:
    """Return mean(first) - mean(second) of independent (values, units) with a bootstrap 95 % interval.

    ``n`` is the smaller number of units.
    """
    a, b = mean_interval(*first), mean_interval(*second)
    if min(a.n, b.n) == 1:
        return Estimate(a.mean - b.mean, float("nan"), float("nan"), 1)
    draws = resampled_means(*first, resamples, seed) - resampled_means(*second, resamples, seed + 1)
    low, high = np.quantile(draws, LEVELS)
    return Estimate(a.mean - b.mean, float(low), float(high), min(a.n, b.n))


def share_interval(share: float, images: int, resamples: int, seed: int) -> tuple[float, float]:
    """Return the bootstrap 95 % interval of a share of ``images`` images.

    Resampling images with replacement makes the number of hits binomial, so it is drawn directly.
    """
    draws = numpy_generator("share", seed).binomial(images, share, size=resamples) / images
    low, high = np.quantile(draws, LEVELS)
    return float(low), float(high)
