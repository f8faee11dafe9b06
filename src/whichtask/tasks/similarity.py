"""How alike tasks are, whatever the numbers of their classes (``utils.py:14-18``, ``models/as_uniformity.py:651``)."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations, combinations_with_replacement
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Matrix = npt.NDArray[np.float64]


def agreement_similarity(labels: npt.ArrayLike) -> Matrix:
    """Return the share of images on which each pair of tasks agrees, its classes matched as well as possible.

    For two binary tasks this is max(a, 1 - a), where a is the share of images with equal labels. For more classes it is
    the best one-to-one matching of the classes of both tasks; a class that is left without a partner agrees nowhere.

    Args:
        labels: classes 0, 1, ... of each task, [K, N].

    Returns:
        [K, K], symmetric, in (0, 1], ones on the diagonal; 0.5 means independent for balanced binary tasks.
    """
    tasks = np.asarray(labels)
    signs = 2 * tasks.astype(np.float64) - 1
    # Equal labels minus different labels, exact integers: N (2 a - 1); right where both tasks are binary.
    similarity: Matrix = 0.5 + np.abs(signs @ signs.T) / (2 * signs.shape[1])
    for i, j in _wide_pairs(tasks):
        # Imported here, as scikit-learn below: every job that reads a task set passes by this file.
        from scipy.optimize import linear_sum_assignment  # noqa: PLC0415

        counts = np.zeros((int(tasks[i].max()) + 1, int(tasks[j].max()) + 1), dtype=np.int64)
        np.add.at(counts, (tasks[i], tasks[j]), 1)
        matched = counts[linear_sum_assignment(counts, maximize=True)].sum()
        similarity[i, j] = similarity[j, i] = matched / tasks.shape[1]
    return similarity


def _wide_pairs(tasks: npt.NDArray[Any]) -> list[tuple[int, int]]:
    """Return the pairs i <= j of tasks of which at least one has more than two classes."""
    wide = tasks.max(axis=1) > 1
    return [(i, j) for i, j in combinations_with_replacement(range(len(tasks)), 2) if wide[i] or wide[j]]


def adjusted_mutual_information(labels: npt.ArrayLike) -> Matrix:
    """Return the mutual information of each pair of tasks, adjusted for chance (Vinh, Epps and Bailey, JMLR 2010).

    (I - E) / (mean(H_1, H_2) - E), with entropies H and the expectation E of I over random permutations of the images:
    0 on average for independent tasks, 1 for equal ones up to the numbers of their classes. It is
    ``adjusted_mutual_info_score`` of scikit-learn, for all pairs of binary tasks at once, from one matrix product;
    about 7 ms a pair for 70,000 images.

    Args:
        labels: classes 0, 1, ... of each task, [K, N]; all of them occur, at least two.

    Returns:
        [K, K], symmetric, ones on the diagonal.
    """
    # Imported here: scikit-learn takes a second to import.
    from sklearn.metrics import adjusted_mutual_info_score  # noqa: PLC0415

    classes = np.asarray(labels)
    binary = np.flatnonzero(classes.max(axis=1) == 1)
    adjusted = np.eye(len(classes))
    adjusted[np.ix_(binary, binary)] = _binary_information(classes[binary].astype(np.float64))
    for i, j in _wide_pairs(classes):
        if i < j:
            adjusted[i, j] = adjusted[j, i] = adjusted_mutual_info_score(classes[i], classes[j])
    return adjusted


def _binary_information(tasks: Matrix) -> Matrix:
    """Return the adjusted mutual information of binary tasks [K, N], as a matrix [K, K]."""
    n_images = tasks.shape[1]
    both = tasks @ tasks.T
    ones = tasks.sum(axis=1)
    only_first, only_second = ones[:, None] - both, ones[None, :] - both
    cells = np.stack([both, only_first, only_second, n_images - both - only_first - only_second]) / n_images
    from scipy.special import entr  # noqa: PLC0415  # the workflow's start passes by this file too

    entropies = entr(ones / n_images) + entr(1 - ones / n_images)
    mutual = entropies[:, None] + entropies[None, :] - entr(cells).sum(axis=0)
    smaller = np.minimum(ones, n_images - ones).astype(int).tolist()
    adjusted = np.eye(len(tasks))
    tiny = np.finfo(np.float64).eps  # two images: information, expectation and entropy are equal
    for i, j in combinations(range(len(tasks)), 2):
        low, high = sorted((smaller[i], smaller[j]))
        expected = _expected_information(low, high, n_images)
        most = (entropies[i] + entropies[j]) / 2
        adjusted[i, j] = adjusted[j, i] = (mutual[i, j] - expected + tiny) / (most - expected + tiny)
    return adjusted


@lru_cache(maxsize=4096)  # balanced tasks share their class counts, and the sum over all tables is slow
def _expected_information(smaller: int, larger: int, n_images: int) -> float:
    """Return the expected mutual information (nats) of two shuffled tasks with these minority counts."""
    from sklearn.metrics.cluster import expected_mutual_information  # noqa: PLC0415

    # Any table with the right margins will do.
    table = np.array([[smaller, 0], [larger - smaller, n_images - larger]])
    return float(expected_mutual_information(table, n_images))


def mean_pairwise(matrix: Matrix) -> float:
    """Return the mean over distinct pairs of a symmetric matrix [K, K]; NaN for a single task."""
    pairs = matrix[np.triu_indices(len(matrix), k=1)]
    return float(pairs.mean()) if pairs.size else float("nan")


def similarity_table(labels: npt.ArrayLike, names: Sequence[str]) -> pd.DataFrame:
    """Return both similarities of all distinct pairs of tasks, one row a pair.

    Args:
        labels: classes 0, 1, ... of each task, [K, N]; all of them occur, at least two.
        names: K names.

    Returns:
        K (K - 1) / 2 rows with columns ``task_a``, ``task_b`` (in the order of ``names``), ``agreement_similarity`` and
        ``adjusted_mutual_information``.
    """
    first, second = np.triu_indices(len(names), k=1)
    pairs = list(combinations(names, 2))  # in the order of the indices
    return pd.DataFrame(
        {
            "task_a": [a for a, _ in pairs],
            "task_b": [b for _, b in pairs],
            "agreement_similarity": agreement_similarity(labels)[first, second],
            "adjusted_mutual_information": adjusted_mutual_information(labels)[first, second],
        }
    )


def similarity_between(
    labels: npt.ArrayLike, names: Sequence[str], others: npt.ArrayLike, other_names: Sequence[str]
) -> pd.DataFrame:
    """Return both similarities of each task with each task of another set, one row a pair.

    Args:
        labels: classes of each task, [K, N].
        names: K names.
        others: classes of each other task, [M, N].
        other_names: M names.

    Returns:
        K M rows with the columns of ``similarity_table``; ``task_b`` is of the other set.
    """
    joined = np.concatenate([np.asarray(labels), np.asarray(others)])
    cut = len(names)
    agreement, information = (of(joined)[:cut, cut:] for of in (agreement_similarity, adjusted_mutual_information))
    return pd.DataFrame(
        {
            "task_a": np.repeat(list(names), len(other_names)),
            "task_b": np.tile(list(other_names), cut),
            "agreement_similarity": agreement.ravel(),
            "adjusted_mutual_information": information.ravel(),
        }
    )
