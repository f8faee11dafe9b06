"""Iterating Z online with frozen weights: one step of SGD on its logits for every observation.

At each time the network runs over the window before the observation with the present Z, which predicts it. Then the
squared errors of the last few observations are summed, and their gradient moves the logits, which are carried on.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import NamedTuple, Self

import torch
from torch import Tensor

from whichtask.config.gbi.toy import IterationGrid
from whichtask.errors import WhichtaskError
from whichtask.gbi.abstraction import softmax
from whichtask.gbi.inference import entropy, gradient_at
from whichtask.gbi.toy.network import State, Weights, run, zero_state


class Rate(NamedTuple):
    """How Z is iterated."""

    learning_rate: float
    momentum: float
    observations: int
    """Last observations whose squared errors are summed."""
    l2: float
    entropy: float


FROZEN = Rate(0.0, 0.0, 1, 0.0, 0.0)
"""Z stays at maximum entropy: what the network does without inference."""


def rates_of(grid: IterationGrid) -> list[Rate]:
    """Return every combination of a grid; a regulariser is either the norm of the logits or the entropy of Z."""
    regularisers = [(weight, 0.0) for weight in grid.l2] + [(0.0, weight) for weight in grid.entropy]
    combined = product(grid.learning_rates, grid.momenta, grid.observations, regularisers)
    return [Rate(rate, momentum, number, *weights) for rate, momentum, number, weights in combined]


class Followed(NamedTuple):
    """What a network did while Z was iterated."""

    predictions: Tensor
    """[T, B]: of each observation before it was seen; NaN for the first window."""
    z: Tensor
    """[T, B, K]: Z that each was predicted with."""


class _Rows(NamedTuple):
    """One rate a sequence."""

    learning_rate: Tensor
    momentum: Tensor
    counted: Tensor
    """[W, B]: 1 where a target of the window counts."""
    l2: Tensor
    entropy: Tensor

    @classmethod
    def of(cls, rates: Sequence[Rate], window: int, like: Tensor) -> Self:
        columns = like.new_tensor([list(map(float, rate)) for rate in rates]).T
        age = torch.arange(window, device=like.device).flip(0)[:, None]
        return cls(columns[0], columns[1], (age < columns[2]).to(like.dtype), columns[3], columns[4])


class _Loss:
    """The loss of each sequence at one time, from its logits; keeps the last call's prediction and next state."""

    predicted: Tensor

    def __init__(self, weights: Weights, seen: Tensor, wanted: Tensor, state: State, rows: _Rows) -> None:
        self.weights, self.seen, self.wanted, self.state, self.rows = weights, seen, wanted, state, rows

    def __call__(self, logits: Tensor) -> Tensor:
        z = softmax(logits, logits.shape[1])
        done = run(self.weights, self.seen, z.expand(1, len(self.wanted), *z.shape), self.state)
        self.predicted = done.predictions[0, -1].detach()
        self.state = (done.hidden[:, 0].detach(), done.cell[:, 0].detach())
        error = (done.predictions[0] - self.wanted).square()
        return (error * self.rows.counted).sum(dim=0) - self.rows.entropy * entropy(z)


def follow(weights: Mapping[str, Tensor], x: Tensor, rates: Sequence[Rate], window: int) -> Followed:
    """Predict sequences with one frozen network while Z is iterated; Z starts at maximum entropy, the state at zero.

    Args:
        weights: of one network, A = 1.
        x: [T, B].
        rates: one for each sequence.
        window: observations that the network runs over again at each time.

    Raises:
        WhichtaskError: the sequences are no longer than the window, or there is not one rate for each.
    """
    steps, sequences = x.shape
    if steps <= window:
        raise WhichtaskError(f"the sequences have {steps} steps; above the window, {window}, are needed")
    if len(rates) != sequences:
        raise WhichtaskError(f"there are {len(rates)} rates for {sequences} sequences; give one for each")
    rows, contexts = _Rows.of(rates, window, x), weights["embed"].shape[1] - 1
    frozen = {name: value.detach() for name, value in weights.items()}
    state = zero_state(frozen, sequences)
    logits, speed = (x.new_zeros(sequences, contexts) for _ in range(2))
    predicted = torch.full_like(x, float("nan"))
    used = x.new_full((steps, sequences, contexts), 1 / contexts)
    for time in range(window, steps):
        seen = x[None, time - window : time]
        wanted = x[time - window + 1 : time + 1]
        loss = _Loss(frozen, seen, wanted, state, rows)
        _, gradient = gradient_at(loss, logits)
        used[time] = softmax(logits, contexts)
        predicted[time], state = loss.predicted, loss.state
        speed = rows.momentum[:, None] * speed + gradient + rows.l2[:, None] * logits
        logits = logits - rows.learning_rate[:, None] * speed
    return Followed(predicted, used)


def choose_rate(
    weights: Mapping[str, Tensor], x: Tensor, wanted: Tensor, grid: IterationGrid, window: int, last: int
) -> tuple[Rate, float]:
    """Return the rate of a grid with the least mean absolute error on validation sequences, and that error.

    Args:
        weights: of one network.
        x: [T, B], validation sequences.
        wanted: [T, B], what predictions shall be near: the true means.
        grid: what is tried.
        window: see ``follow``.
        last: steps at the end that are scored.
    """
    rates = rates_of(grid)
    many = [rate for rate in rates for _ in range(x.shape[1])]
    found = follow(weights, x.repeat(1, len(rates)), many, window).predictions
    error = (found - wanted.repeat(1, len(rates)))[-last:].abs().view(last, len(rates), -1).mean(dim=(0, 2))
    best = int(error.argmin())
    return rates[best], float(error[best])
