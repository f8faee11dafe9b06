"""Grades of findings: one rule, its thresholds in one place.

The thresholds were set on 24 controls of ``benchmarks/audit`` with seeds 100 and 101 (FashionMNIST and CIFAR-10, 3,000
images), of which none is high, and are not changed by what the seeds from 0 on say, which the proof reports.
"""

from typing import Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from whichtask.seeding import numpy_generator
from whichtask.stats import Estimate

Grade = Literal["high", "medium", "low", "label", "none"]
GRADES: tuple[Grade, ...] = get_args(Grade)
"""From the worst: a shortcut in three grades; a cut that is nearly the label itself; nothing."""
FAILING: tuple[Grade, ...] = ("high", "medium", "low")

NEAR_LABEL = 0.97
"""Cramer's V from which a cut is the label and no shortcut to it."""
EVIDENCE = {"high": 0.22, "medium": 0.12, "low": 0.05}
"""Nats an image, at least; see ``mixture``."""
RELIANCE = {"high": 0.02, "medium": 0.02, "low": 0.0}
"""Lower end of the interval, above this."""
RESAMPLES = 400


class Association(NamedTuple):
    """How a cut goes with the classes."""

    v: Estimate
    """Cramer's V, 0 to 1, with a bootstrap interval over images."""
    null: float
    """Its 95th percentile when classes are permuted."""


def cramers_v(table: npt.NDArray[np.float64]) -> float:
    """Return Cramer's V of counts [2, C]."""
    table = table[:, table.sum(0) > 0]
    total = table.sum()
    expected = table.sum(1, keepdims=True) * table.sum(0) / total
    return float(np.sqrt(((table - expected) ** 2 / np.maximum(expected, 1e-12)).sum() / total))


def counts_of(cut: npt.NDArray[np.bool_], classes: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Count the images of either side of a cut [n] in each class, [2, C]."""
    table = np.zeros((2, int(classes.max()) + 1))
    np.add.at(table, (cut.astype(int), classes), 1)
    return table


def associate(cut: npt.NDArray[np.bool_], classes: npt.NDArray[np.int64], seed: int) -> Association:
    """Measure how a cut [n] goes with classes [n]."""
    table = counts_of(cut, classes)
    generator = numpy_generator("association", seed)
    share = (table / table.sum()).ravel()
    drawn = [cramers_v(t.reshape(table.shape)) for t in generator.multinomial(len(cut), share, RESAMPLES).astype(float)]
    ones, sizes = int(table[1].sum()), table.sum(0).astype(np.int64)
    chance = generator.multivariate_hypergeometric(sizes, ones, RESAMPLES)
    null = [cramers_v(np.stack([sizes - row, row]).astype(float)) for row in chance]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Association(Estimate(cramers_v(table), float(low), float(high), len(cut)), float(np.quantile(null, 0.95)))


def grade_of(evidence: float, association: Association, reliance: Estimate) -> Grade:
    """Grade a cut.

    A shortcut needs evidence of two sorts of images, an association with the classes beyond chance, and networks that
    rely on it. What these networks do not rely on, or nobody could measure, is low at most: others may learn it.
    """
    if association.v.mean >= NEAR_LABEL:
        return "label"
    if association.v.low <= association.null:
        return "none"
    for grade in FAILING:
        if evidence >= EVIDENCE[grade] and reliance.low > RELIANCE[grade]:
            return grade
    return "low" if evidence >= EVIDENCE["high"] else "none"
