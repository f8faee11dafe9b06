"""Random, human and factor tasks, and the partitions behind them."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whichtask.errors import WhichtaskError
from whichtask.tasks import agreement_similarity, factor_tasks, human_tasks, mean_pairwise, random_tasks
from whichtask.tasks.partitions import balanced_partitions, core_partitions, drawn_partitions, partition_count

TEN = [f"class {index}" for index in range(10)]
LABELS = np.random.default_rng(0).permutation(np.repeat(np.arange(10), 20))
FACTORS = ("shape", "hue", "scale", "orient", "fill", "bg_hue", "bg_tex", "pos_x", "pos_y", "outline")
SIZES = (6, 8, 4, 4, 4, 8, 4, 4, 4, 2)


def test_random_tasks_are_coins_named_by_their_index() -> None:
    few, many = random_tasks(5_000, 2, seed=1), random_tasks(5_000, 20, seed=1)
    assert np.array_equal(few.labels, many.labels[:2])
    assert few.names == many.names[:2] == ("random_000", "random_001")
    assert not np.array_equal(few.labels, random_tasks(5_000, 2, seed=2).labels)
    # Five standard deviations of 5,000 coins.
    assert (many.positive_rate() > 0.5 - 5 * 0.5 / math.sqrt(5_000)).all()
    assert agreement_similarity(many.labels)[np.triu_indices(20, k=1)].max() < 0.5 + 5 * 0.5 / math.sqrt(5_000)


@given(st.integers(1, 6).map(lambda half: 2 * half))
def test_partitions_are_the_first_half_of_all_combinations(size: int) -> None:
    expected = list(combinations(range(size), size // 2))[: partition_count(size)]
    assert list(balanced_partitions(size)) == expected


def test_authors_core_set() -> None:
    # CORE_REAL_TASKS_IDX in the authors' models/tasks.py
    assert list(core_partitions(10)) == [0, 11, 18, 27, 31, 38, 40]


@pytest.mark.parametrize(("size", "similarity"), [(2, 1.0), (4, 0.5), (6, 2 / 3), (8, 0.5), (10, 0.6), (12, 0.5)])
def test_core_sets_have_the_least_similarity(size: int, similarity: float) -> None:
    tasks = human_tasks(np.arange(size), [str(index) for index in range(size)], "core")
    matrix = agreement_similarity(tasks.labels)
    assert matrix[~np.eye(len(matrix), dtype=bool)] == pytest.approx(similarity)
    others = [half for half in balanced_partitions(size) if half not in core_partitions(size).values()]
    for half in others:  # maximal: no other partition fits
        labels = np.vstack([tasks.labels, np.isin(np.arange(size), half)])
        assert agreement_similarity(labels)[-1, :-1].max() > similarity + 1e-9


def test_human_tasks_of_ten_classes() -> None:
    tasks, core = human_tasks(LABELS, TEN, "all"), human_tasks(LABELS, TEN)
    assert len(tasks.names) == 126
    assert (tasks.positive_rate() == 0.5).all()
    assert core.names == tuple(f"human_{index:03d}" for index in (0, 11, 18, 27, 31, 38, 40))
    assert np.array_equal(core.labels, tasks.labels[[0, 11, 18, 27, 31, 38, 40]])
    assert np.array_equal(human_tasks(LABELS, TEN, "all", limit=3).labels, tasks.labels[:3])
    assert human_tasks(LABELS, TEN, limit=2).names == core.names[:2]


@pytest.mark.parametrize("which", ["all", "core"])
def test_provenance_names_the_classes_of_each_label(which: str) -> None:
    labels = np.r_[LABELS, np.full(30, 3)]  # unbalanced, so that polarity depends on the side of class 3
    tasks = human_tasks(labels, TEN, which)  # type: ignore[arg-type]
    for name, task, sides in zip(tasks.names, tasks.labels, tasks.provenance["partitions"], strict=True):
        assert sides["task"] == name
        assert {TEN[label] for label in labels[task == 0]} == set(sides["label_0"])
        assert {TEN[label] for label in labels[task == 1]} == set(sides["label_1"])
        assert TEN[3] in sides["label_0"]


def test_human_tasks_of_many_classes() -> None:
    names = [str(index) for index in range(100)]
    labels = np.arange(300) % 100
    core = human_tasks(labels, names)
    assert core.names == tuple(f"human_draw_{index:03d}" for index in range(7))
    assert (core.positive_rate() == 0.5).all()
    assert mean_pairwise(agreement_similarity(core.labels)) < 0.6
    assert np.array_equal(core.labels, human_tasks(labels, names, limit=9).labels[:7])
    assert not np.array_equal(core.labels, human_tasks(labels, names, seed=1).labels)
    assert human_tasks(labels, names, "all", limit=2).names == ("human_000", "human_001")
    with pytest.raises(WhichtaskError, match=r"100 classes have 50,445.* balanced partitions; .* give a limit"):
        human_tasks(labels, names, "all")


def test_drawn_partitions_are_distinct() -> None:
    assert sorted(drawn_partitions(6, 10, seed=0)) == list(balanced_partitions(6))


@pytest.mark.parametrize("size", [0, 1, 7, 101])
def test_classes_that_cannot_be_halved(size: int) -> None:
    with pytest.raises(
        WhichtaskError, match=f"not enough classes .*: {size} cannot be halved; allowed: an even number"
    ):
        human_tasks(np.zeros(3, dtype=int), [""] * size)


def test_factor_tasks_of_factors32() -> None:
    generator = np.random.default_rng(0)
    factors = np.stack([generator.integers(0, size, 2_000) for size in SIZES], axis=1).astype(np.int8)
    tasks = factor_tasks(factors, FACTORS)
    assert len(tasks.names) == 99
    assert (tasks.positive_rate() > 0.4).all()
    assert tasks.provenance["skipped"] == []
    assert "hue_0-1-2-3" in tasks.names
    columns = dict(zip(FACTORS, factors.T, strict=True))
    for task, sides in zip(tasks.labels, tasks.provenance["partitions"], strict=True):
        values = columns[sides["task"].rsplit("_", 1)[0]]
        assert np.array_equal(task, np.isin(values, sides["label_1"]))
        zeros_side = next(side for side in (sides["label_0"], sides["label_1"]) if 0 in side)
        assert sides["task"].rsplit("_", 1)[1] == "-".join(map(str, zeros_side))


def test_factors_with_an_odd_number_of_values() -> None:
    factors = np.array([[0, 0], [1, 1], [1, 2]])
    tasks = factor_tasks(factors, ["two", "three"])
    assert tasks.names == ("two_0",)
    assert tasks.provenance["skipped"] == ["three"]
    assert len(factor_tasks(factors, ["two", "three"], sizes=[2, 4]).names) == 4
    with pytest.raises(WhichtaskError, match="no factor can be split into halves: three have an odd number"):
        factor_tasks(factors[:, 1:], ["three"])
