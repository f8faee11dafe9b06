"""Similarities against loops and scikit-learn, and what must not change them."""

import math
from itertools import permutations, product

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import adjusted_mutual_info_score

from whichtask.tasks import adjusted_mutual_information, agreement_similarity, mean_pairwise, similarity_table
from whichtask.tasks.similarity import similarity_between

Labels = npt.NDArray[np.uint8]


@st.composite
def labellings(draw: st.DrawFn) -> Labels:
    shape = (draw(st.integers(1, 6)), draw(st.integers(2, 40)))
    labels = draw(hnp.arrays(np.uint8, shape, elements=st.integers(0, 1), fill=st.nothing()))
    assume((labels.min(axis=1) < labels.max(axis=1)).all())
    return labels


@given(labellings())
def test_agreement_against_a_loop(labels: Labels) -> None:
    matrix = agreement_similarity(labels)
    for i, j in product(range(len(labels)), repeat=2):
        rate = sum(int(a == b) for a, b in zip(labels[i], labels[j], strict=True)) / labels.shape[1]
        assert matrix[i, j] == pytest.approx(max(rate, 1 - rate), abs=1e-12)
    assert (matrix == matrix.T).all()
    assert (np.diag(matrix) == 1).all()
    assert matrix.min() >= 0.5
    assert matrix.max() <= 1


@given(labellings())
def test_binary_agreement_is_not_changed_by_a_bit(labels: Labels) -> None:
    signs = 2 * labels.astype(np.float64) - 1
    expected = 0.5 + np.abs(signs @ signs.T) / (2 * signs.shape[1])
    assert np.array_equal(agreement_similarity(labels), expected)
    wide = np.arange(labels.shape[1]) % 3
    assert np.array_equal(agreement_similarity(np.vstack([labels, wide]))[:-1, :-1], expected)


@given(hnp.arrays(np.uint8, (3, 12), elements=st.integers(0, 3)), st.permutations(range(4)))
def test_best_matching_of_classes_against_all_matchings(labels: Labels, renamed: list[int]) -> None:
    labels[0, 0] = 3  # at least one task is not binary
    matrix = agreement_similarity(labels)
    for i, j in ((0, 1), (0, 2), (2, 0)):
        best = max(np.mean(np.array(order)[labels[i]] == labels[j]) for order in permutations(range(4)))
        assert matrix[i, j] == pytest.approx(best, abs=1e-12)
    assert matrix[0, 0] == 1
    # Renamed classes 0 and 1 may leave a gap in the numbers, which only adds an empty class.
    np.testing.assert_allclose(agreement_similarity(np.array(renamed)[labels])[0], matrix[0], atol=1e-12)


def test_adjusted_information_of_many_classes() -> None:
    labels = np.random.default_rng(0).integers(0, 4, (3, 300)).astype(np.uint8)
    labels = np.vstack([labels, labels[0] > 1, labels[1] == 0, (labels[0] + 1) % 4])
    matrix = adjusted_mutual_information(labels)
    expected = [[adjusted_mutual_info_score(first, second) for second in labels] for first in labels]
    np.testing.assert_allclose(matrix, expected, atol=1e-9)
    assert matrix[0, 5] == pytest.approx(1)
    assert agreement_similarity(labels)[0, 5] == 1


@given(labellings())
def test_adjusted_information_against_scikit_learn(labels: Labels) -> None:
    assume(labels.shape[1] > 3)  # with fewer images scikit-learn divides rounding errors by each other
    matrix = adjusted_mutual_information(labels)
    expected = [[adjusted_mutual_info_score(first, second) for second in labels] for first in labels]
    np.testing.assert_allclose(matrix, expected, atol=1e-9)
    assert (matrix == matrix.T).all()


@given(labellings(), st.integers(0, 2**32))
def test_similarity_ignores_polarity_and_the_order_of_images(labels: Labels, seed: int) -> None:
    generator = np.random.default_rng(seed)
    flips = generator.integers(0, 2, size=(len(labels), 1), dtype=np.uint8)
    changed = (labels ^ flips)[:, generator.permutation(labels.shape[1])]
    np.testing.assert_allclose(agreement_similarity(changed), agreement_similarity(labels), atol=1e-12)
    np.testing.assert_allclose(adjusted_mutual_information(changed), adjusted_mutual_information(labels), atol=1e-9)


def test_full_size() -> None:
    # 28 pairs of 70,000 images, as large as MNIST: exact counts, and fast enough not to be noticed.
    labels = np.random.default_rng(0).integers(0, 2, size=(8, 70_000), dtype=np.uint8)
    table = similarity_table(labels, [f"t{k}" for k in range(8)])
    assert list(table) == ["task_a", "task_b", "agreement_similarity", "adjusted_mutual_information"]
    assert len(table) == 28
    assert table.iloc[7].to_dict() == {
        "task_a": "t1",
        "task_b": "t2",
        "agreement_similarity": max((labels[1] == labels[2]).mean(), (labels[1] != labels[2]).mean()),
        "adjusted_mutual_information": pytest.approx(adjusted_mutual_info_score(labels[1], labels[2]), abs=1e-12),
    }


def test_mean_pairwise() -> None:
    matrix = np.array([[1.0, 0.5, 0.6], [0.5, 1.0, 0.7], [0.6, 0.7, 1.0]])
    assert mean_pairwise(matrix) == pytest.approx(0.6)
    assert math.isnan(mean_pairwise(np.eye(1)))
    assert similarity_table([[0, 1]], ["alone"]).empty


@given(labellings(), st.data())
def test_between_two_sets_is_the_corner_of_all_pairs(labels: Labels, data: st.DataObject) -> None:
    assume(len(labels) > 1)
    cut = data.draw(st.integers(1, len(labels) - 1))
    names = [f"t{k}" for k in range(len(labels))]
    between = similarity_between(labels[:cut], names[:cut], labels[cut:], names[cut:])
    whole = similarity_table(labels, names)
    crossing = whole[whole["task_a"].isin(names[:cut]) & whole["task_b"].isin(names[cut:])]
    assert between.equals(crossing.reset_index(drop=True))
