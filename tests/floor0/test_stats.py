"""Intervals over units, pairs and crossed units: what they are, apart from how often they cover."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, ttest_1samp, ttest_ind

from whichtask.stats import (
    crossed_interval,
    difference_interval,
    mean_interval,
    pairs_interval,
    share_interval,
    share_of_units,
)

# The last value is none of the others': scipy warns where all are the same.
VALUES = st.lists(st.integers(0, 99).map(lambda value: value / 100), min_size=1, max_size=8).map(lambda v: [*v, 1.5])


def grid(targets: int, tasks: int) -> tuple[list[str], list[str]]:
    """Name the units of all pairs of two crossed kinds."""
    return [f"t{t}" for t in range(targets) for _ in range(tasks)], [
        f"k{k}" for _ in range(targets) for k in range(tasks)
    ]


def pairs(n: int) -> tuple[list[int], list[int]]:
    first, second = np.triu_indices(n, 1)
    return first.tolist(), second.tolist()


@given(VALUES)
def test_a_mean_has_the_interval_of_the_t_test(values: list[float]) -> None:
    found = mean_interval(values)
    expected = ttest_1samp(values, 0).confidence_interval()
    assert found == pytest.approx((np.mean(values), expected.low, expected.high, len(values)), abs=1e-9)


@given(VALUES, VALUES)
def test_a_difference_has_the_interval_of_welchs_test(first: list[float], second: list[float]) -> None:
    found = difference_interval((first, None), (second, None))
    assert found.mean == pytest.approx(np.mean(first) - np.mean(second))
    assert found.n == min(len(first), len(second))
    expected = ttest_ind(first, second, equal_var=False).confidence_interval()
    assert found[1:3] == pytest.approx((expected.low, expected.high), abs=1e-8)


def test_rows_of_one_unit_are_averaged_first() -> None:
    found = mean_interval([0.0, 1.0, 0.7, 1.3, 0.4], ["a", "b", "b", "b", "c"])
    assert found == pytest.approx(mean_interval([0.0, 1.0, 0.4]))
    assert difference_interval(([0.0, 2.0, 5.0], "aab"), ([1.0, 3.0], None)) == pytest.approx(
        difference_interval(([1.0, 5.0], None), ([1.0, 3.0], None))
    )


@pytest.mark.parametrize(
    "found",
    [
        mean_interval([0.4, 0.6], ["a", "a"]),
        difference_interval(([0.5], None), ([0.1, 0.2], None)),
        pairs_interval([0.5], ["a"], ["b"]),
        crossed_interval([0.5, 0.7], ["t", "t"], ["k", "k"]),
    ],
)
def test_one_unit_has_no_interval(found: tuple[float, float, float, int]) -> None:
    assert np.isfinite(found[0])
    assert np.isnan(found[1:3]).all()


def test_nothing_has_no_mean() -> None:
    with pytest.raises(ValueError, match="no measurement"):
        mean_interval([])
    for helper in (pairs_interval, crossed_interval):
        with pytest.raises(ValueError, match="no measurement"):
            helper([], [], [])


def test_pairs_are_left_out_unit_by_unit() -> None:
    rng = np.random.default_rng(0)
    values, (first, second) = rng.random(10), pairs(5)
    found = pairs_interval(values.tolist(), first, second)
    without = [np.mean([v for v, a, b in zip(values, first, second, strict=True) if k not in (a, b)]) for k in range(5)]
    plain = mean_interval([5 * values.mean() - 4 * left for left in without])
    assert found == pytest.approx(plain)
    assert found.mean == pytest.approx(values.mean())


@given(values=st.lists(st.floats(0, 1), min_size=12, max_size=12), order=st.permutations(range(12)))
def test_a_crossed_mean_does_not_depend_on_the_order_of_pairs(values: list[float], order: list[int]) -> None:
    first, second = grid(3, 4)
    found = crossed_interval(values, first, second)
    assert found.n == 12
    assert found.mean == pytest.approx(np.mean(values))
    assert found.low <= found.mean <= found.high
    shuffled = [values[i] for i in order], [first[i] for i in order], [second[i] for i in order]
    assert crossed_interval(*shuffled) == pytest.approx(found)
    # Nor on which kind comes first, nor on values measured twice; it moves and grows with them.
    assert crossed_interval(values, second, first) == pytest.approx(found, abs=1e-9)
    assert crossed_interval(values * 2, first * 2, second * 2) == pytest.approx(found)
    moved = crossed_interval([2 * value - 1 for value in values], first, second)
    assert np.subtract(moved[:3], np.multiply(found[:3], 2)) == pytest.approx([-1] * 3)


def test_a_crossed_mean_whose_second_kind_changes_nothing_is_that_of_the_first() -> None:
    values = np.random.default_rng(0).random(5)
    # The exact interval is over the five targets alone; the rest, which is 0, takes nothing from its freedom.
    assert crossed_interval(values.repeat(3).tolist(), *grid(5, 3))[:3] == pytest.approx(
        mean_interval(values.tolist())[:3]
    )
    alone = values[:4].tolist()
    assert crossed_interval(alone, ["t"] * 4, list("abcd")) == pytest.approx(mean_interval(alone))


def test_pairs_that_were_not_measured_are_left_out() -> None:
    first, second = grid(4, 4)
    effects = np.add.outer([0.1, 0.4, 0.2, 0.3], [0.0, 0.3, 0.1, 0.2])
    whole = crossed_interval(effects.ravel().tolist(), first, second)
    keep = [i for i in range(16) if i not in (3, 9)]
    values = effects.ravel()[keep].tolist()
    found = crossed_interval(values, [first[i] for i in keep], [second[i] for i in keep])
    assert found.n == 14
    # Where the kinds add up, least squares know what is missing.
    assert found.high - found.low == pytest.approx(whole.high - whole.low)
    # On the diagonal no kind can be told from the other: each pair is a unit.
    names = [str(i) for i in range(5)]
    assert crossed_interval([0.1, 0.2, 0.3, 0.4, 0.6], names, names) == pytest.approx(
        mean_interval([0.1, 0.2, 0.3, 0.4, 0.6])
    )


def test_equal_values_have_no_width() -> None:
    assert crossed_interval([0.25] * 4, *grid(2, 2)) == (0.25, 0.25, 0.25, 4)
    assert difference_interval(([0.5] * 3, None), ([0.25] * 2, None)) == (0.25, 0.25, 0.25, 2)


def test_the_share_interval_is_binomial() -> None:
    low, high = share_interval(0.9, 5_000, 4_000, 0)
    half = 1.96 * (0.9 * 0.1 / 5_000) ** 0.5
    assert low == pytest.approx(0.9 - half, abs=0.002)
    assert high == pytest.approx(0.9 + half, abs=0.002)


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_shares_of_units_are_exact(hits_and_n: tuple[int, int]) -> None:
    hits, n = hits_and_n
    expected = binomtest(hits, n).proportion_ci(0.95, method="exact")
    assert share_of_units(hits, n) == pytest.approx((hits / n, expected.low, expected.high, n))
