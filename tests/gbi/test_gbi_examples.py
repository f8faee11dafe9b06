"""The examples that README and guide show must run as they stand."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch

from whichtask.gbi import check_abstraction
from whichtask.seeding import torch_generator

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("page", ["README.md", "docs/gbi.md"])
def test_the_example_runs(page: str) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.S)
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
    optimised = names["z"] if "z" in names else names["optimised"]
    for z in (names["posterior"], optimised):
        check_abstraction(z, 10)
        assert (z.argmax(dim=1) == names["y"]).float().mean() > 0.8
