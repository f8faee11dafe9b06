"""Choose tau on validation data, and judge posteriors: confidence, out-of-distribution detection, calibration."""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from scipy.optimize import minimize_scalar
from torch import Tensor

from whichtask.errors import WhichtaskError
from whichtask.gbi.inference import entropy, require_finite
from whichtask.seeding import numpy_generator
from whichtask.stats import LEVELS, Estimate

Score = Literal["maximum", "entropy", "gap"]
SCORES: tuple[Score, ...] = get_args(Score)
Floats = npt.NDArray[np.float64]
TAU_RANGE = 1e4
"""How far tau is searched on either side of the spread of the values."""


def fit_tau(values: Tensor, labels: Tensor) -> float:
    """Return the tau > 0 that minimises the mean negative log-likelihood of ``softmax(-values / tau)``.

    Args:
        values: [N, K], gradients at the maximum-entropy point (one-step) or losses of every task (exact posterior) of
            validation examples.
        labels: int64 [N], their tasks.

    Raises:
        WhichtaskError: values and labels do not fit, or the values do not distinguish the tasks.
    """
    if values.dim() != 2 or values.shape[:1] != labels.shape or not len(labels):
        raise WhichtaskError(f"values {tuple(values.shape)} and labels {tuple(labels.shape)} do not fit each other")
    centred = (values - values.mean(dim=1, keepdim=True)).double()
    spread = float(centred.std())
    if not np.isfinite(spread) or spread == 0:
        raise WhichtaskError("the gradients do not distinguish the tasks (all are equal or not finite): no tau fits")

    def loss(log_tau: float) -> float:
        return float(torch.nn.functional.cross_entropy(-centred / np.exp(log_tau), labels.long()))

    centre, width = np.log(spread), np.log(TAU_RANGE)
    found = minimize_scalar(loss, bounds=(centre - width, centre + width), method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))


def confidence(posterior: Tensor, score: Score = "maximum") -> Tensor:
    """Return how sure a posterior [B, K] is, [B]; larger means surer.

    Args:
        posterior: rows are distributions.
        score: the largest entry, minus the entropy, or the largest minus the second largest entry.
    """
    if score == "maximum":
        return posterior.amax(dim=1)
    if score == "entropy":
        return -entropy(posterior)
    top = posterior.topk(2, dim=1).values
    return top[:, 0] - top[:, 1]


def auroc(inside: Sequence[float] | Floats, outside: Sequence[float] | Floats) -> float:
    """Return the probability that an inside example scores above an outside one, ties counting half.

    Raises:
        WhichtaskError: a side is empty, or a score is not a number.
    """
    first, second = (np.asarray(side, dtype=np.float64) for side in (inside, outside))
    if not len(first) or not len(second) or np.isnan(first).any() or np.isnan(second).any():
        raise WhichtaskError(f"AUROC needs numbers on both sides; given are {len(first)} and {len(second)}, NaN or not")
    ranks = pd.Series(np.concatenate([first, second])).rank().to_numpy()
    above = ranks[: len(first)].sum() - len(first) * (len(first) + 1) / 2
    return float(above / (len(first) * len(second)))


def auroc_interval(inside: Floats, outside: Floats, resamples: int = 200, seed: int = 0) -> Estimate:
    """Return the AUROC with a bootstrap 95 % interval over examples; ``n`` is the smaller side."""
    rng = numpy_generator("auroc", seed)
    draws = [
        auroc(rng.choice(inside, len(inside)), rng.choice(outside, len(outside)))  # with replacement
        for _ in range(resamples)
    ]
    low, high = np.quantile(draws, LEVELS)
    return Estimate(auroc(inside, outside), float(low), float(high), min(len(inside), len(outside)))


def calibration_error(posterior: Tensor, labels: Tensor, bins: int = 15) -> float:
    """Return the expected calibration error: |accuracy - confidence|, averaged over equal bins of confidence.

    Args:
        posterior: [N, K].
        labels: int64 [N].
        bins: number of bins of equal width (Guo et al. 2017 use 15).

    Raises:
        WhichtaskError: the posterior is not finite.
    """
    sure, best = require_finite(posterior, "entries of the posterior").double().max(dim=1)
    right = (best == labels).double()
    places = (sure * bins).long().clamp(max=bins - 1)
    count = torch.zeros(bins, dtype=torch.float64, device=sure.device).index_add(0, places, torch.ones_like(sure))
    gap = torch.zeros_like(count).index_add(0, places, right - sure)
    return float(gap.abs().sum() / count.sum())
