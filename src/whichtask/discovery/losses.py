"""The losses of task discovery: soft cross-entropy, its symmetric form as a proxy of agreement, two for diversity."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

SMALLEST = 1e-9
"""Shares and mutual information below count as this, so that their logarithm stays finite (authors' value)."""


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


def mutual_information(labels: Tensor) -> Tensor:
    """Return the mutual information of each two tasks in nats, [K, K]: KL of their joint to the product of marginals.

    The diagonal is meaningless for soft labels: it takes a task's labels for two independent draws.

    Args:
        labels: [K, B, C], soft labels of K tasks; the joint of two of them is the mean over the batch of the products.
    """
    marginal = labels.mean(1).clamp_min(SMALLEST)
    joint = (torch.einsum("kbc,lbd->klcd", labels, labels) / labels.shape[1]).clamp_min(SMALLEST)
    product = marginal[:, None, :, None] * marginal[None, :, None, :]
    return (joint * (joint.log() - product.log())).sum((2, 3))


def dependence(labels: Tensor, marginal_weight: float, entropy_weight: float) -> Tensor:
    """Return the diversity loss by mutual information (``as_uniformity.py`` 352-386, after DivDis, arXiv 2202.03418).

    It is logsumexp over pairs of log MI, plus ``marginal_weight`` times the mean KL divergence of a task's class
    frequencies from equal ones, plus ``entropy_weight`` times the mean entropy of a label. One task has no pairs.

    Args:
        labels: [K, B, C], soft labels of all tasks on a batch.
        marginal_weight: keeps tasks balanced, as nothing else does once heads and biases are learned.
        entropy_weight: makes labels confident.
    """
    marginal = labels.mean(1).clamp_min(SMALLEST)
    imbalance = (marginal * marginal.log()).sum(1).mean() + math.log(labels.shape[2])
    entropy = -(labels * labels.clamp_min(SMALLEST).log()).sum(2).mean()
    total = marginal_weight * imbalance + entropy_weight * entropy
    if len(labels) == 1:
        return total
    first, second = torch.triu_indices(len(labels), len(labels), offset=1, device=labels.device)
    pairs = mutual_information(labels)[first, second].clamp_min(SMALLEST)
    return torch.logsumexp(pairs.log(), dim=0) + total
