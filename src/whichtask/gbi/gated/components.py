"""Images as principal components of their pixels: an orthonormal basis, so squared errors in it are pixel errors."""

from dataclasses import dataclass

import torch
from torch import Tensor

from whichtask.errors import WhichtaskError

CHUNK = 4_096
"""Images turned to floats at a time."""


@dataclass(frozen=True)
class Components:
    """The basis in which images are reconstructed. It is fixed before anything is trained and does not know labels."""

    mean: Tensor
    """float [P], the mean training image, values of 0 to 1."""
    basis: Tensor
    """float [P, D], orthonormal columns, from the direction of the largest variance on."""
    variances: Tensor
    """float [D], of the training images along them."""
    total: float
    """Variance of the training images, summed over all pixels."""

    @classmethod
    def of(cls, pixels: Tensor, count: int) -> "Components":
        """Take the basis from training images.

        Args:
            pixels: uint8 [N, ...], training images.
            count: number of components D.

        Raises:
            WhichtaskError: there are fewer pixels than that.
        """
        size = pixels[0].numel()
        if count > size:
            raise WhichtaskError(f"components = {count}, but an image has {size} values; give {size} or fewer")
        mean = pixels.new_zeros(size, dtype=torch.float32)
        for part in pixels.split(CHUNK):
            mean += _flat(part).sum(dim=0) / len(pixels)
        covariance = torch.zeros(size, size, device=pixels.device)
        for part in pixels.split(CHUNK):
            centred = _flat(part) - mean
            covariance += centred.T @ centred / len(pixels)
        values, vectors = torch.linalg.eigh(covariance)
        # The sign of an eigenvector is a matter of the library: the largest entry is made positive.
        basis = vectors.flip(1)[:, :count]
        largest = basis.gather(0, basis.abs().argmax(dim=0, keepdim=True))
        return cls(mean, basis * largest.sign(), values.flip(0)[:count].clamp_min(0), float(values.sum()))

    def project(self, pixels: Tensor) -> Tensor:
        """Return the components [N, D] of images uint8 [N, ...]."""
        return torch.cat([(_flat(part) - self.mean) @ self.basis for part in pixels.split(CHUNK)])

    def weights(self, power: float) -> Tensor:
        """Return the variances to the power ``-power``, [D]; 0 is the metric of pixels, 1 of whitened ones."""
        return self.variances.clamp_min(1e-12).pow(-power)

    @property
    def share(self) -> float:
        """Share of the variance of the training images that the components hold."""
        return float(self.variances.sum()) / self.total


def _flat(pixels: Tensor) -> Tensor:
    return pixels.flatten(1).float() / 255
