"""A hidden yes or no in scores of labelled images: does something within the classes come in two sorts?

A shortcut is a hidden variable m that is frequent in some classes and rare in others, and that shifts what is measured
of an image by the same step whatever its class: z = a(y) + m d + noise, P(m = 1 | y) = p(y). Scores z are taken from
which the means of the classes are subtracted, so that classes alone explain nothing, and the EM algorithm fits m. What
varies within classes in one heap gains nothing over one normal distribution. What comes in two heaps as often in every
class gains as much when all classes have one p: it is no shortcut, and does not count.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Integers = npt.NDArray[np.int64]

STEPS = 40
PRIOR = 2.0  # images that a class is taken to have beside its own, with the mean share
_STEEPEST = 30.0  # log odds
_LEAST_VARIANCE = 1e-2  # of the noise, where the variance within classes is 1


class Hidden(NamedTuple):
    """A fitted mixture."""

    gain: float
    """Mean log-likelihood of an image above that of one heap, nats."""
    evidence: float
    """The part of the gain that is owed to shares that differ between classes, nats."""
    direction: Floats
    """[d] of the scores in which the step lies, of length 1 / s.d. within classes."""
    odds: Floats
    """[n] log odds of m = 1."""
    shares: Floats
    """[C] p(y)."""
    step: float
    """Between the two sorts along the direction."""

    @property
    def posterior(self) -> Floats:
        """P(m = 1) of each image, [n]."""
        return _sigmoid(self.odds)


def class_means(values: Floats, classes: Integers, count: int) -> Floats:
    """Return the mean of each class, [C, d], of values [n, d]; zeros for a class without images."""
    sums = np.stack([np.bincount(classes, column, minlength=count) for column in values.T], axis=1)
    return sums / np.maximum(np.bincount(classes, minlength=count), 1)[:, None]


def fit_hidden(scores: Floats, classes: Integers, count: int, start: Floats) -> Hidden | None:
    """Fit the mixture, from some first log odds.

    Args:
        scores: [n, d].
        classes: [n].
        count: number of classes C.
        start: [n].

    Returns:
        The fit, or None where the two sorts fell into one.
    """
    centred = scores - class_means(scores, classes, count)[classes]
    values, axes = np.linalg.eigh(centred.T @ centred / len(centred))
    white = axes / np.sqrt(np.maximum(values, 1e-9 * max(values[-1], 1e-30)))
    z = centred @ white
    sizes = np.bincount(classes, minlength=count).astype(float)
    found = _climb(z, classes, sizes, start)
    if found is None:
        return None
    t = z @ found.direction[:, None]
    alike = [_climb(t, np.zeros_like(classes), sizes.sum(keepdims=True), odds) for odds in (found.odds, 3 * t[:, 0])]
    common = max([one.gain for one in alike if one], default=0.0)
    return found._replace(evidence=found.gain - max(common, 0.0), direction=white @ found.direction)


def _sigmoid(odds: Floats) -> Floats:
    result: Floats = 1 / (1 + np.exp(-np.clip(odds, -_STEEPEST, _STEEPEST)))
    return result


def _climb(z: Floats, classes: Integers, sizes: Floats, odds: Floats) -> Hidden | None:
    """Climb to the nearest maximum of the likelihood, for scores [n, d] with unit covariance within classes."""
    n = len(z)
    for _ in range(STEPS):
        posterior = _sigmoid(odds)
        shares = (np.bincount(classes, posterior, len(sizes)) + PRIOR * posterior.mean()) / (sizes + PRIOR)
        between = max(float((sizes * shares * (1 - shares)).sum() / n), 1e-9)
        delta = (posterior - shares[classes]) @ z / n / between
        step = float(np.linalg.norm(delta))
        if step < 1e-6:
            return None
        t, share = z @ (delta / step), shares[classes]
        variance = max(1 - between * step**2, _LEAST_VARIANCE)
        one = np.log(share) - (t - (1 - share) * step) ** 2 / 2 / variance
        none = np.log(1 - share) - (t + share * step) ** 2 / 2 / variance
        odds = one - none
    gain = float((np.logaddexp(one, none) - np.log(variance) / 2 + t**2 / 2).mean())
    return Hidden(gain, gain, delta / step, odds, shares, step)
