"""Means of independent units, and of pairs of units, with 95 % intervals by Student's t.

A percentile bootstrap over n units is too narrow where n is small: it covers 75 % at n = 3 and 85 % at n = 5. These
intervals cover 93 % or more for normal units, from two units on; ``tests/floor0/test_stats_coverage.py`` simulates it.
With one unit there is no interval (NaN).
"""

from collections.abc import Hashable, Sequence

import numpy as np

from whichtask.stats.estimate import Estimate, Floats


def unit_means(values: Sequence[float], units: Sequence[Hashable] | None = None) -> Floats:
    """Return the mean of each unit, float64 [units]; by default each value is a unit.

    Raises:
        ValueError: there is no value.
    """
    if len(values) == 0:
        raise ValueError("no measurement to average")
    array = np.asarray(values, dtype=np.float64)
    if units is None:
        return array
    codes = _codes(units)
    means: Floats = np.bincount(codes, array) / np.bincount(codes)
    return means


def _codes(units: Sequence[Hashable]) -> np.ndarray:
    return np.unique([str(unit) for unit in units], return_inverse=True)[1]


def mean_interval(values: Sequence[float], units: Sequence[Hashable] | None = None) -> Estimate:
    """Return the mean of unit means.

    Two levels: where tasks come of several searches, ``values`` are the tasks' means and ``units`` their searches, as
    tasks of one search are no independent sample of what searches find. Paired differences: ``values`` are the
    differences of the units.

    Args:
        values: [n] measurements; those of one unit are averaged first.
        units: [n] the independent unit of each; by default each measurement is its own.

    Raises:
        ValueError: there is no measurement.
    """
    means = unit_means(values, units)
    return Estimate.of_error(float(means.mean()), _error(means), len(means) - 1, len(means))


def _error(means: Floats) -> float:
    """Return the standard error of the mean of independent values, NaN for one."""
    return float(means.std(ddof=1) / len(means) ** 0.5) if len(means) > 1 else float("nan")


def difference_interval(
    first: tuple[Sequence[float], Sequence[Hashable] | None], second: tuple[Sequence[float], Sequence[Hashable] | None]
) -> Estimate:
    """Return mean(first) - mean(second) of independent (values, units), see ``mean_interval``; Welch's interval.

    ``n`` is the smaller number of units.
    """
    sides = [unit_means(*side) for side in (first, second)]
    difference, n = float(sides[0].mean() - sides[1].mean()), min(map(len, sides))
    if n == 1:
        return Estimate.of_error(difference, float("nan"), 0, 1)
    squares = np.array([_error(side) ** 2 for side in sides])
    variance = float(squares.sum())
    freedom = _satterthwaite(squares, variance, [len(side) - 1 for side in sides])
    return Estimate.of_error(difference, variance**0.5, freedom, n)


def _satterthwaite(squares: Floats, variance: float, freedom: Sequence[int]) -> float:
    """Return the degrees of freedom of a variance that is made of some mean squares with their own.

    They are not below the least of these: where squares are subtracted, the formula may ask for next to none.
    """
    if not variance:
        return min(freedom)
    return max(float(1 / ((squares / variance) ** 2 / freedom).sum()), min(freedom))


def pairs_interval(values: Sequence[float], first: Sequence[Hashable], second: Sequence[Hashable]) -> Estimate:
    """Return the mean over the pairs of K units, such as the similarity of K tasks; the interval is the jackknife's.

    Pairs that share a unit are not independent: each unit is left out with all its pairs.

    Args:
        values: [n] a measurement of each unordered pair of different units.
        first: [n] one unit of each pair.
        second: [n] the other.

    Returns:
        ``n`` is K; with fewer than three units the interval is unknown (NaN).

    Raises:
        ValueError: there is no pair.
    """
    if len(values) == 0:
        raise ValueError("no measurement to average")
    array, pairs = np.asarray(values, dtype=np.float64), _codes([*first, *second]).reshape(2, -1)
    n, mean = int(pairs.max()) + 1, float(np.mean(values))
    if n < 3:
        return Estimate.of_error(mean, float("nan"), 0, n)
    # The mean without each unit; of the pseudo-values Student's t.
    total, count = (np.bincount(pairs.ravel(), np.tile(part, 2)) for part in (array, np.ones_like(array)))
    without = (array.sum() - total) / (len(array) - count)
    return Estimate.of_error(mean, _error(n * mean - (n - 1) * without), n - 1, n)


def crossed_interval(values: Sequence[float], first: Sequence[Hashable], second: Sequence[Hashable]) -> Estimate:
    """Return the mean over pairs of two crossed kinds of units, such as targets and the tasks that attack them.

    Pairs that share a unit are not independent: the two-way analysis of variance tells how far the units of each kind
    and the rest vary, and the interval is Student's t with Satterthwaite's degrees of freedom. Where pairs were not
    measured, least squares fill them for that, and the rest has as many degrees of freedom less.

    A kind with one unit says nothing of its variation: the interval then speaks of that unit only, and with one pair it
    is unknown (NaN).

    Args:
        values: [n] measurements of pairs; those of one pair are averaged first. Not all pairs need be there.
        first: [n] one unit of each pair, such as the target.
        second: [n] the other, such as the discovered task.

    Returns:
        ``n`` is the number of pairs.

    Raises:
        ValueError: there is no measurement.
    """
    if len(values) == 0:
        raise ValueError("no measurement to average")
    codes = _codes(first), _codes(second)
    table = np.full([code.max() + 1 for code in codes], np.nan)
    for row, column in set(zip(*map(np.ndarray.tolist, codes), strict=True)):
        table[row, column] = np.asarray(values, dtype=np.float64)[(codes[0] == row) & (codes[1] == column)].mean()
    known = ~np.isnan(table)
    mean, n, shape = float(table[known].mean()), int(known.sum()), np.array(table.shape)
    if 1 in table.shape:
        return mean_interval(table[known].tolist())
    fitted, explained = _additive(table, known)
    filled = np.where(known, table, fitted)
    rest = n - explained  # degrees of freedom of what neither kind explains
    if rest <= 0:  # so few pairs that no two kinds can be told apart: each pair is a unit
        return mean_interval(table[known].tolist())
    squares = np.array(
        [
            shape[1] * filled.mean(axis=1).var(ddof=1),
            shape[0] * filled.mean(axis=0).var(ddof=1),
            ((filled - fitted) ** 2).sum() / rest,
        ]
    )
    # The variance of the mean is (first + second - rest) / pairs; by chance this may be less than either kind's own.
    variance = float(max(squares[0] + squares[1] - squares[2], squares[:2].max()))
    freedom = _satterthwaite(squares, variance, [*(shape - 1), rest])
    return Estimate.of_error(mean, (variance / filled.size) ** 0.5, freedom, n)


def _additive(table: Floats, known: np.ndarray) -> tuple[Floats, int]:
    """Return the least-squares sum of row and column effects, [rows, columns], and the number of effects it found."""
    rows, columns = table.shape
    design = np.concatenate([np.eye(rows)[:, None].repeat(columns, 1), np.eye(columns)[None].repeat(rows, 0)], axis=2)
    effects, _, rank, _ = np.linalg.lstsq(design[known], table[known], rcond=None)
    return design @ effects, int(rank)
