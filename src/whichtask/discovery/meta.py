"""The meta-gradient: how an objective of two networks on their T steps of SGD changes with the labels they learn from.

The labels enter only through the inner steps (and ``train_loss`` itself), so each estimator returns the gradient with
respect to the soft labels of every inner batch; the caller carries it on into whatever made the labels. All three
compute the same derivative:

* ``plain`` keeps one autograd graph through all T steps: the definition, and memory that grows with T.
* ``unrolled`` stores only the weights of each step and rebuilds one step's graph at a time, backwards.
* ``mixed`` also goes backwards, but pushes the adjoint a through each step by forward-over-reverse. For
  w' = w - r grad_w L(w, y) the step back is a - r H a, and since L is linear in y, the gradient of y is r / B times
  the directional derivative of log p(x; w) along a. One jvp of (grad_w L, log p) gives both.

On the way back, the terms that an objective adds at a step join the adjoint there.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import torch
from torch import Tensor
from torch.func import grad, jvp
from torch.nn import functional as F

from whichtask.discovery.inner import InnerProblem, Pair, Weights, batch_of, descend, detached, leaves, logits_of
from whichtask.discovery.losses import soft_cross_entropy
from whichtask.discovery.objectives import Objective, Term, final_agreement


class MetaGradient(NamedTuple):
    """What an estimator returns."""

    loss: Tensor
    """The objective's loss, scalar, nats."""
    agreement: Tensor
    """Share of held-out images with equal predictions after the last inner step, scalar."""
    labels: Tensor
    """Gradient of the loss with respect to the labels, [T, S, B, classes]."""
    weights: Pair
    """Both networks after the last inner step."""


class Estimator(Protocol):
    """From the problem and the objective (by default the paper's) to the objective's gradient."""

    def __call__(self, problem: InnerProblem, objective: Objective = final_agreement) -> MetaGradient:
        """Return the gradient."""
        ...


def plain(problem: InnerProblem, objective: Objective = final_agreement) -> MetaGradient:
    """Differentiate through one graph of all inner steps."""
    labels = problem.labels.detach().requires_grad_()
    problem = problem._replace(labels=labels)
    steps = len(problem.images)
    pair = leaves(problem.initial[0]), leaves(problem.initial[1])
    terms = [objective(problem, 0, pair)]
    for step in range(steps):
        first, second = (
            descend(problem, weights, *batch_of(problem, step, member), graph=True)
            for member, weights in enumerate(pair)
        )
        pair = first, second
        terms.append(objective(problem, step + 1, pair))
    loss, agreement = _total(terms)
    (gradient,) = torch.autograd.grad(loss, labels)
    return MetaGradient(loss.detach(), agreement, gradient, (detached(pair[0]), detached(pair[1])))


def _total(terms: list[Term]) -> tuple[Tensor, Tensor]:
    """Return the sum of the losses and the agreement after the last step, the only one measured."""
    loss = torch.stack([term.loss for term in terms if term.loss is not None]).sum()
    return loss, torch.stack([term.agreement for term in terms if term.agreement is not None]).sum().detach()


def _step_back_unrolled(
    problem: InnerProblem, weights: Weights, adjoint: Weights, images: Tensor, labels: Tensor
) -> tuple[Weights, Tensor]:
    before, labels = leaves(weights), labels.detach().requires_grad_()
    after = descend(problem, before, images, labels, graph=True)
    outputs = [after[name] for name in after]
    parts = torch.autograd.grad(outputs, [*before.values(), labels], [adjoint[name] for name in after])
    return dict(zip(before, parts[:-1], strict=True)), parts[-1]


def _step_back_mixed(
    problem: InnerProblem, weights: Weights, adjoint: Weights, images: Tensor, labels: Tensor
) -> tuple[Weights, Tensor]:
    def loss_and_log_p(weights: Weights) -> tuple[Tensor, Tensor]:
        logits = logits_of(problem, weights, images)
        return soft_cross_entropy(logits, labels), F.log_softmax(logits, dim=1)

    slope_and_log_p = grad(loss_and_log_p, has_aux=True)
    change: tuple[Weights, Tensor] = jvp(slope_and_log_p, (weights,), (adjoint,))[1]
    curved, log_p_change = change
    rate = problem.learning_rate / 2
    return {name: adjoint[name] - rate * curved[name] for name in adjoint}, rate / len(images) * log_p_change


StepBack = Callable[[InnerProblem, Weights, Weights, Tensor, Tensor], tuple[Weights, Tensor]]


def _term_slopes(
    problem: InnerProblem, objective: Objective, step: int, pair: Pair
) -> tuple[Term, Pair | None, Tensor | None]:
    """Return an objective's term at a step and its gradients in the weights of both networks and in all labels."""
    pair = leaves(pair[0]), leaves(pair[1])
    labels = problem.labels.detach().requires_grad_()
    term = objective(problem._replace(labels=labels), step, pair)
    if term.loss is None:
        return term, None, None
    sources = [*pair[0].values(), *pair[1].values(), labels]
    *slopes, of_labels = torch.autograd.grad(term.loss, sources, allow_unused=True)
    middle = len(pair[0])
    first, second = (
        dict(zip(weights, part, strict=True))
        for weights, part in zip(pair, (slopes[:middle], slopes[middle:]), strict=True)
    )
    return Term(term.loss.detach(), term.agreement), (first, second), of_labels


def _backwards(problem: InnerProblem, objective: Objective, step_back: StepBack) -> MetaGradient:
    """Descend while storing weights only, then carry the adjoints back through one step at a time."""
    steps = len(problem.images)
    trails: list[list[Weights]] = [[detached(weights)] for weights in problem.initial]
    for member, trail in enumerate(trails):
        for step in range(steps):
            after = descend(problem, leaves(trail[-1]), *batch_of(problem, step, member), graph=False)
            trail.append(detached(after))
    gradient = torch.zeros_like(problem.labels)
    adjoints: list[Weights] = [{}, {}]
    terms = []
    for step in reversed(range(steps + 1)):
        for member, adjoint in enumerate(adjoints):
            if adjoint:
                images, labels = batch_of(problem, step, member)
                adjoints[member], of_labels = step_back(problem, trails[member][step], adjoint, images, labels)
                gradient[step, member % gradient.shape[1]] += of_labels
        term, slopes, direct = _term_slopes(problem, objective, step, (trails[0][step], trails[1][step]))
        terms.append(term)
        if direct is not None:
            gradient += direct
        if slopes is not None:
            adjoints = [_plus(adjoint, slope) for adjoint, slope in zip(adjoints, slopes, strict=True)]
    return MetaGradient(*_total(terms), gradient, (trails[0][-1], trails[1][-1]))


def _plus(adjoint: Weights, slope: Weights) -> Weights:
    return {name: adjoint[name] + part for name, part in slope.items()} if adjoint else slope


def unrolled(problem: InnerProblem, objective: Objective = final_agreement) -> MetaGradient:
    """Reverse mode with one checkpoint a step."""
    return _backwards(problem, objective, _step_back_unrolled)


def mixed(problem: InnerProblem, objective: Objective = final_agreement) -> MetaGradient:
    """Forward-over-reverse with one checkpoint a step."""
    return _backwards(problem, objective, _step_back_mixed)


ESTIMATORS: dict[str, Estimator] = {"mixed": mixed, "unrolled": unrolled, "plain": plain}
