"""The meta-gradient: how an objective of two networks on their T steps of SGD changes with the labels they learn from.

The labels enter only through the inner steps (and ``train_loss`` itself), so each estimator returns the gradient with
respect to the soft labels of every inner batch; the caller carries it on into whatever made the labels. All compute
the same derivative:

* ``plain`` keeps one autograd graph through all T steps: the definition, and memory that grows with T.
* ``unrolled`` stores only the weights of each step and rebuilds one step's graph at a time, backwards.
* ``auto`` keeps one graph of as many last steps as fit into a budget of memory and rebuilds the others: the time of
  ``plain`` where all fit, and memory that stays flat in T where they do not.
* ``mixed`` goes backwards like ``unrolled``, but pushes the adjoint a through each step by forward-over-reverse. For
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

from whichtask.config import DiscoverySettings
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


class _Stretch(NamedTuple):
    """One graph through the inner steps from ``start`` to some later one, or through none of them."""

    terms: list[Term]
    """What the objective adds at each of them, without a graph."""
    weights: Pair
    """Both networks after the last."""
    slopes: Pair | None
    """Gradient of the sum of the terms with respect to both networks at ``start``; None where nothing is measured."""
    labels: Tensor | None
    """Likewise with respect to all labels, [T, S, B, classes]."""


def _stretch(problem: InnerProblem, objective: Objective, start: int, end: int, pair: Pair) -> _Stretch:
    """Take the steps from ``start`` to ``end`` in one graph and differentiate what the objective adds at each point."""
    begin = leaves(pair[0]), leaves(pair[1])
    labels = problem.labels.detach().requires_grad_()
    problem, at = problem._replace(labels=labels), begin
    terms = [objective(problem, start, at)]
    for step in range(start, end):
        first, second = (
            descend(problem, weights, *batch_of(problem, step, member), graph=True) for member, weights in enumerate(at)
        )
        at = first, second
        terms.append(objective(problem, step + 1, at))
    measured = [term.loss for term in terms if term.loss is not None]
    after = detached(at[0]), detached(at[1])
    if not measured:
        return _Stretch(terms, after, None, None)
    sources = [*begin[0].values(), *begin[1].values(), labels]
    *slopes, of_labels = torch.autograd.grad(torch.stack(measured).sum(), sources, allow_unused=True)
    middle = len(begin[0])
    of_first, of_second = (
        dict(zip(weights, part, strict=True))
        for weights, part in zip(begin, (slopes[:middle], slopes[middle:]), strict=True)
    )
    terms = [Term(None if term.loss is None else term.loss.detach(), term.agreement) for term in terms]
    return _Stretch(terms, after, (of_first, of_second), of_labels)


def _backwards(problem: InnerProblem, objective: Objective, step_back: StepBack, kept: int = 0) -> MetaGradient:
    """Descend while storing weights only, then carry the adjoints back through one step at a time.

    The last ``kept`` steps are one graph instead.
    """
    checkpoints = len(problem.images) - kept
    trails: list[list[Weights]] = [[detached(weights)] for weights in problem.initial]
    for member, trail in enumerate(trails):
        for step in range(checkpoints):
            after = descend(problem, leaves(trail[-1]), *batch_of(problem, step, member), graph=False)
            trail.append(detached(after))
    last = _stretch(problem, objective, checkpoints, len(problem.images), (trails[0][-1], trails[1][-1]))
    gradient = torch.zeros_like(problem.labels)
    adjoints: list[Weights] = [{}, {}]
    terms: list[Term] = []
    found = last
    for step in reversed(range(checkpoints + 1)):
        if step < checkpoints:
            for member, adjoint in enumerate(adjoints):
                if adjoint:
                    images, labels = batch_of(problem, step, member)
                    adjoints[member], of_labels = step_back(problem, trails[member][step], adjoint, images, labels)
                    gradient[step, member % gradient.shape[1]] += of_labels
            found = _stretch(problem, objective, step, step, (trails[0][step], trails[1][step]))
        terms += reversed(found.terms)
        if found.labels is not None:
            gradient += found.labels
        if found.slopes is not None:
            adjoints = [_plus(adjoint, slope) for adjoint, slope in zip(adjoints, found.slopes, strict=True)]
    return MetaGradient(*_total(terms), gradient, last.weights)


def _plus(adjoint: Weights, slope: Weights) -> Weights:
    return {name: adjoint[name] + part for name, part in slope.items()} if adjoint else slope


def plain(problem: InnerProblem, objective: Objective = final_agreement) -> MetaGradient:
    """Differentiate through one graph of all inner steps."""
    return _backwards(problem, objective, _step_back_unrolled, kept=len(problem.images))


def unrolled(problem: InnerProblem, objective: Objective = final_agreement) -> MetaGradient:
    """Reverse mode with one checkpoint a step."""
    return _backwards(problem, objective, _step_back_unrolled)


def mixed(problem: InnerProblem, objective: Objective = final_agreement) -> MetaGradient:
    """Forward-over-reverse with one checkpoint a step."""
    return _backwards(problem, objective, _step_back_mixed)


def graph_bytes(problem: InnerProblem) -> int:
    """Return what the graph of one inner step of both networks keeps for its way back, in bytes.

    Counted from the tensors that autograd saves, weights and batch left out, which are there anyway.
    """
    weights = leaves(problem.initial[0])
    images, labels = batch_of(problem, 0, 0)
    labels = labels.detach().requires_grad_()
    there = {part.untyped_storage().data_ptr() for part in (*weights.values(), images, labels)}
    saved: dict[int, int] = {}

    def count(part: Tensor) -> Tensor:
        storage = part.untyped_storage()
        if storage.data_ptr() not in there:
            saved[storage.data_ptr()] = storage.nbytes()
        return part

    with torch.autograd.graph.saved_tensors_hooks(count, lambda part: part):
        after = descend(problem, weights, images, labels, graph=True)
    return 2 * (sum(saved.values()) + sum(part.untyped_storage().nbytes() for part in after.values()))


def fitting(budget: int) -> Estimator:
    """Return reverse mode with one graph of as many last steps as fit into a budget, and a checkpoint for the others.

    Args:
        budget: bytes. Where not all steps fit, room for the one that is being rebuilt comes off. What a step takes is
            measured once, on the first problem, so hand it problems of one size.
    """
    of_step: list[int] = []

    def auto(problem: InnerProblem, objective: Objective = final_agreement) -> MetaGradient:
        if not of_step:
            of_step.append(max(1, graph_bytes(problem)))
        steps, fit = len(problem.images), budget // of_step[0]
        return _backwards(problem, objective, _step_back_unrolled, kept=steps if fit >= steps else max(0, fit - 1))

    return auto


def estimator_of(settings: DiscoverySettings) -> Estimator:
    """Return the estimator that the settings name."""
    return fitting(settings.graph_mib * 2**20) if settings.estimator == "auto" else ESTIMATORS[settings.estimator]


ESTIMATORS: dict[str, Estimator] = {"mixed": mixed, "unrolled": unrolled, "plain": plain}
"""All but ``auto``, which needs a budget."""
