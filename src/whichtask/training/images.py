"""Images as the networks see them: uint8 on the device, normalised in the batch, divided once by a seed."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from whichtask.config import DataSettings
from whichtask.errors import WhichtaskError
from whichtask.seeding import numpy_generator

if TYPE_CHECKING:
    from whichtask.data import ImageSet

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ImageBank:
    """All images of a set on one device, without a data loader in the hot path."""

    pixels: Tensor
    """uint8 [N, C, H, W] in channels-last memory format; training images first, then test images."""
    mean: Tensor
    """float [C, 1, 1], of the training images, in grey levels (0 to 255)."""
    std: Tensor
    """float [C, 1, 1], likewise."""
    images_sha256: str | None = None
    """The digest of the image set, where there is one."""

    @classmethod
    def of(cls, images: "ImageSet", device: torch.device | str = "cpu") -> "ImageBank":
        """Put an image set on a device."""
        pixels = torch.from_numpy(images.images).permute(0, 3, 1, 2).to(device)
        mean, std = (torch.tensor(part * 255, dtype=torch.float32).reshape(-1, 1, 1) for part in images.mean_std())
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        return cls(pixels, mean.to(device), std.to(device), images.sha256)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of one image."""
        _, channels, height, width = self.pixels.shape
        return height, width, channels

    def batch(self, indices: Tensor) -> Tensor:
        """Return images [B, C, H, W] at ``indices`` [B], float, each channel with mean 0 and s.d. 1 over the set."""
        return (self.pixels[indices].to(self.mean.dtype) - self.mean) / self.std


@dataclass(frozen=True)
class Division:
    """Disjoint parts of the training images of a data set, as indices into it."""

    train: Indices
    """Networks and tasks learn from these."""
    heldout: Indices
    """Agreement is scored on these; discovery does not see them."""
    discovery_heldout: Indices
    """The proxy of the meta-optimisation is measured on these."""


def divide(n_train: int, settings: DataSettings) -> Division:
    """Divide the training images of a data set into three disjoint parts by a seed.

    Both held-out parts come first in the permutation, so that they stay the same whatever ``train_images`` is.

    Raises:
        WhichtaskError: the data set has too few images.
    """
    held, inner = settings.heldout_images, settings.discovery_heldout_images
    left = n_train - held - inner
    wanted = left if settings.train_images is None else settings.train_images
    if left < max(wanted, 1):
        raise WhichtaskError(
            f"{settings.name} has {n_train} training images, too few for data.train_images = "
            f"{settings.train_images or 'all that are left'} beside heldout_images = {held} and "
            f"discovery_heldout_images = {inner}"
        )
    order = numpy_generator("division", settings.split_seed).permutation(n_train)
    return Division(order[held + inner :][:wanted], order[:held], order[held : held + inner])
