"""What all networks share: features and a linear head, and two operations on finished modules."""

import copy
from abc import ABC, abstractmethod
from typing import TypeVar, cast

import torch
from torch import Tensor, nn

Module = TypeVar("Module", bound=nn.Module)


class Network(nn.Module, ABC):
    """An image network that is a linear head on features.

    Attributes:
        feature_dim: number of features D.
        head: ``nn.Linear(D, n_outputs)``. Subclasses make it last, so that one seed draws the same backbone whatever
            the number of outputs.
    """

    feature_dim: int
    head: nn.Linear

    @abstractmethod
    def features(self, images: Tensor) -> Tensor:
        """Return the penultimate activations [B, D] of images [B, C, H, W] (float)."""

    def forward(self, images: Tensor) -> Tensor:
        """Return logits [B, n_outputs] of images [B, C, H, W] (float)."""
        logits: Tensor = self.head(self.features(images))
        return logits


def scaled(size: int, width: float) -> int:
    """Return a layer size times a width factor, rounded as the authors do (``models/resnet.py``), but at least 1."""
    return max(1, round(size * width))


def parameter_count(module: nn.Module) -> int:
    """Return the number of learnable scalars in a module."""
    return sum(parameter.numel() for parameter in module.parameters())


def without_running_stats(module: Module) -> Module:
    """Copy a module so that its batch normalisation always uses the statistics of the batch and stores none.

    An unrolled inner loop calls its network as a pure function (``torch.func.functional_call``); running statistics
    would be written in place, which neither the second pass of gradient checkpointing nor ``torch.func`` tolerates.

    Returns:
        A deep copy with the same parameters and no batch-norm buffers. It ignores train and eval mode in its norms.
    """
    return cast(Module, torch.func.replace_all_batch_norm_modules_(copy.deepcopy(module)))
