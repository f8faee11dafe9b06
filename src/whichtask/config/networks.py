"""Typed settings of the networks, and whether an image size suits them: nothing here needs data or torch."""

import math
from typing import Annotated, Literal, Self

from pydantic import Field

from whichtask.config.base import Section
from whichtask.errors import WhichtaskError

ImageShape = tuple[int, int, int]


class _Spec(Section):
    """What the networks' settings share."""

    arch: str

    def minimum_size(self) -> int:
        """Return the smallest admissible image height and width in pixels."""
        return 1

    def fitted(self, shape: ImageShape | None) -> Self:
        """Return the settings with what follows from the shape (H, W, C) of the images; None: it is not known yet."""
        return self

    def check_image(self, shape: ImageShape) -> None:
        """Check that the network takes images of shape (H, W, C).

        Raises:
            WhichtaskError: the image is too small, or cannot be cut into patches.
        """
        height, width, _ = shape
        minimum = self.minimum_size()
        if min(height, width) < minimum:
            raise WhichtaskError(
                f"image too small: {height}x{width} pixels for the network {self.arch!r}, "
                f"which needs at least {minimum}x{minimum}"
            )


class CnnSpec(_Spec):
    """The small convolutional network of the laptop scale."""

    arch: Literal["cnn"] = Field("cnn", description="Three strided convolutions and one hidden layer.")
    width: int = Field(16, ge=1, description="Channels of the first convolution; the others have twice and four times.")
    hidden: int = Field(128, ge=1, description="Size of the hidden layer, whose activations are the features.")

    def minimum_size(self) -> int:
        """Return 8: each of the three convolutions halves a map of at least two pixels a side."""
        return 8


class MlpSpec(_Spec):
    """The papers' fully connected network."""

    arch: Literal["mlp"] = Field("mlp", description="Fully connected network with four hidden layers.")
    width: float = Field(1.0, gt=0, description="Factor on the hidden sizes 1024, 512, 256 and 64.")


class ResNetSpec(_Spec):
    """The papers' ResNet-18."""

    arch: Literal["resnet18"] = Field("resnet18", description="ResNet-18 with a 3x3 stem for small images.")
    width: float = Field(1.0, gt=0, description="Factor on the channels 64, 128, 256 and 512 of the four stages.")

    def minimum_size(self) -> int:
        """Return 8: each of the three strided stages halves a map of at least two pixels a side."""
        return 8


class VitSpec(_Spec):
    """The papers' vision transformer."""

    arch: Literal["vit"] = Field("vit", description="Vision transformer with a class token.")
    patch: int | None = Field(
        None,
        ge=1,
        description="Side of a square patch in pixels; it must divide image height and width. null: the largest that "
        "does and leaves at least 4 x 4 patches.",
    )
    dim: int = Field(256, ge=1, description="Size of a token.")
    depth: int = Field(6, ge=1, description="Number of transformer blocks.")
    heads: int = Field(6, ge=1, description="Number of attention heads in a block.")
    head_dim: int = Field(64, ge=1, description="Size of a query, key or value of one head.")
    mlp_dim: int = Field(256, ge=1, description="Hidden size of the feed-forward part of a block.")
    norm: Literal["batch", "layer"] = Field(
        "batch", description="Batch norm over images and tokens, as the paper's authors use, or the usual layer norm."
    )

    def minimum_size(self) -> int:
        """Return the side of one patch."""
        return self.patch or 1

    def fitted(self, shape: ImageShape | None) -> Self:
        """Return it with the largest patch that divides the sides and is at most a quarter of the smaller one."""
        if self.patch or not shape:
            return self
        height, width, _ = shape
        sides = range(1, max(1, min(height, width) // 4) + 1)
        return self.model_copy(update={"patch": max(side for side in sides if math.gcd(height, width) % side == 0)})

    def check_image(self, shape: ImageShape) -> None:
        """Check that images of shape (H, W, C) can be cut into patches.

        Raises:
            WhichtaskError: the image is smaller than a patch or no multiple of it.
        """
        super().check_image(shape)
        height, width, _ = shape
        common = math.gcd(height, width)
        if self.patch and common % self.patch:
            allowed = ", ".join(str(side) for side in range(1, common + 1) if common % side == 0)
            raise WhichtaskError(
                f"images of {height}x{width} pixels cannot be cut into patches of {self.patch}x{self.patch} "
                f"for the network 'vit'; allowed values of patch: {allowed}"
            )


NetworkSpec = Annotated[CnnSpec | MlpSpec | ResNetSpec | VitSpec, Field(discriminator="arch")]
"""One network and its options, chosen by ``arch``."""
