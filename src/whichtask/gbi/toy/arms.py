"""The arms of the toy experiment: one network, one stream, and what is given to it as Z."""

from typing import Literal

import numpy as np
import torch
from torch import Tensor

from whichtask.gbi.abstraction import maximum_entropy, one_hot, softmax
from whichtask.gbi.toy.stream import Stream
from whichtask.seeding import Key, numpy_generator

Arm = Literal["lstm", "gbi_hard", "gbi_soft", "shuffled_block", "random_step", "constant", "shuffled_data"]
ARMS: dict[Arm, str] = {
    "lstm": "Z is 1/K at every step: the same network without knowledge of the context",
    "gbi_hard": "Z is the context as one-hot",
    "gbi_soft": "Z is that one-hot through a softmax of temperature 1, as the first author's older code has it",
    "shuffled_block": "control: a random context for each block, as one-hot",
    "random_step": "control: a random context for each step, as one-hot",
    "constant": "control: context 0 as one-hot at every step",
    "shuffled_data": "control: the LSTM on random windows of the steps seen so far, its state reset before each",
}
REPLAYED: frozenset[Arm] = frozenset({"shuffled_data"})
"""Arms that learn from random windows."""


def abstraction_of(arm: Arm, stream: Stream, contexts: int, *seed: Key) -> Tensor:
    """Return what an arm gets as Z at each step.

    Args:
        arm: which.
        stream: [T] or [T, B].
        contexts: K.
        seed: names the draws of the random labels.

    Returns:
        float32 [T, K] or [T, B, K].
    """
    labels = stream.labels
    if arm in ("lstm", "shuffled_data"):
        flat = maximum_entropy(labels.size, contexts)
    else:
        rng = numpy_generator("toy labels", arm, *seed)
        if arm == "shuffled_block":
            labels = rng.integers(contexts, size=int(stream.blocks.max()) + 1)[stream.blocks]
        elif arm == "random_step":
            labels = rng.integers(contexts, size=labels.shape)
        elif arm == "constant":
            labels = np.zeros_like(labels)
        flat = one_hot(torch.from_numpy(labels).flatten(), contexts) @ code_of(arm, contexts)
    return flat.view(*labels.shape, contexts)


def code_of(arm: Arm, contexts: int) -> Tensor:
    """Return the Z that stands for each context, float32 [K, K]; a posterior enters a network as a mixture of these."""
    hard = torch.eye(contexts)
    return softmax(hard, contexts) if arm == "gbi_soft" else hard


def abstractions(arms: list[Arm], stream: Stream, contexts: int, *seed: Key) -> Tensor:
    """Return the Z of several arms on one stream, stacked: [A, T, K] or [A, T, B, K]."""
    return torch.stack([abstraction_of(arm, stream, contexts, *seed) for arm in arms])
