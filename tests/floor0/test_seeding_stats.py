"""Counter-based seeds, and intervals with the coverage they promise."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from whichtask.seeding import numpy_generator, seed_of, seeded, torch_generator
from whichtask.stats import difference_interval, mean_interval, share_interval

KEYS = st.lists(st.one_of(st.integers(), st.text(max_size=5)), min_size=1, max_size=4)


@given(first=KEYS, second=KEYS)
def test_different_keys_give_different_seeds(first: list[int | str], second: list[int | str]) -> None:
    assert 0 <= seed_of(*first) < 2**63
    if "\x1f" not in "".join(map(str, first + second)):
        assert (seed_of(*first) == seed_of(*second)) == (
            [(type(a), a) for a in first] == [(type(b), b) for b in second]
        )


def test_seeds_never_change() -> None:
    """Published results depend on them."""
    assert seed_of("order", 0, "human_000", 1) == 2036308954240349962


def test_generators_repeat_and_leave_the_global_one_alone() -> None:
    assert torch.equal(torch.rand(3, generator=torch_generator("a")), torch.rand(3, generator=torch_generator("a")))
    assert numpy_generator("a", 1).random() != numpy_generator("a", 2).random()
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    with seeded("weights", 1):
        first = torch.rand(1)
    with seeded("weights", 1):
        assert torch.equal(torch.rand(1), first)
    assert torch.equal(torch.rand(1), expected)


def test_intervals_of_unit_means_cover_about_95_percent() -> None:
    rng = np.random.default_rng(0)
    hits = 0
    for trial in range(200):
        effects = rng.normal(0, 1, 25)
        values = (effects[:, None] + rng.normal(0, 1, (25, 3))).ravel()
        found = mean_interval(values.tolist(), np.repeat(np.arange(25), 3).tolist(), resamples=400, seed=trial)
        hits += found.low <= 0 <= found.high
    assert 0.88 <= hits / 200 <= 1.0


def test_unequal_numbers_of_pairs_weigh_tasks_equally() -> None:
    found = mean_interval([0.0, 1.0, 1.0, 1.0], ["a", "b", "b", "b"])
    assert found.mean == 0.5
    assert found.n == 2


def test_one_unit_has_no_interval_and_none_is_an_error() -> None:
    found = mean_interval([0.4, 0.6], ["a", "a"])
    assert found.mean == 0.5
    assert np.isnan(found.low)
    assert np.isnan(found.high)
    with pytest.raises(ValueError, match="no measurement"):
        mean_interval([])


@given(values=st.lists(st.floats(0, 1), min_size=2, max_size=8), seed=st.integers(0, 3))
def test_intervals_hold_the_mean_and_do_not_depend_on_labels(values: list[float], seed: int) -> None:
    found = mean_interval(values, seed=seed)
    assert found.low - 1e-12 <= found.mean <= found.high + 1e-12
    assert (
        mean_interval(values, [f"task {i}" for i in range(len(values))], seed=seed) == pytest.approx(found, nan_ok=True)
        or len(values) > 9
    )


def test_a_difference_is_the_difference() -> None:
    found = difference_interval(([1.0, 0.9, 0.8], [0, 1, 2]), ([0.1, 0.2, 0.3], [0, 1, 2]))
    assert found.mean == pytest.approx(0.7)
    assert 0.5 < found.low < 0.7 < found.high < 0.9


def test_the_share_interval_is_binomial() -> None:
    low, high = share_interval(0.9, 5_000, 4_000, 0)
    half = 1.96 * (0.9 * 0.1 / 5_000) ** 0.5
    assert low == pytest.approx(0.9 - half, abs=0.002)
    assert high == pytest.approx(0.9 + half, abs=0.002)
