"""Rank correlations over units and repeats: known values, and how often the interval holds the true one."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from whichtask.stats import rank_interval

TRIALS = 400


def test_it_is_spearmans_with_ties() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 4, 20).astype(float), rng.integers(0, 4, (3, 20)).astype(float)
    assert rank_interval(first, second).mean == pytest.approx(spearmanr(first, second.mean(axis=0)).statistic)


def test_what_has_no_interval() -> None:
    assert np.isnan(rank_interval(np.ones(8), np.arange(8.0)[None]).mean)
    few = rank_interval(np.arange(3.0), np.arange(3.0)[None])
    assert few.mean == pytest.approx(1)
    assert few.n == 3
    assert np.isnan(few.low)
    with pytest.raises(ValueError, match="do not fit"):
        rank_interval(np.ones(3), np.ones((2, 4)))


@pytest.mark.parametrize(("units", "repeats"), [(8, 1), (8, 5), (48, 5)])
@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_it_covers(units: int, repeats: int, correlation: float) -> None:
    rng = np.random.default_rng(7)
    true = 6 / np.pi * np.arcsin(correlation / 2)  # Spearman's of two normal measures
    found = []
    for _ in range(TRIALS):
        first = rng.standard_normal(units)
        mean = correlation * first + (1 - correlation**2) ** 0.5 * rng.standard_normal(units)
        found.append(rank_interval(first, mean + 0.3 * (repeats > 1) * rng.standard_normal((repeats, units))))
    assert np.mean([one.low <= true <= one.high for one in found]) >= 0.93 - 3 * (0.93 * 0.07 / TRIALS) ** 0.5


def test_it_covers_units_in_groups() -> None:
    """As bits of six sources, which differ more between than within sources; the sources are fixed."""
    rng = np.random.default_rng(7)

    def draw(each: int) -> tuple[np.ndarray, np.ndarray]:
        source = np.repeat(np.linspace(-1, 1, 6), each)
        own = rng.standard_normal(6 * each)
        return source + 0.5 * own, source + 0.25 * own + 0.4 * rng.standard_normal(6 * each)

    true = spearmanr(*draw(20_000)).statistic
    found = []
    for _ in range(TRIALS):
        first, second = draw(8)
        found.append(rank_interval(first, second + 0.15 * rng.standard_normal((5, 48))))
    assert np.mean([one.low <= true <= one.high for one in found]) >= 0.93
