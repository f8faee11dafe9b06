"""The example that the guide shows must run as it stands."""

import re
from pathlib import Path
from typing import Any

import torch

from whichtask.gbi import check_abstraction
from whichtask.seeding import torch_generator

ROOT = Path(__file__).parents[2]


def test_the_example_runs() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/gbi.md").read_text(encoding="utf-8"), re.S)
    generator = torch_generator("example")
    means = torch.randn(10, 6, generator=generator)

    class Model(torch.nn.Module):
        def forward(self, x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
            return z @ means

    names: dict[str, Any] = {"model": Model()}
    for part in ("", "_val"):
        names[f"y{part}"] = torch.randint(10, (40,), generator=generator)
        names[f"x{part}"] = means[names[f"y{part}"]] + 0.1 * torch.randn(40, 6, generator=generator)
    exec(code, names)  # noqa: S102  # the project's own page
    for z in (names["posterior"], names["optimised"]):
        check_abstraction(z, 10)
        assert (z.argmax(dim=1) == names["y"]).float().mean() > 0.8
