"""The task abstraction Z: a distribution over K tasks, or several side by side (parts of a richer code)."""

from collections.abc import Sequence
from itertools import product

import torch
from torch import Tensor

from whichtask.errors import WhichtaskError

ROUNDING = 1e-4
"""How far the entries of a part may be from adding up to 1."""


def parts_of(parts: int | Sequence[int]) -> tuple[int, ...]:
    """Return the sizes of the parts of Z; one number means one part.

    Raises:
        WhichtaskError: no part, or a part with fewer than two tasks, between which there is nothing to infer.
    """
    sizes = (parts,) if isinstance(parts, int) else tuple(parts)
    if not sizes or min(sizes) < 2:
        raise WhichtaskError(f"Z has the parts {sizes}; each part needs at least 2 tasks")
    return sizes


def maximum_entropy(
    batch: int,
    parts: int | Sequence[int],
    *,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> Tensor:
    """Return the point from which one step is taken: every entry of a part of size K is 1/K.

    Args:
        batch: number of examples B.
        parts: number of tasks K, or the sizes of several parts.
        dtype: of the result.
        device: of the result.

    Returns:
        float [B, sum of parts].
    """
    rows = [torch.full((batch, size), 1 / size, dtype=dtype, device=device) for size in parts_of(parts)]
    return torch.cat(rows, dim=1)


def one_hot(labels: Tensor, classes: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return labels [B] as one-hot abstractions [B, classes].

    Raises:
        WhichtaskError: a label outside 0 to classes - 1.
    """
    if labels.numel() and (int(labels.min()) < 0 or int(labels.max()) >= classes):
        raise WhichtaskError(f"labels run from {int(labels.min())} to {int(labels.max())}; allowed: 0 to {classes - 1}")
    return torch.nn.functional.one_hot(labels.long(), classes).to(dtype)


def combinations(parts: int | Sequence[int], device: torch.device | str = "cpu") -> Tensor:
    """Return all combinations of labels, int64 [product of sizes, parts], the last part changing fastest."""
    return torch.tensor(list(product(*map(range, parts_of(parts)))), device=device)


def softmax(logits: Tensor, parts: int | Sequence[int]) -> Tensor:
    """Apply a softmax to each part of logits [B, sum of parts]."""
    return torch.cat([part.softmax(dim=1) for part in split(logits, parts)], dim=1)


def split(values: Tensor, parts: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Divide the columns of [B, sum of parts] into the parts.

    Raises:
        WhichtaskError: the columns do not fit the parts.
    """
    sizes = parts_of(parts)
    if values.dim() != 2 or values.shape[1] != sum(sizes):
        raise WhichtaskError(f"Z has the shape {tuple(values.shape)}; the parts {sizes} need [batch, {sum(sizes)}]")
    return torch.split(values, list(sizes), dim=1)


def check_abstraction(z: Tensor, parts: int | Sequence[int]) -> Tensor:
    """Return Z [B, sum of parts] if each of its parts is a distribution.

    Raises:
        WhichtaskError: a wrong size, an entry that is negative or not finite, or a part that does not add up to 1.
    """
    for number, part in enumerate(split(z, parts)):
        if not bool(torch.isfinite(part).all()) or bool((part < -ROUNDING).any()):
            raise WhichtaskError(f"part {number} of Z holds {float(part.min()):.4g}; allowed are values of 0 to 1")
        total = part.sum(dim=1)
        if bool(((total - 1).abs() > ROUNDING).any()):
            worst = float(total[(total - 1).abs().argmax()])
            raise WhichtaskError(f"part {number} of Z adds up to {worst:.4g}; a distribution adds up to 1")
    return z
