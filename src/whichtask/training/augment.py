"""The augmentations of SimCLR (Chen et al. 2020, appendix A, without blur), through kornia, for a batch on the device.

Every image has its own draw of crop, flip, jitter factors and grey; only the order of the four colour operations is one
for the whole batch. Parameters are drawn on the CPU, so a seed means the same draws on every device.
"""

import kornia.augmentation as K
import torch
from torch import Tensor, nn

from whichtask.config import SimclrSettings
from whichtask.errors import WhichtaskError
from whichtask.seeding import Key, seeded
from whichtask.training.images import ImageBank

ALL = "all"
"""The full set in SimCLR's order, each part with SimCLR's probability."""
SINGLE = ("crop", "flip", "colour_jitter", "grey")
ASPECT = (3 / 4, 4 / 3)


def names_for(channels: int) -> tuple[str, ...]:
    """Return the names of the augmentations that change images with so many channels, the full set last.

    Turning a grey image (one channel) grey is no change.
    """
    return (*(name for name in SINGLE if name != "grey" or channels > 1), ALL)


def augmentation(name: str, settings: SimclrSettings, shape: tuple[int, int, int]) -> nn.Module:
    """Return a module that maps images [B, C, H, W], float in 0..1, to augmented ones of the same size.

    The four single augmentations are applied to every image (so that flip rates compare what they do and not how often
    they are drawn), the full set with SimCLR's probabilities: flip 0.5, jitter 0.8, grey 0.2. The jitter draws factors
    of brightness, contrast and saturation from 1 - 0.8 s .. 1 + 0.8 s and a hue shift of at most 0.2 s turns, s being
    ``settings.colour``; a grey image has brightness and contrast only.

    Args:
        name: "crop", "flip", "colour_jitter", "grey" or ``ALL``.
        settings: strength of crop and colour.
        shape: (H, W, C) of the images.

    Raises:
        WhichtaskError: no such augmentation.
    """
    if name == ALL:
        chances = {"crop": 1.0, "flip": 0.5, "colour_jitter": 0.8, "grey": 0.2}
        return nn.Sequential(*(_single(part, settings, shape, chances[part]) for part in names_for(shape[2])[:-1]))
    if name not in SINGLE:
        raise WhichtaskError(f"unknown augmentation {name!r}; allowed: {', '.join((*SINGLE, ALL))}")
    return _single(name, settings, shape, 1.0)


def _single(name: str, settings: SimclrSettings, shape: tuple[int, int, int], chance: float) -> nn.Module:
    height, width, channels = shape
    strength, part = settings.colour, nn.Module()
    match name:
        case "crop":
            # Without aligned corners it is torchvision's resized crop.
            part = K.RandomResizedCrop((height, width), (settings.crop, 1.0), ASPECT, align_corners=False)
        case "flip":
            part = K.RandomHorizontalFlip(p=chance)
        case "colour_jitter":
            saturation, hue = (0.8 * strength, 0.2 * strength) if channels > 1 else (0.0, 0.0)
            part = K.ColorJitter(0.8 * strength, 0.8 * strength, saturation, hue, p=chance)
        case "grey":
            part = K.RandomGrayscale(p=chance) if channels > 1 else nn.Identity()
    return part


@torch.no_grad()
def augmented(bank: ImageBank, indices: Tensor, augment: nn.Module, seed: tuple[Key, ...]) -> Tensor:
    """Return one augmented view of images, normalised exactly as ``ImageBank.batch`` normalises plain ones.

    Args:
        bank: all images.
        indices: [B].
        augment: what ``augmentation`` returned.
        seed: what the draws are for; the same path gives the same views.

    Returns:
        float [B, C, H, W].
    """
    with seeded(*seed):
        views: Tensor = augment(bank.pixels[indices].to(bank.mean.dtype) / 255)
    return (views * 255 - bank.mean) / bank.std
