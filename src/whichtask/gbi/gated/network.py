"""An autoencoder whose visual code is scarce and noisy and whose wide decoder layer takes Z.

After Z has entered, the decoder is linear: the squared error is a quadratic function of Z, in any metric.
"""

import math

import torch
from torch import Tensor, nn

from whichtask.config.gbi.cifar100 import GatedSettings
from whichtask.gbi.entry import Entry
from whichtask.gbi.inference import Loss


class GatedAutoencoder(nn.Module):
    """Encoder and decoder of components; build it inside ``seeding.seeded`` so that its weights are reproducible.

    Args:
        components: number D of the images' components.
        tasks: number K of the entries of Z.
        settings: widths, noise, and how Z enters.
        generator: draws the matrices of Z's entry.
        weights: [D], of the components' squared errors in the loss; None: 1 each.
    """

    weights: Tensor

    def __init__(
        self,
        components: int,
        tasks: int,
        settings: GatedSettings,
        generator: torch.Generator,
        weights: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.code, self.noise, self.tasks = settings.code, settings.noise, tasks
        self.encoder: nn.Module | None = None
        if settings.code:
            layers = [nn.Linear(components, settings.encoder), nn.ReLU(), nn.Linear(settings.encoder, settings.code)]
            self.encoder = nn.Sequential(*layers)
        self.first = nn.Sequential(nn.Linear(settings.code or 1, settings.hidden), nn.ReLU())
        self.entry = Entry(settings.entry, settings.hidden, tasks, generator, settings.share)
        self.last = nn.Linear(self.entry.out_features, components)
        self.register_buffer("weights", torch.ones(components) if weights is None else weights, persistent=False)

    def encode(self, images: Tensor) -> Tensor:
        """Return the code [B, code] of images [B, D], its entries with a mean square of 1; ones where there is none.

        Without a bound on its length a code would outgrow the noise.
        """
        if self.encoder is None:
            return images.new_ones(len(images), 1)
        code: Tensor = self.encoder(images)
        return nn.functional.normalize(code, dim=1) * math.sqrt(self.code)

    def decode(self, code: Tensor, z: Tensor) -> Tensor:
        """Return images [B, D] from codes [B, code] and Z [B, K]."""
        images: Tensor = self.last(self.entry(self.first(code), z))
        return images

    def error(self, reconstruction: Tensor, images: Tensor) -> Tensor:
        """Return the squared errors of components summed with their weights, [B]."""
        return ((reconstruction - images).square() * self.weights).sum(dim=1)

    def training_loss(self, images: Tensor, z: Tensor, generator: torch.Generator) -> Tensor:
        """Return the mean error, with noise on the code from a CPU generator."""
        code = self.encode(images)
        if self.encoder is not None and self.noise:
            code = code + self.noise * torch.randn(code.shape, generator=generator).to(code.device)
        return self.error(self.decode(code, z), images).mean()

    def loss(self, images: Tensor) -> Loss:
        """Return the loss of Z on images [B, D]: their error. What is before Z is computed once, without noise."""
        with torch.no_grad():
            features = self.first(self.encode(images))
        return lambda z: self.error(self.last(self.entry(features, z)), images)
