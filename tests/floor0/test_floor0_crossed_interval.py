"""Intervals over pairs of two crossed kinds of units."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whichtask.stats import crossed_interval, mean_interval

SHARES = st.floats(0, 1)


def table(targets: int, tasks: int) -> tuple[list[str], list[str]]:
    return [f"t{t}" for t in range(targets) for _ in range(tasks)], [
        f"k{k}" for _ in range(targets) for k in range(tasks)
    ]


@given(values=st.lists(SHARES, min_size=12, max_size=12), order=st.permutations(range(12)))
def test_the_interval_holds_the_mean_and_does_not_depend_on_the_order_of_pairs(
    values: list[float], order: list[int]
) -> None:
    first, second = table(3, 4)
    found = crossed_interval(values, first, second, resamples=200)
    assert found.n == 12
    assert found.mean == pytest.approx(np.mean(values))
    assert min(values) - 1e-9 <= found.low <= found.high <= max(values) + 1e-9
    shuffled = [values[i] for i in order], [first[i] for i in order], [second[i] for i in order]
    again = crossed_interval(*shuffled, resamples=200)
    assert again == pytest.approx(found)


@given(values=st.lists(SHARES, min_size=6, max_size=6), shift=st.floats(-1, 1))
def test_it_moves_with_the_values_and_repeated_measurements_change_nothing(values: list[float], shift: float) -> None:
    first, second = table(2, 3)
    found = crossed_interval(values, first, second, resamples=200)
    moved = crossed_interval([value + shift for value in values], first, second, resamples=200)
    assert np.subtract(moved[:3], found[:3]) == pytest.approx([shift] * 3)
    assert crossed_interval(values * 2, first * 2, second * 2, resamples=200) == pytest.approx(found)


def test_equal_values_have_no_width_and_one_pair_has_no_interval() -> None:
    assert crossed_interval([0.25] * 4, *table(2, 2)) == (0.25, 0.25, 0.25, 4)
    alone = crossed_interval([0.5, 0.7], ["t", "t"], ["k", "k"])
    assert alone.mean == pytest.approx(0.6)
    assert np.isnan([alone.low, alone.high]).all()
    assert alone.n == 1
    with pytest.raises(ValueError, match="no measurement"):
        crossed_interval([], [], [])


def test_with_one_unit_of_a_kind_it_is_the_bootstrap_over_the_other() -> None:
    values = np.random.default_rng(0).random(30).tolist()
    names = [f"k{k:02d}" for k in range(30)]
    plain = mean_interval(values, resamples=20_000)
    for first, second in ((["t"] * 30, names), (names, ["t"] * 30)):
        found = crossed_interval(values, first, second, resamples=20_000)
        assert found == pytest.approx(plain, abs=0.005)


def test_pairs_that_were_not_measured_are_left_out() -> None:
    # Only the diagonal: a draw of different units has no pair at all.
    names = [str(i) for i in range(5)]
    found = crossed_interval([0.1, 0.2, 0.3, 0.4, 0.5], names, names)
    assert found.mean == pytest.approx(0.3)
    assert 0.1 <= found.low < 0.3 < found.high <= 0.5


def test_it_covers_where_pairs_that_share_a_target_are_alike_and_the_plain_interval_does_not() -> None:
    rng = np.random.default_rng(0)
    first, second = table(8, 8)
    hits = plain_hits = 0
    for trial in range(150):
        values = rng.normal(0, 1, (8, 1)) + rng.normal(0, 1, (1, 8)) + rng.normal(0, 0.5, (8, 8))
        found = crossed_interval(values.ravel().tolist(), first, second, resamples=300, seed=trial)
        plain = mean_interval(values.ravel().tolist(), resamples=300, seed=trial)
        hits += found.low <= 0 <= found.high
        plain_hits += plain.low <= 0 <= plain.high
    assert hits / 150 >= 0.85
    assert plain_hits / 150 <= 0.65
