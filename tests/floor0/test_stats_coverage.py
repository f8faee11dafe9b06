"""How often intervals hold the true mean: what "95 %" means is simulated, for normal and for skewed units."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest

from whichtask.stats import Estimate, crossed_interval, difference_interval, mean_interval, pairs_interval

Draw = Callable[..., Any]
TRIALS = 1_000
RNG = np.random.default_rng(7)
KINDS: dict[str, tuple[Draw, float]] = {
    # Draws of mean 0, and the least coverage that is promised.
    "normal": (RNG.standard_normal, 0.93),
    "exponential": (lambda shape: RNG.standard_exponential(shape) - 1, 0.88),
}
UNITS = (2, 3, 5, 8, 30)
CROSSED = ((2, 2), (4, 2), (4, 4), (7, 8))
VARYING = {"first": (1, 0, 0), "second": (0, 1, 0), "rest": (0, 0, 1), "all": (1, 1, 1)}
SIMULATION_ERROR = 3 * (0.9 * 0.1 / TRIALS) ** 0.5


def _means(draw: Draw) -> Iterator[tuple[str, Callable[[], Estimate]]]:
    for n in UNITS:
        yield f"mean of {n}", partial(_mean, draw, n)
        yield f"paired difference of {n}", partial(_paired, draw, n)
        yield f"difference of {n} and {n}", partial(_difference, draw, n)


def _mean(draw: Draw, n: int) -> Estimate:
    return mean_interval(draw(n).tolist())


def _paired(draw: Draw, n: int) -> Estimate:
    return mean_interval((draw(n) - 0.5 * RNG.standard_normal(n)).tolist())


def _difference(draw: Draw, n: int) -> Estimate:
    return difference_interval((draw(n).tolist(), None), ((2 * draw(n)).tolist(), None))


def _of_pairs(draw: Draw) -> Iterator[tuple[str, Callable[[], Estimate]]]:
    for n, groups in ((3, 1), (4, 1), (8, 1), (32, 1), (3, 2), (4, 2)):
        # Units of two groups form no pair with each other, as networks that saw other batches.
        sides = np.triu_indices(n, 1)
        first, second = (np.concatenate([side + n * group for group in range(groups)]) for side in sides)

        def similarity(n: int = n * groups, first: Any = first, second: Any = second) -> Estimate:
            effects = draw(n)
            values = effects[first] + effects[second] + 0.5 * RNG.standard_normal(len(first))
            return pairs_interval(values.tolist(), first.tolist(), second.tolist())

        yield f"pairs of {n} in {groups}", similarity


def _crossed(draw: Draw) -> Iterator[tuple[str, Callable[[], Estimate]]]:
    for rows, columns in CROSSED:
        first, second = np.repeat(np.arange(rows), columns).tolist(), np.tile(np.arange(columns), rows).tolist()
        for name, sizes in VARYING.items():

            def crossed(
                rows: int = rows, columns: int = columns, sizes: tuple[int, ...] = sizes, units: Any = (first, second)
            ) -> Estimate:
                effects = sizes[0] * draw((rows, 1)) + sizes[1] * draw((1, columns)) + sizes[2] * draw((rows, columns))
                return crossed_interval(effects.ravel().tolist(), *units)

            yield f"{rows} x {columns}, {name} varying", crossed


def _two_levels(draw: Draw) -> Iterator[tuple[str, Callable[[], Estimate]]]:
    for n in UNITS:

        def searches(n: int = n) -> Estimate:
            tasks = draw((n, 1)) + 0.5 * RNG.standard_normal((n, 8))
            return mean_interval(tasks.ravel().tolist(), np.repeat(np.arange(n), 8).tolist())

        yield f"8 tasks in {n} searches", searches


CASES = [
    pytest.param(estimate, least, id=f"{kind}: {name}")
    for kind, (draw, least) in KINDS.items()
    for cases in (_means, _of_pairs, _crossed, _two_levels)
    for name, estimate in cases(draw)
]


@pytest.mark.parametrize(("estimate", "least"), CASES)
def test_intervals_cover(estimate: Callable[[], Estimate], least: float) -> None:
    RNG.bit_generator.state = np.random.default_rng(7).bit_generator.state  # whichever tests ran before
    found = [estimate() for _ in range(TRIALS)]
    share = np.mean([one.low <= 0 <= one.high for one in found])
    assert share >= least - SIMULATION_ERROR
    assert np.isfinite([one.high - one.low for one in found]).all()
