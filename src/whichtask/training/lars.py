"""LARS (You et al. 2017, arXiv 1708.03888), as SimCLR uses it: each layer's step goes by the norm of its weights."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from whichtask.training.optimizers import eager


@eager
class Lars(torch.optim.Optimizer):
    """SGD with momentum whose step for each weight tensor w is scaled by trust |w| / |g|, g with weight decay.

    v <- m v + lr * trust * |w| / |g| * g and w <- w - v. Groups with ``adapt`` False (biases and norms) take plain
    momentum steps; give them no weight decay.

    Args:
        groups: parameter groups, dicts with ``params``, ``weight_decay`` and ``adapt``.
        lr: step size.
        momentum: m.
        trust: the trust coefficient (0.001 in both papers).
    """

    def __init__(self, groups: Iterable[dict[str, Any]], lr: float, momentum: float = 0.9, trust: float = 1e-3):
        super().__init__(groups, {"lr": lr, "momentum": momentum, "trust": trust, "weight_decay": 0.0, "adapt": True})
        for group in self.param_groups:
            for parameter in group["params"]:
                # Made now rather than at the first step, so that a state always has the same tensors.
                self.state[parameter] = {"velocity": torch.zeros_like(parameter)}

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Take one step along the gradients."""
        for group in self.param_groups:
            for parameter in group["params"]:
                velocity = self.state[parameter]["velocity"]
                velocity.mul_(group["momentum"]).add_(group["lr"] * _scaled(parameter, group))
                parameter.sub_(velocity)


def _scaled(parameter: nn.Parameter, group: dict[str, Any]) -> Tensor:
    """Return the gradient with weight decay, scaled by the layer's own step size."""
    slope: Tensor = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
    slope = slope + group["weight_decay"] * parameter
    if not group["adapt"] or parameter.norm() == 0 or slope.norm() == 0:
        return slope
    trusted: Tensor = group["trust"] * parameter.norm() / slope.norm() * slope
    return trusted
