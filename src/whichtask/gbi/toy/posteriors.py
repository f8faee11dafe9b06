"""One-step posteriors against exact ones: on average, and as functions of the observation."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from whichtask.config.gbi.toy import GaussianTask
from whichtask.gbi.inference import divergence, exact_posterior, kl_bound, one_step
from whichtask.gbi.scores import fit_tau
from whichtask.gbi.toy import bayes
from whichtask.gbi.toy.gradients import Gradients, gradients_of
from whichtask.gbi.toy.stream import Floats, Stream

Rows = list[dict[str, Any]]
WIDTH = 0.1
"""Of a bin of observations."""
LEAST = 5
"""Observations that a bin needs to be written out."""


class OneStep(NamedTuple):
    """One network's inference on a stream, and what it is compared with; float64 [N, K] but for the temperatures."""

    gradients: Gradients
    tau: float
    """Fitted on the validation stream."""
    posterior: Tensor
    """By one step."""
    enumerated: Tensor
    """From the losses of every context, with a tau fitted for them."""
    enumerated_tau: float
    exact: Tensor
    """Of the generative process."""


def infer(
    weights: Mapping[str, Tensor],
    task: GaussianTask,
    code: Tensor,
    validation: Stream,
    test: Stream,
    window: int,
    observations: int,
) -> OneStep:
    """Infer the context at every step of a stream from the last observations, by one step from maximum entropy.

    Args:
        weights: of one network.
        task: contexts.
        code: [K, K], the Z that stands for each context.
        validation: stream on which tau is fitted.
        test: stream to infer.
        window: observations that the network runs over.
        observations: last ones whose error counts.
    """
    tried, found = (
        gradients_of(weights, torch.from_numpy(stream.x).float(), window, observations, code)
        for stream in (validation, test)
    )
    labels = torch.from_numpy(validation.labels[window:])
    tau, enumerated_tau = fit_tau(tried.gradient, labels), fit_tau(tried.losses, labels)
    exact = torch.from_numpy(bayes.posterior_of(test.x, task, observations)[window:])
    return OneStep(
        gradients=Gradients(*(value.double() for value in found)),
        tau=tau,
        posterior=one_step(found.gradient.double(), tau),
        enumerated=exact_posterior(found.losses.double(), enumerated_tau),
        enumerated_tau=enumerated_tau,
        exact=exact,
    )


def summary(found: OneStep, task: GaussianTask, test: Stream, window: int) -> dict[str, float]:
    """Return how near the one-step posterior is to the exact one, in nats, and how often each is right.

    ``kl_network`` is the divergence of the one-step posterior from the network's own: softmax of minus the losses of
    every context, at the same tau; it is what ``kl_bound`` bounds.
    """
    labels = torch.from_numpy(test.labels[window:])
    network = exact_posterior(found.gradients.losses, found.tau)
    bound = kl_bound(found.gradients.losses, found.gradients.start, found.gradients.gradient, found.tau)
    kl_network = divergence(network, found.posterior)
    likelihood = np.exp(bayes.log_likelihood(test.x[window:], task))
    rise = -found.gradients.gradient.numpy()
    accuracy = {
        name: float((posterior.argmax(dim=1) == labels).double().mean())
        for name, posterior in (("", found.posterior), ("_enumerated", found.enumerated), ("_exact", found.exact))
    }
    return {f"accuracy{name}": value for name, value in accuracy.items()} | {
        "tau": found.tau,
        "tau_enumerated": found.enumerated_tau,
        "kl": float(divergence(found.exact, found.posterior).mean()),
        "kl_reverse": float(divergence(found.posterior, found.exact).mean()),
        "kl_enumerated": float(divergence(found.exact, found.enumerated).mean()),
        "kl_uniform": float(divergence(found.exact, torch.full_like(found.exact, 1 / found.exact.shape[1])).mean()),
        "kl_network": float(kl_network.mean()),
        "kl_bound": float(bound.mean()),
        "bound_holds": float((kl_network <= bound + 1e-9).double().mean()),
        "correlation_likelihood": _correlation(rise, likelihood),
        # Only differences between contexts decide a posterior.
        "correlation_ratio": _correlation(*(np.diff(values, axis=1) for values in (rise, np.log(likelihood)))),
        "correlation_posterior": _correlation(found.posterior.numpy(), found.exact.numpy()),
    }


def _correlation(first: Floats, second: Floats) -> float:
    """Return Pearson's correlation over all steps and contexts; NaN where one does not vary."""
    if min(first.std(), second.std()) == 0:
        return float("nan")
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


def by_observation(found: OneStep, task: GaussianTask, test: Stream, window: int) -> Rows:
    """Average gradients and posteriors over bins of the newest observation, one row a bin and context."""
    x = test.x[window:]
    likelihood = np.exp(bayes.log_likelihood(x, task))
    values = {
        "rise": -found.gradients.gradient.numpy(),
        "one_step": found.posterior.numpy(),
        "exact": found.exact.numpy(),
        "likelihood": likelihood,
    }
    places = np.floor(x / WIDTH).astype(np.int64)
    rows: Rows = []
    for place in np.unique(places):
        inside = places == place
        if inside.sum() < LEAST:
            continue
        for context, mean in enumerate(task.means):
            means = {name: float(array[inside, context].mean()) for name, array in values.items()}
            facts = {"observation": float(x[inside].mean()), "steps": int(inside.sum())}
            rows.append(facts | {"context": context, "context_mean": mean} | means)
    return rows
