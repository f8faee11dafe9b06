"""Scores of being in distribution that a classifier gives, and their AUROC; larger scores mean inside."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from whichtask.gbi.inference import one_step, predict
from whichtask.gbi.scores import SCORES, Score, auroc, calibration_error, confidence

RIDGE = 1e-6
"""Added to the covariance, relative to its mean variance, so that features without spread leave it invertible."""


def energy(logits: Tensor) -> Tensor:
    """Return minus the free energy, ``logsumexp(logits)``, [N] (Liu et al. 2020, temperature 1)."""
    return logits.logsumexp(dim=1)


def mahalanobis(features: Tensor, train_features: Tensor, labels: Tensor) -> Tensor:
    """Return minus the squared Mahalanobis distance to the nearest class mean, [N] (Lee et al. 2018).

    Args:
        features: [N, F].
        train_features: [M, F], to which class means and one shared covariance are fitted.
        labels: int64 [M].
    """
    points = train_features.double()
    present = labels.unique()
    means = torch.stack([points[labels == label].mean(dim=0) for label in present])
    centred = points - means[torch.searchsorted(present, labels)]
    covariance = centred.T @ centred / len(points)
    width = len(covariance)
    covariance += RIDGE * covariance.trace() / width * torch.eye(width, dtype=points.dtype, device=points.device)
    difference = features.double()[:, None] - means[None]
    solved = torch.linalg.solve(covariance, difference.flatten(0, 1).T).T.reshape(difference.shape)
    distances: Tensor = (difference * solved).sum(dim=2).amin(dim=1)
    return -distances


def scored(method: str, score: str, inside: Tensor, outside: Tensor) -> dict[str, Any]:
    """Return a row of the table: how well a score tells inside [N] from outside [M]."""
    return {
        "method": method,
        "score": score,
        "auroc": auroc(as_numpy(inside), as_numpy(outside)),
        "images_inside": len(inside),
        "images_outside": len(outside),
    }


def confidence_rows(method: str, inside: Tensor, outside: Tensor, labels: Tensor) -> list[dict[str, Any]]:
    """Return a row for each score of posteriors [N, K] and [M, K]; that of the largest entry says how calibrated it is.

    Args:
        method: name in the table.
        inside: posteriors of known images.
        outside: of foreign images.
        labels: int64 [N], classes of the known images.
    """
    rows = [scored(method, kind, confidence(inside, kind), confidence(outside, kind)) for kind in SCORES]
    rows[SCORES.index("maximum")]["calibration_error"] = calibration_error(inside, labels)
    return rows


def tau_rows(inside: Tensor, outside: Tensor, calibrated: float, span: float, points: int) -> list[dict[str, Any]]:
    """Return the AUROC of each score of one-step posteriors at temperatures round the calibrated one.

    Args:
        inside: gradients at the maximum-entropy point, [N, K].
        outside: likewise, [M, K].
        calibrated: temperature that was fitted on validation images.
        span: the largest temperature is this times the calibrated one, the smallest that divided by this.
        points: number of temperatures, on a log scale.
    """
    factors = np.geomspace(1 / span, span, points)
    return [
        {
            "score": kind,
            "tau": calibrated * factor,
            "tau_calibrated": calibrated,
            "tau_relative": factor,
            "auroc": _confidence_auroc(inside, outside, calibrated * factor, kind),
        }
        for factor in factors.tolist()
        for kind in SCORES
    ]


def _confidence_auroc(inside: Tensor, outside: Tensor, tau: float, kind: Score) -> float:
    # In double precision: at low temperatures many posteriors are 1 up to rounding, and ties lower the AUROC.
    sides = (as_numpy(confidence(one_step(side.double(), tau), kind)) for side in (inside, outside))
    return auroc(*sides)


def histogram_rows(method: str, sides: Iterable[tuple[str, Tensor]], bins: int, labels: Tensor) -> list[dict[str, Any]]:
    """Return what is in equal bins of the largest posterior entry.

    Args:
        method: name in the table.
        sides: posteriors [N, K] by side.
        bins: number of bins.
        labels: int64 [N], classes of the side "inside".

    Returns:
        A row for each side and bin: ``share`` of the images and, inside, their ``mean_confidence`` and ``accuracy``
        (NaN in an empty bin).
    """
    edges = np.linspace(0, 1, bins + 1)
    rows = []
    for side, posterior in sides:
        sure = as_numpy(confidence(posterior)).clip(0, 1)
        right = as_numpy(predict(posterior) == labels) if side == "inside" else None
        place = np.digitize(sure, edges[1:-1])
        for number, (low, high) in enumerate(pairwise(edges)):
            inside = place == number
            row = {"method": method, "side": side, "confidence_low": low, "confidence_high": high}
            row["share"] = inside.mean()
            if right is not None and inside.any():
                row |= {"mean_confidence": sure[inside].mean(), "accuracy": right[inside].mean()}
            rows.append(row)
    return rows


def as_numpy(values: Tensor) -> Any:
    """Return a tensor as a float64 array."""
    return values.detach().double().cpu().numpy()
