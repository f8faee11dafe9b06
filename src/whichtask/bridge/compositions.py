"""Labellings that training never named, and what can be read from an inferred Z."""

import warnings
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
ORDER = 3
"""Most bits in a composition, and in a product that a readout sees."""


class Composition(NamedTuple):
    """A way to make one labelling of some bits."""

    bits: int
    of: Callable[[Labels], Labels]
    """From bits [N, bits] to labels [N]."""


COMPOSITIONS = {
    "and": Composition(2, lambda bits: bits.min(axis=1)),
    "xor": Composition(2, lambda bits: bits.sum(axis=1) % 2),
    "three-way": Composition(3, lambda bits: bits.sum(axis=1) % 2),
}
"""Both of two bits; one of two but not both; an odd number of three."""
CHANCE = "fair coin"
"""The control: a labelling that is no composition."""


def labellings(bits: Labels, count: int, generator: np.random.Generator) -> Iterator[tuple[str, Labels]]:
    """Yield labellings composed of bits, and as many fair coins.

    Args:
        bits: [N, B], 0 or 1.
        count: how many of each kind, as far as there are so many choices of bits.
        generator: draws which bits, and the coins.

    Yields:
        The kind, and labels [N].
    """
    for kind, composition in COMPOSITIONS.items():
        choices = list(combinations(range(bits.shape[1]), composition.bits))
        for place in generator.permutation(len(choices))[:count]:
            yield kind, composition.of(bits[:, choices[place]])
    for _ in range(count):
        yield CHANCE, generator.integers(0, 2, len(bits))


def products(z: Floats, order: int = ORDER) -> Floats:
    """Return bits of -1 to 1, [N, B], and beside them their products of two and more, up to so many."""
    columns = [
        z[:, chosen].prod(axis=1)
        for size in range(1, min(order, z.shape[1]) + 1)
        for chosen in map(list, combinations(range(z.shape[1]), size))
    ]
    return np.stack(columns, axis=1)


def read_out(seen: Floats, labels: Labels, shown: Floats) -> Labels:
    """Fit a logistic regression to features [N, F] and labels [N]; return its labels of other features [M, F]."""
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415  # scikit-learn takes a second to import
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    if len(np.unique(labels)) == 1:
        return np.full(len(shown), labels[0])
    scaler = StandardScaler().fit(seen)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a regression of noise need not end to say nothing
        model: Any = LogisticRegression(max_iter=200, class_weight="balanced")
        found: Labels = model.fit(scaler.transform(seen), labels).predict(scaler.transform(shown))
    return found
