"""The hidden mixture: it finds what comes in two sorts with the classes, and nothing else; ridge leaves out exactly."""

import numpy as np
import pytest

from whichtask.auditing.cuts import Labelled, merged, phi
from whichtask.auditing.mixture import fit_hidden
from whichtask.auditing.ridge import Ridge


def scores(shares: list[float], step: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw 2,000 scores [n, 3] of classes with means of their own, a step in the second for a share of each class."""
    rng = np.random.default_rng(seed)
    classes = rng.integers(0, len(shares), 2_000)
    mark = rng.random(2_000) < np.asarray(shares)[classes]
    values = rng.normal(size=(2_000, 3)) + 3 * rng.normal(size=(len(shares), 3))[classes]
    values[:, 1] += step * mark
    return values, classes, mark


def test_what_is_frequent_in_some_classes_is_found() -> None:
    values, classes, mark = scores([0.9, 0.9, 0.1, 0.1], 5.0)
    found = fit_hidden(values, classes, 4, start_of(values, classes))
    assert found is not None
    assert abs(phi(found.odds > 0, mark)) > 0.95
    assert found.evidence > 0.2
    assert np.ptp(found.shares) == pytest.approx(0.8, abs=0.05)


def start_of(values: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return log odds that the first two classes and the second score raise."""
    means = np.array([values[classes == c, 1].mean() for c in range(4)])
    odds: np.ndarray = values[:, 1] - means[classes] + np.where(classes < 2, 1.0, -1.0)
    return odds


@pytest.mark.parametrize(("shares", "step"), [([0.5] * 4, 6.0), ([0.9, 0.9, 0.1, 0.1], 0.0)])
def test_two_sorts_alike_in_all_classes_and_one_heap_are_no_evidence(shares: list[float], step: float) -> None:
    values, classes, _ = scores(shares, step)
    found = fit_hidden(values, classes, 4, start_of(values, classes))
    assert found is None or found.evidence < 0.03


def test_ridge_leaves_each_image_and_each_group_out() -> None:
    rng = np.random.default_rng(0)
    features, target = rng.normal(size=(30, 4)), rng.normal(size=30)
    fit, groups = np.arange(24), np.arange(24) % 3
    ridge = Ridge.of(features, fit)
    left_out = ridge.leaving_groups_out(target[:24], fit, groups)
    scaled = (features - features[:24].mean(0)) / features[:24].std(0)
    candidates = []
    for penalty in ridge._penalties():
        own = np.empty(24)
        for group in range(3):
            kept = scaled[:24][groups != group]
            weights = np.linalg.solve(kept.T @ kept + penalty * np.eye(4), kept.T @ target[:24][groups != group])
            own[groups == group] = scaled[:24][groups == group] @ weights
        candidates.append(np.abs(own - left_out[:24]).max())
    assert min(candidates) < 1e-9


def test_wide_and_narrow_features_are_decomposed_alike() -> None:
    rng = np.random.default_rng(1)
    features, target = rng.normal(size=(40, 20)), rng.normal(size=(12, 2))
    fit = np.arange(12)
    wide = Ridge.of(features, fit)
    doubled = Ridge.of(np.concatenate([features[:, :8]] * 2, axis=1), fit)
    narrow = Ridge.of(features[:, :8], fit)
    assert wide.leaving_one_out(target, fit).shape == (40, 2)
    first, second = (one.leaving_groups_out(target[:, 0], fit, fit % 3) for one in (doubled, narrow))
    assert np.corrcoef(first, second)[0, 1] > 0.99


def test_a_mark_in_measurements_is_the_best_cut() -> None:
    values, classes, mark = scores([0.9, 0.9, 0.1, 0.1], 5.0, seed=3)
    cuts = merged(Labelled(values, classes, np.arange(1_800)).search("scores"))
    assert abs(phi(cuts[0].labels[1_800:], mark[1_800:])) > 0.8
