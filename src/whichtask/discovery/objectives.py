"""What a search optimises: losses of the two inner networks on their way through the inner steps.

An objective says which term it adds after s inner steps, for s = 0 to T; its loss is the sum of the terms. ``meta``
differentiates that sum through all steps, so an objective knows nothing of gradients.

* ``agreement`` (the paper's proxy): agreement on held-out images after the last step.
* ``xas`` (the authors' ``TrainingXASLoss``): agreement on each next training batch before it is learned from, averaged
  over the T steps; the last of these batches is learned from by nobody. The authors also count the first batch, on
  which the networks are still as drawn: a constant, left out here.
* ``foxas`` (their first-order XAS): the same, but the encoder is updated after every inner step by the gradient through
  that step only. Its term is that of ``agreement`` with T = 1; the search hands it one step after another.
* ``train_loss`` (``TrainingProxyASLoss``): the cross-entropy on each training batch before it is learned from, averaged
  over the T steps; low for tasks that are learned fast.
* ``none`` (ours): nothing. A control that only keeps the tasks apart, with the same inner steps and a zero gradient.

The authors stop XAS and FOXAS early, once the agreement has stayed above 0.6; that is left out, so that all objectives
take the same number of inner steps.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from whichtask.discovery.inner import InnerProblem, Pair, batch_of, logits_of
from whichtask.discovery.losses import agreement_loss, soft_cross_entropy


class Term(NamedTuple):
    """What an objective measures after some inner steps; None where it measures nothing."""

    loss: Tensor | None = None
    """Scalar in nats, differentiable in the weights and the labels."""
    agreement: Tensor | None = None
    """Share of images on which both networks predict the same class; measured after the last step only."""


Objective = Callable[[InnerProblem, int, Pair], Term]
"""From the problem, the number of inner steps done and the weights of both networks to the term at that point."""


def _judge(problem: InnerProblem, weights: Pair, images: Tensor) -> tuple[Tensor, Tensor]:
    first, second = (logits_of(problem, part, images) for part in weights)
    return agreement_loss(first, second), (first.argmax(1) == second.argmax(1)).double().mean()


def final_agreement(problem: InnerProblem, step: int, weights: Pair) -> Term:
    """Measure the agreement loss on the held-out images after the last step."""
    return Term(*_judge(problem, weights, problem.heldout)) if step == len(problem.images) else Term()


def next_batch_agreement(problem: InnerProblem, step: int, weights: Pair) -> Term:
    """Measure the agreement loss on the batch that comes next; after the last step these are the held-out images."""
    steps = len(problem.images)
    if step == 0:
        return Term()
    images = problem.images[step].flatten(0, 1) if step < steps else problem.heldout
    loss, agreement = _judge(problem, weights, images)
    return Term(loss / steps, agreement if step == steps else None)


def training_loss(problem: InnerProblem, step: int, weights: Pair) -> Term:
    """Measure the mean cross-entropy of both networks on the batch that they learn from next."""
    steps = len(problem.images)
    if step == steps:
        with torch.no_grad():
            return Term(None, _judge(problem, weights, problem.heldout)[1])
    losses = []
    for member, part in enumerate(weights):
        images, labels = batch_of(problem, step, member)
        losses.append(soft_cross_entropy(logits_of(problem, part, images), labels))
    return Term((losses[0] + losses[1]) / (2 * steps))


def nothing(problem: InnerProblem, step: int, weights: Pair) -> Term:
    """Measure the agreement after the last step, and ask for nothing."""
    loss, agreement = final_agreement(problem, step, weights)
    return Term(None if loss is None else 0 * loss, agreement)


OBJECTIVES: dict[str, Objective] = {
    "agreement": final_agreement,
    "xas": next_batch_agreement,
    "foxas": final_agreement,
    "train_loss": training_loss,
    "none": nothing,
}
