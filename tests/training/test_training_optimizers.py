"""Our optimisers take torch's steps, bit for bit, and do not import its compiler."""

import subprocess
import sys
from typing import Any

import pytest
import torch
from torch import nn

from whichtask.training.optimizers import SGD, Adam, AdamW


def _fitted(kind: Any, options: dict[str, Any]) -> list[torch.Tensor]:
    weights = nn.Parameter(torch.linspace(-1, 1, 12).reshape(3, 4))
    scale = nn.Parameter(torch.ones(4))
    optimizer = kind([{"params": [weights]}, {"params": [scale], "lr": 0.02}], lr=0.01, **options)
    for step in range(10):
        if step == 5:  # stopped and taken up again
            state = optimizer.state_dict()
            optimizer = kind([weights, scale], lr=0.01, **options)
            optimizer.add_param_group({"params": [nn.Parameter(torch.zeros(1))]})
            optimizer = kind([{"params": [weights]}, {"params": [scale], "lr": 0.02}], lr=0.01, **options)
            optimizer.load_state_dict(state)
        optimizer.zero_grad()
        (weights @ scale - 1).square().sum().backward()
        optimizer.step()
    return [weights.detach(), scale.detach()]


@pytest.mark.parametrize(
    ("ours", "theirs", "options"),
    [
        (Adam, torch.optim.Adam, {}),
        (Adam, torch.optim.Adam, {"fused": True, "weight_decay": 0.1}),
        (Adam, torch.optim.Adam, {"betas": (0.5, 0.9)}),
        (AdamW, torch.optim.AdamW, {"weight_decay": 0.1}),
        (SGD, torch.optim.SGD, {}),
        (SGD, torch.optim.SGD, {"momentum": 0.9, "weight_decay": 0.01}),
    ],
)
def test_steps_are_torchs_own(ours: Any, theirs: Any, options: dict[str, Any]) -> None:
    for one, other in zip(_fitted(ours, options), _fitted(theirs, options), strict=True):
        assert torch.isfinite(one).all()
        assert torch.equal(one, other)


def test_the_compiler_is_not_imported() -> None:
    code = """
import sys, torch
from whichtask.training.optimizers import SGD, Adam, AdamW
for kind in (Adam, AdamW, SGD):
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = kind([weight], lr=0.1)
    optimizer.zero_grad()
    weight.sum().backward()
    optimizer.step()
    optimizer.load_state_dict(optimizer.state_dict())
assert "torch._dynamo" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
