"""Cuts of labelled images that a linear map of low-level measurements holds and that go with the labels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import xlogy

from whichtask.auditing.mixture import Hidden, class_means, fit_hidden
from whichtask.auditing.ridge import Ridge
from whichtask.seeding import numpy_generator

Floats = npt.NDArray[np.floating[Any]]
Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

STEEP = 3.0  # log odds of a score one standard deviation above the mean, at the start
STARTS = 24  # halves of the classes that a search starts from
ALIKE = 0.7  # |phi| from which two cuts are one
TRIED, KEPT = 4, 2  # of each family
FOLDS = 10  # groups of classes of which each is predicted by the others


@dataclass(frozen=True)
class Cut:
    """A cut of the images in two."""

    source: str
    labels: Bools
    """[N]."""
    sureness: Floats
    """[N], from -1 to 1: on which side an image is, and how clearly."""
    evidence: float
    """How far two sorts of images, in shares that differ between classes, explain the scores; nats an image."""


def phi(first: Bools, second: Bools) -> float:
    """Return the correlation of two cuts, 0 where one is constant."""
    if first.all() or second.all() or not (first.any() and second.any()):
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def information(sides: Bools, classes: Integers) -> Floats:
    """Return the mutual information of each of K cuts and the classes in nats, less what chance gives, [K].

    Args:
        sides: [K, n].
        classes: [n].

    Source: Miller's correction, "Note on the bias of information estimates" (1955).
    """
    sizes = np.bincount(classes).astype(float)
    ones = sides.astype(np.float32) @ np.eye(len(sizes), dtype=np.float32)[classes]
    table = np.stack([sizes - ones, ones], axis=1) / len(classes)
    expected = table.sum(1, keepdims=True) * table.sum(2, keepdims=True)
    found: Floats = xlogy(table, table / np.maximum(expected, 1e-300)).sum((1, 2))
    return found - (np.count_nonzero(sizes) - 1) / 2 / len(classes)


class Labelled:
    """Images whose classes are known, and the images' measurements decomposed.

    Args:
        features: [N, F].
        labels: [N] classes 0 .. C-1, of which only those of the fit are looked at.
        fit: [n] images to learn from.
    """

    def __init__(self, features: Floats, labels: Integers, fit: Integers):
        self.ridge, self.fit = Ridge.of(features, fit), fit
        self.classes = labels[fit]
        self.count = int(self.classes.max()) + 1

    def carried(self, posterior: Floats, start: Floats) -> tuple[Hidden | None, Floats]:
        """Predict a soft cut [n] of each class from the other classes, [N]; fit the two sorts to that."""
        means = class_means(posterior[:, None], self.classes, self.count)[self.classes, 0]
        groups = self.classes % FOLDS
        predicted = self.ridge.leaving_groups_out(posterior - means, self.fit, groups)
        return fit_hidden(predicted[self.fit, None], self.classes, self.count, start), predicted

    def search(self, source: str) -> list[Cut]:
        """Search cuts by the classes' own scores: from halves of the classes to whatever two sorts explain best."""
        targets = np.eye(self.count)[self.classes]
        scores = self.ridge.leaving_one_out(targets, self.fit)[self.fit]
        found = [hidden for start in self._starts(scores) if (hidden := self._fit(scores, start))]
        cuts: list[Cut] = []
        seen: list[Bools] = []
        for hidden in sorted(found, key=lambda one: -one.evidence):
            if any(abs(phi(hidden.odds > 0, other)) > ALIKE for other in seen):
                continue
            seen.append(hidden.odds > 0)
            again, predicted = self.carried(hidden.posterior, hidden.odds)
            if again is None:
                continue
            odds = self._beyond(predicted, again)
            most = float(information(odds[None, self.fit] > 0, self.classes)[0])
            odds[self.fit] = hidden.odds
            cuts.append(Cut(source, odds > 0, np.tanh(odds / 2), min(hidden.evidence, again.evidence, most)))
            if len(cuts) == TRIED:
                break
        return sorted(cuts, key=lambda one: -one.evidence)[:KEPT]

    def _fit(self, scores: Floats, start: Floats) -> Hidden | None:
        return fit_hidden(scores[:, : self.count - 1], self.classes, self.count, start)

    def _starts(self, scores: Floats) -> Iterator[Floats]:
        """Yield first log odds [n]: how much an image looks like some classes; one class, or half of them."""
        drawn = (numpy_generator("half of the classes", k).permutation(self.count) for k in range(STARTS))
        halves = {frozenset(order[: self.count // 2].tolist()) for order in drawn}
        singles = {frozenset([c]) for c in range(min(self.count, FOLDS))}
        for chosen in sorted(map(sorted, halves | singles)):
            total = scores[:, chosen].sum(1)
            yield STEEP * (total - total.mean()) / max(float(total.std()), 1e-12)

    def _beyond(self, predicted: Floats, fitted: Hidden) -> Floats:
        """Return the log odds of all images by predictions [N] alone, whatever their classes."""
        t = predicted * fitted.direction[0]
        sizes = np.bincount(self.classes, minlength=self.count)
        means = class_means(t[self.fit, None], self.classes, self.count)[:, 0]
        middle = float(np.average(means + (0.5 - fitted.shares) * fitted.step, weights=sizes))
        variance = max(1 - float(np.average(fitted.shares * (1 - fitted.shares), weights=sizes)) * fitted.step**2, 0.01)
        odds: Floats = (t - middle) * fitted.step / variance
        return odds


def merged(cuts: Sequence[Cut], most: int | None = None) -> list[Cut]:
    """Return cuts, or the first of them, by falling evidence, without those that are nearly one before them."""
    kept: list[Cut] = []
    for cut in sorted(cuts, key=lambda one: -one.evidence):
        if len(kept) == most:
            break
        if all(abs(phi(cut.labels, other.labels)) <= ALIKE for other in kept):
            kept.append(cut)
    return kept
