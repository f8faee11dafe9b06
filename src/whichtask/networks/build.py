"""From settings to a network."""

from typing import assert_never

from whichtask.config.networks import CnnSpec, ImageShape, MlpSpec, NetworkSpec, ResNetSpec, VitSpec
from whichtask.networks.base import Network
from whichtask.networks.cnn import Cnn
from whichtask.networks.mlp import Mlp
from whichtask.networks.resnet import ResNet18
from whichtask.networks.vit import Vit
from whichtask.seeding import Key, seeded


def build(spec: NetworkSpec, image_shape: ImageShape, n_outputs: int, *, seed: tuple[Key, ...]) -> Network:
    """Build a network with freshly drawn weights, on the CPU, in float32 and train mode.

    Args:
        spec: architecture and options.
        image_shape: (H, W, C) of the images it will see; the network itself takes [B, C, H, W].
        n_outputs: number of logits.
        seed: what the draw is for, for ``seeding.seeded``; the same path gives the same weights, bit for bit, and
            does not touch torch's global generator.

    Raises:
        WhichtaskError: the architecture does not admit images of this shape.
    """
    spec.check_image(image_shape)
    spec = spec.fitted(image_shape)
    options = spec.model_dump(exclude={"arch"})
    with seeded(*seed):
        match spec:
            case CnnSpec():
                return Cnn(image_shape, n_outputs, **options)
            case MlpSpec():
                return Mlp(image_shape, n_outputs, **options)
            case ResNetSpec():
                return ResNet18(image_shape, n_outputs, **options)
            case VitSpec():
                return Vit(image_shape, n_outputs, **options)
            case _:
                assert_never(spec)
