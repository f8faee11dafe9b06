"""An autoencoder whose decoder is told the task: encoder(image) -> code, decoder(code, Z) -> image.

The encoder never sees Z, so the reconstruction error as a function of Z asks the decoder only.
"""

import math
from typing import Protocol

import torch
from torch import Tensor, nn

from whichtask.config.gbi.inference import AutoencoderSettings
from whichtask.errors import WhichtaskError
from whichtask.gbi.entry import Entry
from whichtask.gbi.inference import Loss


def encoder_layers(shape: tuple[int, int, int], channels: list[int], out: int) -> nn.Sequential:
    """Return an encoder: a stride-2 convolution of side 4 and a ReLU for each entry of channels, then a linear layer.

    Args:
        shape: height, width and channels of an image.
        channels: of the layers.
        out: width of the result.

    Raises:
        WhichtaskError: the image's sides cannot be halved so often.
    """
    height, width, depth = shape
    halvings = 2 ** len(channels)
    if height % halvings or width % halvings:
        raise WhichtaskError(
            f"images of {height}x{width} cannot be halved {len(channels)} times (autoencoder.channels = {channels}); "
            "give fewer entries"
        )
    layers: list[nn.Module] = []
    for previous, following in zip([depth, *channels], channels, strict=False):
        layers += [nn.Conv2d(previous, following, 4, stride=2, padding=1), nn.ReLU()]
    features = channels[-1] * (height // halvings) * (width // halvings)
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(features, out))


class Autoencoder(nn.Module):
    """Encoder and decoder; build it inside ``seeding.seeded`` so that its weights are reproducible.

    Args:
        shape: height, width and channels of an image.
        tasks: number of entries of Z.
        settings: widths, and how Z enters.
        generator: draws the matrices of Z's entry.
    """

    def __init__(
        self, shape: tuple[int, int, int], tasks: int, settings: AutoencoderSettings, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.code, self.noise, self.tasks = settings.code, settings.noise, tasks
        # Without a code the decoder's first layer sees a constant, which leaves its bias only.
        self.encoder = encoder_layers(shape, settings.channels, settings.code) if settings.code else None
        code = settings.code or 1
        self.first: nn.Module = nn.Identity()
        if settings.hidden:
            self.first = nn.Sequential(nn.Linear(code, settings.hidden), nn.ReLU())
        self.entry = Entry(settings.entry, settings.hidden or code, tasks, generator)
        height, width, depth = shape
        halvings = 2 ** len(settings.channels)
        start = settings.channels[-1], height // halvings, width // halvings
        layers: list[nn.Module] = [nn.Linear(self.entry.out_features, math.prod(start)), nn.Unflatten(1, start)]
        backwards = settings.channels[::-1]
        for previous, following in zip(backwards, [*backwards[1:], depth], strict=True):
            layers += [nn.ReLU(), nn.ConvTranspose2d(previous, following, 4, stride=2, padding=1)]
        self.rest = nn.Sequential(*layers, nn.Sigmoid())

    def encode(self, images: Tensor) -> Tensor:
        """Return the code [B, code] of images [B, C, H, W] with values of 0 to 1; ones where there is no code."""
        if self.encoder is None:
            return images.new_ones(len(images), 1)
        code: Tensor = self.encoder(images)
        return code

    def decode(self, code: Tensor, z: Tensor) -> Tensor:
        """Return images [B, C, H, W] with values of 0 to 1."""
        images: Tensor = self.rest(self.entry(self.first(code), z))
        return images

    def forward(self, images: Tensor, z: Tensor) -> Tensor:
        """Reconstruct images, without noise on the code."""
        return self.decode(self.encode(images), z)

    def training_loss(self, images: Tensor, z: Tensor, noise: Tensor | None = None) -> Tensor:
        """Return the mean loss of a batch; ``noise`` [B, code] has unit variance."""
        code = self.encode(images)
        if noise is not None and self.code:
            code = code + self.noise * noise
        return squared_error(self.decode(code, z), images).mean()


class EncodesAndDecodes(Protocol):
    """A network that codes an image without Z and decodes the code with Z."""

    def encode(self, images: Tensor) -> Tensor:
        """Return the code of images."""
        ...

    def decode(self, code: Tensor, z: Tensor) -> Tensor:
        """Return images from codes and Z."""
        ...


def squared_error(reconstruction: Tensor, images: Tensor) -> Tensor:
    """Return the squared error summed over the pixels or components of each image, [B]."""
    return (reconstruction - images).square().flatten(1).sum(dim=1)


def reconstruction_loss(model: EncodesAndDecodes, images: Tensor) -> Loss:
    """Return the loss of Z on a batch of images: their squared error; they are encoded once, without noise."""
    with torch.no_grad():
        code = model.encode(images)
    return lambda z: squared_error(model.decode(code, z), images)
