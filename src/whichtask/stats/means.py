"""Means with 95 % intervals, by the bootstrap."""

from collections.abc import Hashable, Sequence

import numpy as np

from whichtask.seeding import numpy_generator
from whichtask.stats.estimate import LEVELS, Estimate, Floats


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


def crossed_interval(
    values: Sequence[float],
    first: Sequence[Hashable],
    second: Sequence[Hashable],
    resamples: int = 2_000,
    seed: int = 0,
) -> Estimate:
    """Return the mean over pairs of two crossed kinds of units with a bootstrap 95 % interval over both kinds.

    Pairs that share a unit are not independent, so the units of each kind are drawn with replacement, independently,
    and a pair counts as often as both of its units were drawn (Owen 2007, the pigeonhole bootstrap; rather too wide
    than too narrow). A kind with one unit cannot be resampled: the interval then speaks of that unit only, and with one
    pair it is unknown (NaN).

    Args:
        values: [n] measurements of pairs; those of one pair are averaged first. Not all pairs need be there.
        first: [n] one unit of each pair, such as the target.
        second: [n] the other, such as the discovered task.
        resamples: number of resamples.
        seed: seed of the draws.

    Returns:
        ``n`` is the number of pairs.

    Raises:
        ValueError: there is no measurement.
    """
    if len(values) == 0:
        raise ValueError("no measurement to average")
    codes = [np.unique([str(unit) for unit in units], return_inverse=True)[1] for units in (first, second)]
    shape = codes[0].max() + 1, codes[1].max() + 1
    total, count = np.zeros(shape), np.zeros(shape)
    np.add.at(total, (codes[0], codes[1]), np.asarray(values, dtype=np.float64))
    np.add.at(count, (codes[0], codes[1]), 1)
    known = count > 0
    means = np.divide(total, count, out=np.zeros(shape), where=known)
    n = int(known.sum())
    mean = float(means[known].mean())
    if n == 1:
        return Estimate(mean, float("nan"), float("nan"), 1)
    rng = numpy_generator("crossed", seed)
    times = [rng.multinomial(size, np.full(size, 1 / size), size=resamples) for size in shape]
    sums, weights = (np.einsum("rt,tk,rk->r", times[0], cells, times[1]) for cells in (means, known.astype(np.float64)))
    # A resample may hold none of the pairs that were measured; it says nothing and is left out.
    low, high = np.quantile(sums[weights > 0] / weights[weights > 0], LEVELS)
    return Estimate(mean, float(low), float(high), n)
