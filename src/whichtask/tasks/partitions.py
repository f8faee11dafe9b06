"""Balanced partitions of C things into two halves, in the authors' order (``models/tasks.py:17-19``).

A partition is written as the half that contains thing 0, a sorted tuple of C/2 indices; partitions are ordered and
numbered as ``itertools.combinations`` lists these halves.
"""

import math
from collections.abc import Iterator
from itertools import combinations

from whichtask.errors import WhichtaskError
from whichtask.seeding import numpy_generator

Half = tuple[int, ...]


def balanced_partitions(size: int) -> Iterator[Half]:
    """List all partitions of ``range(size)`` into two halves, lazily.

    Yields:
        ``partition_count(size)`` halves that contain 0.

    Raises:
        WhichtaskError: the size is odd or below 2.
    """
    _check_size(size)
    # The half without 0 names the same partition, so 0 is fixed and the rest is chosen.
    return ((0, *rest) for rest in combinations(range(1, size), size // 2 - 1))


def partition_count(size: int) -> int:
    """Return C(size, size/2) / 2, the number of balanced partitions of an even number of things."""
    return math.comb(size, size // 2) // 2


def core_partitions(size: int) -> dict[int, Half]:
    """Choose mutually dissimilar balanced partitions greedily, in lexicographic order.

    Two partitions of 2h things whose halves share a things agree on a/h of the things, up to polarity on
    max(a, h - a)/h, which is at least ceil(h/2)/h. A partition is taken when it has this least possible similarity to
    all those taken before. For ten classes this is similarity 0.6 and gives the authors' core set: 0, 11, 18, 27, 31,
    38 and 40.

    Returns:
        The chosen halves by their number among all partitions.

    Raises:
        WhichtaskError: the size is odd or below 2.
    """
    half = size // 2
    allowed = {half // 2, half - half // 2}
    chosen: dict[int, Half] = {}
    for index, candidate in enumerate(balanced_partitions(size)):
        if all(len(set(candidate) & set(other)) in allowed for other in chosen.values()):
            chosen[index] = candidate
    return chosen


def drawn_partitions(size: int, count: int, seed: int) -> list[Half]:
    """Draw distinct balanced partitions uniformly, for sizes that are too large to enumerate.

    Args:
        size: number of things, even.
        count: how many partitions; small against ``partition_count(size)``, since repeated draws are drawn again.
        seed: the first n partitions of a seed do not depend on ``count``.

    Raises:
        WhichtaskError: the size is odd or below 2.
    """
    _check_size(size)
    generator = numpy_generator("balanced_partition", seed)
    drawn: dict[Half, None] = {}
    while len(drawn) < count:
        rest = generator.permutation(size - 1)[: size // 2 - 1] + 1
        drawn[(0, *sorted(rest.tolist()))] = None
    return list(drawn)


def _check_size(size: int) -> None:
    if size < 2 or size % 2:
        raise WhichtaskError(
            f"not enough classes for a balanced partition: {size} cannot be halved; allowed: an even number from 2"
        )
