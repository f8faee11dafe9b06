"""How alike tasks are, whatever their polarity (``utils.py:14-18``, ``models/as_uniformity.py:651``)."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import entr

Matrix = npt.NDArray[np.float64]


def agreement_similarity(labels: npt.ArrayLike) -> Matrix:
    """Return max(a, 1 - a) for each pair of tasks, where a is the share of images with equal labels.

    Args:
        labels: zeros and ones, [K, N].

    Returns:
        [K, K], symmetric, in [0.5, 1], ones on the diagonal; 0.5 means independent for balanced tasks.
    """
    signs = 2 * np.asarray(labels, dtype=np.float64) - 1
    # Equal labels minus different labels, exact integers: N (2 a - 1).
    similarity: Matrix = 0.5 + np.abs(signs @ signs.T) / (2 * signs.shape[1])
    return similarity


def adjusted_mutual_information(labels: npt.ArrayLike) -> Matrix:
    """Return the mutual information of each pair of tasks, adjusted for chance (Vinh, Epps and Bailey, JMLR 2010).

    (I - E) / (mean(H_1, H_2) - E), with entropies H and the expectation E of I over random permutations of the images:
    0 on average for independent tasks, 1 for equal ones up to polarity. It is ``adjusted_mutual_info_score`` of
    scikit-learn for all pairs at once, from one matrix product; about 7 ms a pair for 70,000 images.

    Args:
        labels: zeros and ones, [K, N]; each task has both.

    Returns:
        [K, K], symmetric, ones on the diagonal.
    """
    tasks = np.asarray(labels, dtype=np.float64)
    n_images = tasks.shape[1]
    both = tasks @ tasks.T
    ones = tasks.sum(axis=1)
    only_first, only_second = ones[:, None] - both, ones[None, :] - both
    cells = np.stack([both, only_first, only_second, n_images - both - only_first - only_second]) / n_images
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
    # Imported here: scikit-learn takes a second to import, and every job that reads a task set passes by this file.
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
        labels: zeros and ones, [K, N]; each task has both.
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
