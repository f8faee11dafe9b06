"""The LSTM of the toy task: several networks of one shape computed together.

Observation and Z go through a linear layer to the LSTM and from it through another to the prediction of the next
observation. Weights are stacked along a first axis A, one entry a network, so that all networks of an
experiment take one step in one call: with one observation at a time a network alone spends its time on calls.
Optional ``gates`` [A, K, H], fixed numbers, multiply the hidden state by ``z @ gates`` before every step.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from whichtask.errors import WhichtaskError
from whichtask.seeding import Key, seeded

Weights = dict[str, Tensor]
"""``embed`` [A, 1 + K, H], ``input`` and ``recurrent`` [A, H, 4H], ``output`` [A, H, 1], and a bias [A, 1, .] each but
for ``recurrent``; gates of the LSTM in torch's order (input, forget, cell, output)."""
State = tuple[Tensor, Tensor]
"""Hidden and cell state, [A, B, H] each."""


class Run(NamedTuple):
    """What networks do on sequences."""

    predictions: Tensor
    """[A, T, B]: of the observation after each input."""
    hidden: Tensor
    """[A, T, B, H]: after each input."""
    cell: Tensor
    """[A, T, B, H]: after each input."""


def initial_weights(networks: int, tasks: int, hidden: int, *seed: Key) -> Weights:
    """Return stacked weights that are all alike, drawn as torch draws them for these layers.

    Args:
        networks: A.
        tasks: K, the entries of Z; 0 for a network without Z.
        hidden: H.
        seed: names the draw.
    """
    with seeded("toy weights", *seed):
        embed, lstm, output = nn.Linear(1 + tasks, hidden), nn.LSTM(hidden, hidden), nn.Linear(hidden, 1)
    of_lstm = dict(lstm.named_parameters())
    one = {
        "embed": embed.weight.T,
        "embed_bias": embed.bias[None],
        "input": of_lstm["weight_ih_l0"].T,
        "recurrent": of_lstm["weight_hh_l0"].T,
        # torch has two biases that only ever appear as their sum.
        "bias": (of_lstm["bias_ih_l0"] + of_lstm["bias_hh_l0"])[None],
        "output": output.weight.T,
        "output_bias": output.bias[None],
    }
    return {name: value.detach().repeat(networks, 1, 1).contiguous() for name, value in one.items()}


def pick(weights: Mapping[str, Tensor], networks: Sequence[int]) -> Weights:
    """Return some of the stacked networks, without gradients."""
    return {name: value.detach()[list(networks)] for name, value in weights.items()}


def zero_state(weights: Mapping[str, Tensor], sequences: int) -> State:
    """Return the state before the first observation."""
    recurrent = weights["recurrent"]
    zeros = recurrent.new_zeros(recurrent.shape[0], sequences, recurrent.shape[1])
    return zeros, zeros


def run(weights: Mapping[str, Tensor], x: Tensor, z: Tensor, state: State | None = None) -> Run:
    """Run every network over its sequences.

    Args:
        weights: stacked.
        x: [A, T, B], observations.
        z: [A, T, B, K], Z at each step.
        state: before the first step; default zeros.

    Raises:
        WhichtaskError: there is no step, or Z is not of the size that the networks were built for.
    """
    networks, steps, sequences = x.shape
    if steps == 0:
        raise WhichtaskError("a sequence has no observation; at least one is needed")
    tasks = weights["embed"].shape[1] - 1
    gates = weights.get("gates")
    if z.shape != (*x.shape, tasks if gates is None else gates.shape[1]):
        raise WhichtaskError(f"Z has the shape {tuple(z.shape)}; observations {tuple(x.shape)} need one Z of {tasks}")
    joined = torch.cat([x[..., None], z], dim=3) if tasks else x[..., None]
    flat = joined.reshape(networks, steps * sequences, 1 + tasks)
    embedded = torch.baddbmm(weights["embed_bias"], flat, weights["embed"])
    driven = torch.baddbmm(weights["bias"], embedded, weights["input"]).unflatten(1, (steps, sequences))
    hidden, cell = zero_state(weights, sequences) if state is None else state
    hiddens, cells = [], []
    for step in range(steps):
        if gates is not None:
            opened = torch.bmm(z[:, step], gates)
            hidden, cell = hidden * opened, cell * opened
        raw = torch.baddbmm(driven[:, step], hidden, weights["recurrent"])
        into, keep, new, out = raw.chunk(4, dim=2)
        cell = keep.sigmoid() * cell + into.sigmoid() * new.tanh()
        hidden = out.sigmoid() * cell.tanh()
        hiddens.append(hidden)
        cells.append(cell)
    stacked = torch.stack(hiddens, dim=1)
    predicted = torch.baddbmm(weights["output_bias"], stacked.flatten(1, 2), weights["output"])
    return Run(predicted.view(networks, steps, sequences), stacked, torch.stack(cells, dim=1))
