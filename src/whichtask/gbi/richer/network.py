"""An autoencoder whose decoder takes Z as it is or through a learned embedding, with a layer that can combine parts."""

import math

import torch
from torch import Tensor, nn

from whichtask.config.gbi.richer import CodedSettings
from whichtask.gbi.autoencoder import reconstruction_loss, squared_error
from whichtask.gbi.entry import Entry
from whichtask.gbi.inference import Loss


class CodedAutoencoder(nn.Module):
    """Encoder and decoder of components; build it inside ``seeding.seeded`` so that its weights are reproducible.

    Args:
        components: number D of the images' components.
        entries: number K of the entries of Z.
        settings: widths, noise, and how Z enters.
        generator: draws the matrices of Z's entry and of the embedding.
        embedded: whether Z chooses learned vectors, ``z E``, that enter instead of Z.
    """

    def __init__(
        self,
        components: int,
        entries: int,
        settings: CodedSettings,
        generator: torch.Generator,
        *,
        embedded: bool = False,
    ) -> None:
        super().__init__()
        self.code, self.noise, width = settings.code, settings.noise, settings.hidden
        self.encoder = nn.Sequential(
            nn.Linear(components, settings.encoder), nn.ReLU(), nn.Linear(settings.encoder, settings.code)
        )
        self.embedding: nn.Parameter | None = None
        if embedded:
            # As spread as the entries of a one-hot Z: each embedding has a length of about 1.
            start = torch.randn(entries, settings.embedding, generator=generator) / math.sqrt(settings.embedding)
            self.embedding = nn.Parameter(start)
        self.first = nn.Sequential(nn.Linear(settings.code, width), nn.ReLU())
        self.entry = Entry(settings.entry, width, settings.embedding if embedded else entries, generator)
        self.rest = nn.Sequential(
            nn.Linear(self.entry.out_features, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU()
        )
        self.last = nn.Linear(width, components)

    def encode(self, images: Tensor) -> Tensor:
        """Return the code [B, code] of images [B, D], its entries with a mean square of 1."""
        code: Tensor = self.encoder(images)
        return nn.functional.normalize(code, dim=1) * math.sqrt(self.code)

    def decode(self, code: Tensor, z: Tensor) -> Tensor:
        """Return images [B, D] from codes [B, code] and Z [B, K]."""
        entering = z if self.embedding is None else z @ self.embedding
        images: Tensor = self.last(self.rest(self.entry(self.first(code), entering)))
        return images

    def training_loss(self, images: Tensor, z: Tensor, generator: torch.Generator) -> Tensor:
        """Return the mean squared error, summed over components, with noise on the code from a CPU generator."""
        code = self.encode(images)
        code = code + self.noise * torch.randn(code.shape, generator=generator).to(code.device)
        return squared_error(self.decode(code, z), images).mean()

    def loss(self, images: Tensor) -> Loss:
        """Return the loss of Z on images [B, D]: their squared error; they are encoded once, without noise."""
        return reconstruction_loss(self, images)
