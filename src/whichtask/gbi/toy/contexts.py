"""Frozen networks on fresh sequences of each context: what they forgot, and which units they use for it."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from whichtask.gbi.toy.network import Weights, run

ABSOLUTE, SQUARED = 0, 1


class ContextTest(NamedTuple):
    """Fresh sequences, those of one context side by side."""

    x: Tensor
    """[A, T, K * sequences]."""
    z: Tensor
    """[A, T, K * sequences, K]."""
    contexts: int
    skipped: int
    """First predictions that are not scored: the state starts from zero."""


@torch.no_grad()
def measure_contexts(weights: Weights, test: ContextTest) -> Tensor:
    """Return, for each network and context, mean absolute error, mean squared error and variance of every unit.

    Returns:
        [A, K, 2 + H].
    """
    done = run(weights, test.x[:, :-1], test.z[:, 1:])
    error = (done.predictions - test.x[:, 1:])[:, test.skipped :]
    networks, steps, _ = error.shape
    by_context = error.reshape(networks, steps, test.contexts, -1)
    errors = torch.stack([by_context.abs().mean(dim=(1, 3)), by_context.square().mean(dim=(1, 3))], dim=2)
    units = done.hidden[:, test.skipped :].unflatten(2, (test.contexts, -1))
    return torch.cat([errors, units.var(dim=(1, 3))], dim=2)


def active_units(variance: Tensor, share: float, least: float) -> Tensor:
    """Return which units are active in which context, bool [..., K, H].

    Args:
        variance: [..., K, H], of each unit's activity within each context.
        share: of its largest variance over contexts that a unit must reach.
        least: variance that it must exceed in any case.
    """
    return (variance >= share * variance.amax(dim=-2, keepdim=True)) & (variance > least)


def shared_ratio(active: Tensor) -> Tensor:
    """Return the units active in all contexts as a share of those active in any, [...]; NaN where none is active.

    Args:
        active: bool [..., K, H].
    """
    return active.all(dim=-2).sum(dim=-1) / active.any(dim=-2).sum(dim=-1)


def last_two(labels: Sequence[int]) -> tuple[int, int]:
    """Return the contexts of the last and of the second-to-last block, from the context of each step."""
    last = labels[-1]
    return last, next(label for label in reversed(labels) if label != last)
