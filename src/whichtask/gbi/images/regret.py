"""A variational autoencoder and its likelihood regret (Xiao et al. 2020), a score of being out of distribution.

The regret of an image is how much its evidence bound grows when its approximate posterior is optimised for it alone.
Xiao et al. optimise the encoder's weights for each image, or the posterior's mean and variance directly; here it is the
latter, which needs the decoder only and treats the images of a batch independently.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from whichtask.gbi.autoencoder import encoder_layers
from whichtask.seeding import Key, torch_generator
from whichtask.training.finite import require_finite
from whichtask.training.optimizers import Adam

EVALUATION_DRAWS = 16
"""Draws of the latent code behind each bound that a regret compares."""
REGRET_BATCH = 250
"""Images that pass through the decoder together: few enough to stay in a processor's cache."""


class VariationalAutoencoder(nn.Module):
    """Encoder to a Gaussian over the latent code, decoder to the mean of Gaussian pixels of one shared variance.

    The variance is the one of largest likelihood: in training that of each batch (Rybkin et al. 2021), afterwards the
    one that ``calibrate`` fixes. Build it inside ``seeding.seeded``.

    Args:
        shape: height, width and channels of an image.
        channels: of the encoder's layers, and backwards of the decoder's.
        latent: width of the latent code.
    """

    variance: Tensor

    def __init__(self, shape: tuple[int, int, int], channels: list[int], latent: int) -> None:
        super().__init__()
        self.latent = latent
        self.register_buffer("variance", torch.ones(()))
        self.encoder = encoder_layers(shape, channels, 2 * latent)
        height, width, depth = shape
        start = channels[-1], height // 2 ** len(channels), width // 2 ** len(channels)
        layers: list[nn.Module] = [nn.Linear(latent, math.prod(start)), nn.Unflatten(1, start)]
        for previous, following in zip(channels[::-1], [*channels[-2::-1], depth], strict=True):
            layers += [nn.ReLU(), nn.ConvTranspose2d(previous, following, 4, stride=2, padding=1)]
        self.decoder = nn.Sequential(*layers)

    def posterior(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log variance of the code, each [B, latent], of images [B, C, H, W] of 0 to 1."""
        mean, log_variance = self.encoder(images).chunk(2, dim=1)
        return mean, log_variance

    def parts(self, images: Tensor, mean: Tensor, log_variance: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Return squared error [B] of one draw of the code, and the divergence [B] of its posterior from the prior."""
        output = self.decoder(mean + noise * (log_variance / 2).exp())
        divergence = (mean.square() + log_variance.exp() - log_variance - 1).sum(dim=1) / 2
        return (output - images).square().flatten(1).sum(dim=1), divergence

    def bound(self, images: Tensor, mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
        """Return the evidence bound of each image, [B] nats, from one draw of the code; ``noise`` is [B, latent]."""
        error, divergence = self.parts(images, mean, log_variance, noise)
        pixels = images[0].numel()
        return -error / (2 * self.variance) - pixels / 2 * (2 * math.pi * self.variance).log() - divergence

    def loss(self, images: Tensor, noise: Tensor) -> Tensor:
        """Return minus the mean bound of a batch at its own best variance, up to a constant."""
        error, divergence = self.parts(images, *self.posterior(images), noise)
        pixels = images[0].numel()
        return pixels / 2 * (error.mean() / pixels).log() + divergence.mean()

    @torch.no_grad()
    def calibrate(self, images: Tensor, generator: torch.Generator) -> None:
        """Fix the variance to the mean squared error of images [N, C, H, W]."""
        mean, log_variance = self.posterior(images)
        error, _ = self.parts(images, mean, log_variance, noise_like(mean, generator))
        self.variance.copy_(error.mean() / images[0].numel())


@torch.no_grad()
def mean_bound(
    model: VariationalAutoencoder, images: Tensor, mean: Tensor, log_variance: Tensor, generator: torch.Generator
) -> Tensor:
    """Return the bound [B] averaged over ``EVALUATION_DRAWS``."""
    total = images.new_zeros(len(images))
    for _ in range(EVALUATION_DRAWS):
        batches = _batches(images, mean, log_variance, noise_like(mean, generator))
        total += torch.cat([model.bound(*batch) for batch in batches])
    return total / EVALUATION_DRAWS


def likelihood_regret(
    model: VariationalAutoencoder, images: Tensor, steps: int, learning_rate: float, key: tuple[Key, ...]
) -> Tensor:
    """Return the regret of each image, [B] nats; the larger, the less it fits.

    Args:
        model: trained.
        images: [B, C, H, W].
        steps: of Adam on mean and log variance, from the encoder's.
        learning_rate: its step size.
        key: names the draws. Both bounds take the same ones, so that a posterior that does not move has no regret.
    """
    with torch.no_grad():
        start = model.posterior(images)
    moved = [part.clone().requires_grad_() for part in start]
    optimizer = Adam(moved, lr=learning_rate)
    generator = torch_generator("gbi regret", *key, "steps")
    for _ in range(steps):
        optimizer.zero_grad()
        for batch in _batches(images, *moved, noise_like(moved[0], generator)):
            loss = -model.bound(*batch).sum()
            loss.backward(inputs=moved)  # only the posterior's gradient: the weights must not gather theirs
        optimizer.step()
    before, after = (
        mean_bound(model, images, mean.detach(), log_variance.detach(), torch_generator("gbi regret", *key, "bound"))
        for mean, log_variance in (start, moved)
    )
    require_finite([before, after], "posteriors of images", "its learning_rate", learning_rate)
    return after - before


def _batches(*tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
    return zip(*(tensor.split(REGRET_BATCH) for tensor in tensors), strict=True)


def noise_like(mean: Tensor, generator: torch.Generator) -> Tensor:
    """Draw standard normal noise of the shape of a code, from a CPU generator."""
    return torch.randn(mean.shape, generator=generator).to(mean)
