"""Adam's moments as named tensors, so that they can be saved without pickle and continued bit for bit."""

import torch
from torch import Tensor

State = dict[str, Tensor]


def start_adam(optimizer: torch.optim.Adam) -> None:
    """Make Adam's moments now rather than at its first step, so that a state always has the same tensors."""
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            optimizer.state[parameter] = {
                "step": torch.zeros((), dtype=torch.float32, device=parameter.device),
                "exp_avg": torch.zeros_like(parameter),
                "exp_avg_sq": torch.zeros_like(parameter),
            }


def _moments(optimizer: torch.optim.Adam) -> list[State]:
    return [optimizer.state[parameter] for group in optimizer.param_groups for parameter in group["params"]]


def adam_state(optimizer: torch.optim.Adam, prefix: str) -> State:
    """Return the moments of every parameter as named tensors (views, not copies)."""
    moments = enumerate(_moments(optimizer))
    return {f"{prefix}/{i}/{name}": tensor for i, entry in moments for name, tensor in entry.items()}


def load_adam(optimizer: torch.optim.Adam, state: State, prefix: str) -> None:
    """Copy back what ``adam_state`` returned; the optimizer must have been started."""
    for i, entry in enumerate(_moments(optimizer)):
        for name, tensor in entry.items():
            tensor.copy_(state[f"{prefix}/{i}/{name}"])
