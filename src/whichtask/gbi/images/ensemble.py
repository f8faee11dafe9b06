"""GBI with several decoders: an ensemble, or draws of dropout, whose one-step posteriors are averaged."""

from collections.abc import Sequence

import torch
from torch import Tensor

from whichtask.config.gbi.inference import AutoencoderSettings
from whichtask.gbi.abstraction import maximum_entropy
from whichtask.gbi.autoencoder import Autoencoder, reconstruction_loss, squared_error
from whichtask.gbi.images.classifier import CHUNK, dropout_mask
from whichtask.gbi.inference import gradient_at, one_step

RELU = 2
"""Where the rest of the decoder goes on after its first feature maps: a linear layer and its reshaping come before."""


class DropoutAutoencoder(Autoencoder):
    """An autoencoder of which the decoder's first feature maps can be dropped.

    Attributes:
        first_maps: how many there are.
    """

    def __init__(
        self, shape: tuple[int, int, int], tasks: int, settings: AutoencoderSettings, generator: torch.Generator
    ) -> None:
        super().__init__(shape, tasks, settings, generator)
        self.first_maps = settings.channels[-1]

    def decode(self, code: Tensor, z: Tensor, keep: Tensor | None = None) -> Tensor:
        """Return images; ``keep`` [B, channels] multiplies the decoder's first feature maps."""
        maps: Tensor = self.rest[:RELU](self.entry(self.first(code), z))
        if keep is not None:
            maps = maps * keep[:, :, None, None]
        images: Tensor = self.rest[RELU:](maps)
        return images

    def dropped_loss(self, images: Tensor, z: Tensor, keep: Tensor) -> Tensor:
        """Return the mean loss of a batch with some feature maps dropped."""
        return squared_error(self.decode(self.encode(images), z, keep), images).mean()


def start_gradients(model: Autoencoder, images: Tensor) -> tuple[Tensor, Tensor]:
    """Return the loss [N] and its gradient [N, K] at the maximum-entropy point, for any number of images."""
    found = [
        gradient_at(reconstruction_loss(model, chunk), maximum_entropy(len(chunk), model.tasks).to(chunk))
        for chunk in images.split(CHUNK)
    ]
    return torch.cat([loss for loss, _ in found]), torch.cat([gradient for _, gradient in found])


def dropout_gradients(
    model: DropoutAutoencoder, images: Tensor, share: float, draws: int, generator: torch.Generator
) -> Tensor:
    """Return the gradients at the maximum-entropy point for several draws of dropout, [draws, N, K].

    Each image has masks of its own; the code is computed once, as the encoder has no dropout.
    """
    with torch.no_grad():
        code = torch.cat([model.encode(chunk) for chunk in images.split(CHUNK)])
    found = []
    for _ in range(draws):
        keep = dropout_mask(len(images), model.first_maps, share, generator, images.device)
        parts = zip(images.split(CHUNK), code.split(CHUNK), keep.split(CHUNK), strict=True)
        found.append(torch.cat([_dropped_gradient(model, *part) for part in parts]))
    return torch.stack(found)


def _dropped_gradient(model: DropoutAutoencoder, images: Tensor, code: Tensor, keep: Tensor) -> Tensor:
    def loss(z: Tensor) -> Tensor:
        return squared_error(model.decode(code, z, keep), images)

    return gradient_at(loss, maximum_entropy(len(images), model.tasks).to(images))[1]


def mean_posterior(gradients: Sequence[Tensor] | Tensor, taus: Sequence[float]) -> Tensor:
    """Return the mean of one-step posteriors, [N, K]: an equal mixture of the networks.

    Args:
        gradients: [N, K] of each network or draw.
        taus: temperature of each.
    """
    posteriors = [one_step(gradient, tau) for gradient, tau in zip(gradients, taus, strict=True)]
    return torch.stack(posteriors).mean(dim=0)
