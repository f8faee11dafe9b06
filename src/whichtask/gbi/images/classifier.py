"""The canonical classifier: the autoencoder's encoder with a linear head, with or without dropout."""

import torch
from torch import Tensor, nn

from whichtask.config.gbi.inference import AutoencoderSettings
from whichtask.gbi.autoencoder import encoder_layers
from whichtask.gbi.images.data import Labelled

CHUNK = 1_000
"""Images in one pass of inference."""


class Classifier(nn.Module):
    """Encoder, code, linear head; build it inside ``seeding.seeded``.

    Args:
        shape: height, width and channels of an image.
        classes: number of classes.
        settings: of the autoencoder whose encoder it shares.
    """

    def __init__(self, shape: tuple[int, int, int], classes: int, settings: AutoencoderSettings) -> None:
        super().__init__()
        self.channels = settings.channels[-1]
        layers = list(encoder_layers(shape, settings.channels, settings.code))
        self.convolutions = nn.Sequential(*layers[:-2])
        self.code = nn.Sequential(*layers[-2:])
        self.head = nn.Linear(settings.code, classes)

    def forward(self, images: Tensor, keep: Tensor | None = None) -> Tensor:
        """Return logits [B, classes] of images; ``keep`` [B, channels] multiplies the last feature maps."""
        maps = self.convolutions(images)
        if keep is not None:
            maps = maps * keep[:, :, None, None]
        logits: Tensor = self.head(self.code(maps))
        return logits

    def features(self, images: Tensor) -> Tensor:
        """Return the mean of each of the last feature maps, [B, channels], as in Lee et al. 2018."""
        maps: Tensor = self.convolutions(images)
        return maps.mean(dim=(2, 3))


def dropout_mask(count: int, channels: int, share: float, generator: torch.Generator, device: torch.device) -> Tensor:
    """Draw which of the feature maps are kept, [count, channels]: 0, or 1 / (1 - share)."""
    kept = torch.rand(count, channels, generator=generator) >= share
    return (kept / (1 - share)).to(device)


@torch.no_grad()
def logits_of(classifier: Classifier, images: Tensor) -> Tensor:
    """Return the logits [N, classes] of any number of images."""
    return torch.cat([classifier(chunk) for chunk in images.split(CHUNK)])


@torch.no_grad()
def features_of(classifier: Classifier, images: Tensor) -> Tensor:
    """Return the features [N, channels] of any number of images."""
    return torch.cat([classifier.features(chunk) for chunk in images.split(CHUNK)])


@torch.no_grad()
def dropout_probabilities(
    classifier: Classifier, images: Tensor, share: float, draws: int, generator: torch.Generator
) -> Tensor:
    """Return class probabilities [N, classes], averaged over draws of dropout (Gal and Ghahramani 2016)."""
    total = 0.0 * logits_of(classifier, images)
    for _ in range(draws):
        keep = dropout_mask(len(images), classifier.channels, share, generator, images.device)
        parts = zip(images.split(CHUNK), keep.split(CHUNK), strict=True)
        total += torch.cat([classifier(chunk, kept).softmax(dim=1) for chunk, kept in parts])
    return total / draws


def accuracy(classifier: Classifier, part: Labelled) -> float:
    """Return the share of images whose largest logit is that of their class."""
    return float((logits_of(classifier, part.images).argmax(dim=1) == part.labels).double().mean())
