"""The inner problem of a search: two networks, the soft labels they learn from, and one step of their SGD."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call

from whichtask.discovery.losses import soft_cross_entropy

Weights = dict[str, Tensor]
Pair = tuple[Weights, Weights]


class InnerProblem(NamedTuple):
    """Two networks, the batches they learn from, and the images on which they should agree.

    S is 1 when both networks see the same batch and 2 when each has its own (the authors' halved batch).
    """

    network: nn.Module
    """Skeleton without running statistics; its own weights are not used."""
    initial: Pair
    images: Tensor
    """float [T, S, B, C, H, W]."""
    labels: Tensor
    """float [T, S, B, classes], soft."""
    heldout: Tensor
    """float [A, C, H, W], images on which the networks are judged after the last step without learning from them."""
    learning_rate: float
    """Of SGD on (L_1 + L_2) / 2, so that each network moves by half of it."""


def logits_of(problem: InnerProblem, weights: Weights, images: Tensor) -> Tensor:
    """Return the logits [B, classes] of the network with these weights."""
    return functional_call(problem.network, weights, (images,))  # type: ignore[no-any-return]


def batch_of(problem: InnerProblem, step: int, member: int) -> tuple[Tensor, Tensor]:
    """Return the images [B, C, H, W] and labels [B, classes] that a network (0 or 1) learns from at one step."""
    share = member % problem.images.shape[1]
    return problem.images[step, share], problem.labels[step, share]


def descend(problem: InnerProblem, weights: Weights, images: Tensor, labels: Tensor, *, graph: bool) -> Weights:
    """Take one inner step of one network; with ``graph`` the new weights are differentiable in all arguments."""
    loss = soft_cross_entropy(logits_of(problem, weights, images), labels)
    gradients = torch.autograd.grad(loss, list(weights.values()), create_graph=graph)
    rate = problem.learning_rate / 2
    return {name: value - rate * part for (name, value), part in zip(weights.items(), gradients, strict=True)}


def detached(weights: Weights) -> Weights:
    """Return the same weights without a graph."""
    return {name: value.detach() for name, value in weights.items()}


def leaves(weights: Weights) -> Weights:
    """Return the same weights as leaves of a new graph."""
    return {name: value.detach().requires_grad_() for name, value in weights.items()}
