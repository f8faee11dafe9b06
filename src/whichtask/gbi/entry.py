"""How Z enters a network: beside a layer's features, added to them, or gating them."""

from typing import Literal

import torch
from torch import Tensor, nn

from whichtask.errors import WhichtaskError

EntryKind = Literal["concatenated", "additive", "multiplicative", "bernoulli"]


class Entry(nn.Module):
    """Join features [B, F] and Z [B, K].

    Args:
        kind: ``concatenated``: [h, z]; ``additive``: h + z W; ``multiplicative``: h * (z M) with a learned M that
            starts at 1 with small noise; ``bernoulli``: the same with a fixed 0/1 mask, as in the first author's
            other code.
        features: F.
        tasks: K, the number of entries of Z.
        generator: draws the mask and the noise.
        share: probability that a unit of the fixed mask is open.

    Attributes:
        out_features: width of the result: F, or F + K when concatenated.
    """

    matrix: Tensor

    def __init__(
        self, kind: EntryKind, features: int, tasks: int, generator: torch.Generator, share: float = 0.3
    ) -> None:
        super().__init__()
        self.kind, self.tasks = kind, tasks
        self.out_features = features + tasks if kind == "concatenated" else features
        if kind == "additive":
            self.matrix = nn.Parameter(torch.randn(tasks, features, generator=generator) / features**0.5)
        elif kind == "multiplicative":
            self.matrix = nn.Parameter(1 + 0.1 * torch.randn(tasks, features, generator=generator))
        elif kind == "bernoulli":
            mask = (torch.rand(tasks, features, generator=generator) < share).float()
            self.register_buffer("matrix", mask)

    def forward(self, features: Tensor, z: Tensor) -> Tensor:
        """Return [B, out_features].

        Raises:
            WhichtaskError: Z does not have K entries.
        """
        if z.shape[-1] != self.tasks:
            raise WhichtaskError(f"Z has {z.shape[-1]} entries; this network was built for {self.tasks}")
        if self.kind == "concatenated":
            return torch.cat([features, z], dim=-1)
        projected = z @ self.matrix
        return features + projected if self.kind == "additive" else features * projected
