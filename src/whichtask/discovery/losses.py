"""The losses of task discovery: soft cross-entropy, its symmetric form as a proxy of agreement, and uniformity."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F


def soft_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Return -mean_b sum_c targets log softmax(logits); differentiable in both arguments.

    Args:
        logits: [B, C].
        targets: [B, C], each row a distribution.
    """
    return -(targets * F.log_softmax(logits, dim=1)).sum(1).mean()


def agreement_loss(first: Tensor, second: Tensor) -> Tensor:
    """Return the differentiable stand-in for disagreement (``as_uniformity.py`` 1189-1218): (H(p, q) + H(q, p)) / 2.

    Args:
        first: [B, C], logits of one network.
        second: [B, C], logits of the other; the loss is symmetric in them.
    """
    forward = soft_cross_entropy(second, F.softmax(first, dim=1))
    backward = soft_cross_entropy(first, F.softmax(second, dim=1))
    return (forward + backward) / 2


def uniformity(embeddings: Tensor, temperature: float = 2.0) -> Tensor:
    """Return log mean_{i<j} exp(-t |z_i - z_j|^2) + 4 t of z = e / |e| (Wang & Isola 2020; ``as_uniformity.py`` 48-85).

    It is least when the directions of the embeddings are uniform on the sphere; orthogonal heads then give independent
    tasks. The 4 t is only an offset, kept so that values compare with the authors' logs.

    Args:
        embeddings: [B, d], B at least 2.
        temperature: t.
    """
    directions = F.normalize(embeddings, dim=1)
    # |z_i - z_j|^2 = 2 - 2 z_i.z_j on the sphere: one matrix product instead of pairwise differences.
    squared = (2 - 2 * directions @ directions.T).clamp(min=0)
    upper = torch.triu_indices(len(directions), len(directions), offset=1, device=embeddings.device)
    exponents = -temperature * squared[upper[0], upper[1]]
    return torch.logsumexp(exponents, dim=0) - math.log(upper.shape[1]) + 4 * temperature
