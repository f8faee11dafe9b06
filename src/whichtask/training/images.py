"""Images as the networks see them: uint8 on the device, normalised in the batch."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from whichtask.data import ImageSet


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
