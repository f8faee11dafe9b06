"""What an observer who knows the generative process can do: exact posteriors, filters, and the predictions of both.

Everything is in float64 and in logarithms where probabilities may underflow.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp, softmax

from whichtask.config.gbi.toy import BlockSettings, GaussianTask
from whichtask.errors import WhichtaskError
from whichtask.gbi.toy.stream import Floats


class Filtered(NamedTuple):
    """What a filter knows at each step."""

    prior: Floats
    """[T, K]: p(context of x_t | all before x_t)."""
    posterior: Floats
    """[T, K]: p(context of x_t | all up to x_t)."""
    evidence: Floats
    """[T]: p(x_t | all before), divided by its value under a uniform prior; below 1 where x_t is a surprise."""


def log_likelihood(x: Floats, task: GaussianTask) -> Floats:
    """Return log p(x_t | context k), [T, K]."""
    stds = np.asarray(task.stds)
    deviations = (x[..., None] - np.asarray(task.means)) / stds
    values: Floats = -(deviations**2) / 2 - np.log(np.sqrt(2 * np.pi)) - np.log(stds)
    return values


def posterior_of(x: Floats, task: GaussianTask, observations: int = 1) -> Floats:
    """Return the exact posterior from a uniform prior, [T, K], given the last observations.

    Args:
        x: [T].
        task: contexts.
        observations: how many up to x_t are used, all taken to be of one context; fewer at the start.

    Raises:
        WhichtaskError: not at least one observation.
    """
    if observations < 1:
        raise WhichtaskError(f"a posterior needs at least 1 observation, not {observations}")
    total = np.cumsum(log_likelihood(x, task), axis=0)
    total[observations:] -= total[:-observations].copy()
    values: Floats = softmax(total, axis=1)
    return values


def mean_length(settings: BlockSettings) -> float:
    """Return the expected length of a block."""
    lengths = np.arange(1, settings.longest + 1)
    return float(lengths @ length_probabilities(settings))


def length_probabilities(settings: BlockSettings) -> Floats:
    """Return p(a block has length 1, 2, ... longest), [longest]: geometric, clipped at both ends."""
    p = settings.switch_probability
    lengths = np.arange(1, settings.longest + 1)
    mass: Floats = np.asarray(p * (1 - p) ** (lengths - 1), dtype=np.float64)
    mass[settings.shortest - 1] = mass[: settings.shortest].sum()
    mass[: settings.shortest - 1] = 0
    mass[-1] = 1 - mass[:-1].sum()
    return mass


def recursive(likelihood: Floats, hazard: float) -> Filtered:
    """Filter with a constant probability of a switch, to any other context alike (the first author's observer).

    Args:
        likelihood: [T, K], of each observation under each context, each row up to a factor; one-step posteriors may
            stand in for it, which is the paper's Fig. S7.
        hazard: probability of a switch at each step.

    Raises:
        WhichtaskError: the hazard is no probability, or there is a likelihood that is negative or not finite.
    """
    if not 0 <= hazard <= 1:
        raise WhichtaskError(f"the hazard is {hazard}; allowed are values of 0 to 1")
    if not np.isfinite(likelihood).all() or (likelihood < 0).any():
        raise WhichtaskError("a likelihood is negative or not finite; allowed are values of 0 and more")
    steps, contexts = likelihood.shape
    scaled = likelihood / likelihood.mean(axis=1, keepdims=True)
    prior, posterior, evidence = np.empty_like(scaled), np.empty_like(scaled), np.empty(steps)
    belief = np.full(contexts, 1 / contexts)
    for step in range(steps):
        prior[step] = (1 - hazard) * belief + hazard * (1 - belief) / (contexts - 1)
        joint = prior[step] * scaled[step]
        evidence[step] = joint.sum()
        belief = posterior[step] = joint / evidence[step]
    return Filtered(prior, posterior, evidence)


def exact(log_likelihoods: Floats, settings: BlockSettings) -> Filtered:
    """Filter with the true distribution of block lengths: the belief is over context and age of the block.

    Args:
        log_likelihoods: [T, K].
        settings: lengths of blocks; the first observation starts a block.
    """
    steps, contexts = log_likelihoods.shape
    mass = length_probabilities(settings)
    at_least = mass[::-1].cumsum()[::-1]
    ends = mass / at_least  # p(the block ends after this many steps | it has lasted so long)
    scaled = np.exp(log_likelihoods - logsumexp(log_likelihoods, axis=1, b=1 / contexts, keepdims=True))
    prior, posterior, evidence = np.empty_like(scaled), np.empty_like(scaled), np.empty(steps)
    belief = np.zeros((contexts, settings.longest))
    belief[:, 0] = 1 / contexts
    for step in range(steps):
        if step:
            ended = belief @ ends
            belief = np.concatenate(
                [((ended.sum() - ended) / (contexts - 1))[:, None], (belief * (1 - ends))[:, :-1]], 1
            )
        prior[step] = belief.sum(axis=1)
        belief = belief * scaled[step][:, None]
        evidence[step] = belief.sum()
        belief /= evidence[step]
        posterior[step] = belief.sum(axis=1)
    return Filtered(prior, posterior, evidence)


def predictions(prior: Floats, task: GaussianTask) -> Floats:
    """Return the mean of x_t under each prior [T, K], [T]: the best prediction by squared error."""
    means: Floats = prior @ np.asarray(task.means)
    return means
