"""The meta-gradient: how the agreement of two networks after T steps of SGD changes with the labels they learned from.

The labels enter only through the inner steps, so each estimator returns the gradient with respect to the soft labels of
every inner batch; the caller carries it on into whatever made the labels. All three compute the same derivative:

* ``plain`` keeps one autograd graph through all T steps: the definition, and memory that grows with T.
* ``unrolled`` stores only the weights of each step and rebuilds one step's graph at a time, backwards.
* ``mixed`` also goes backwards, but pushes the adjoint a through each step by forward-over-reverse. For
  w' = w - r grad_w L(w, y) the step back is a - r H a, and since L is linear in y, the gradient of y is r / B times
  the directional derivative of log p(x; w) along a. One jvp of (grad_w L, log p) gives both.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, jvp
from torch.nn import functional as F

from whichtask.discovery.losses import agreement_loss, soft_cross_entropy

Weights = dict[str, Tensor]


class InnerProblem(NamedTuple):
    """Two networks, the batches they learn from, and the images on which they should agree.

    S is 1 when both networks see the same batch and 2 when each has its own (the authors' halved batch).
    """

    network: nn.Module
    """Skeleton without running statistics; its own weights are not used."""
    initial: tuple[Weights, Weights]
    images: Tensor
    """float [T, S, B, C, H, W]."""
    labels: Tensor
    """float [T, S, B, 2], soft."""
    heldout: Tensor
    """float [A, C, H, W]."""
    learning_rate: float
    """Of SGD on (L_1 + L_2) / 2, so that each network moves by half of it (facts 1.5, item 2)."""


class MetaGradient(NamedTuple):
    """What an estimator returns."""

    loss: Tensor
    """Agreement loss after the last inner step, scalar."""
    agreement: Tensor
    """Share of held-out images with equal predictions, scalar."""
    labels: Tensor
    """Gradient of the loss with respect to the labels, [T, S, B, 2]."""


Estimator = Callable[[InnerProblem], MetaGradient]


def _logits(problem: InnerProblem, weights: Weights, images: Tensor) -> Tensor:
    return functional_call(problem.network, weights, (images,))  # type: ignore[no-any-return]


def _batch(problem: InnerProblem, step: int, member: int) -> tuple[Tensor, Tensor]:
    share = member % problem.images.shape[1]
    return problem.images[step, share], problem.labels[step, share]


def _descend(problem: InnerProblem, weights: Weights, images: Tensor, labels: Tensor, *, graph: bool) -> Weights:
    """Take one inner step of one network; with ``graph`` the new weights are differentiable in all arguments."""
    loss = soft_cross_entropy(_logits(problem, weights, images), labels)
    gradients = torch.autograd.grad(loss, list(weights.values()), create_graph=graph)
    rate = problem.learning_rate / 2
    return {name: value - rate * part for (name, value), part in zip(weights.items(), gradients, strict=True)}


def _leaves(weights: Weights) -> Weights:
    return {name: value.detach().requires_grad_() for name, value in weights.items()}


def _judge(problem: InnerProblem, weights: tuple[Weights, Weights]) -> tuple[Tensor, Tensor]:
    first, second = (_logits(problem, part, problem.heldout) for part in weights)
    return agreement_loss(first, second), (first.argmax(1) == second.argmax(1)).double().mean()


def plain(problem: InnerProblem) -> MetaGradient:
    """Differentiate through one graph of all inner steps."""
    labels = problem.labels.detach().requires_grad_()
    problem = problem._replace(labels=labels)
    ends = []
    for member in (0, 1):
        weights = _leaves(problem.initial[member])
        for step in range(len(problem.images)):
            weights = _descend(problem, weights, *_batch(problem, step, member), graph=True)
        ends.append(weights)
    loss, agreement = _judge(problem, (ends[0], ends[1]))
    (gradient,) = torch.autograd.grad(loss, labels)
    return MetaGradient(loss.detach(), agreement, gradient)


def _step_back_unrolled(
    problem: InnerProblem, weights: Weights, adjoint: Weights, images: Tensor, labels: Tensor
) -> tuple[Weights, Tensor]:
    before, labels = _leaves(weights), labels.detach().requires_grad_()
    after = _descend(problem, before, images, labels, graph=True)
    outputs = [after[name] for name in after]
    parts = torch.autograd.grad(outputs, [*before.values(), labels], [adjoint[name] for name in after])
    return dict(zip(before, parts[:-1], strict=True)), parts[-1]


def _step_back_mixed(
    problem: InnerProblem, weights: Weights, adjoint: Weights, images: Tensor, labels: Tensor
) -> tuple[Weights, Tensor]:
    def loss_and_log_p(weights: Weights) -> tuple[Tensor, Tensor]:
        logits = _logits(problem, weights, images)
        return soft_cross_entropy(logits, labels), F.log_softmax(logits, dim=1)

    slope_and_log_p = grad(loss_and_log_p, has_aux=True)
    change: tuple[Weights, Tensor] = jvp(slope_and_log_p, (weights,), (adjoint,))[1]
    curved, log_p_change = change
    rate = problem.learning_rate / 2
    return {name: adjoint[name] - rate * curved[name] for name in adjoint}, rate / len(images) * log_p_change


StepBack = Callable[[InnerProblem, Weights, Weights, Tensor, Tensor], tuple[Weights, Tensor]]


def _backwards(problem: InnerProblem, step_back: StepBack) -> MetaGradient:
    """Descend while storing weights only, then carry the adjoint back through one step at a time."""
    steps = len(problem.images)
    trails: list[list[Weights]] = []
    for member in (0, 1):
        trail = [{name: value.detach() for name, value in problem.initial[member].items()}]
        for step in range(steps):
            after = _descend(problem, _leaves(trail[-1]), *_batch(problem, step, member), graph=False)
            trail.append({name: value.detach() for name, value in after.items()})
        trails.append(trail)
    ends = _leaves(trails[0][-1]), _leaves(trails[1][-1])
    loss, agreement = _judge(problem, ends)
    slopes = torch.autograd.grad(loss, [*ends[0].values(), *ends[1].values()])
    gradient = torch.zeros_like(problem.labels)
    for member, end in enumerate(ends):
        adjoint = dict(zip(end, slopes[: len(end)] if member == 0 else slopes[len(end) :], strict=True))
        for step in reversed(range(steps)):
            images, labels = _batch(problem, step, member)
            adjoint, of_labels = step_back(problem, trails[member][step], adjoint, images, labels)
            gradient[step, member % gradient.shape[1]] += of_labels
    return MetaGradient(loss.detach(), agreement, gradient)


def unrolled(problem: InnerProblem) -> MetaGradient:
    """Reverse mode with one checkpoint a step."""
    return _backwards(problem, _step_back_unrolled)


def mixed(problem: InnerProblem) -> MetaGradient:
    """Forward-over-reverse with one checkpoint a step."""
    return _backwards(problem, _step_back_mixed)


ESTIMATORS: dict[str, Estimator] = {"mixed": mixed, "unrolled": unrolled, "plain": plain}
