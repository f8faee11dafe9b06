"""What an inner problem draws anew: batches to learn from, and the weights that its two networks start from."""

import numpy as np
import torch
from torch import Tensor

from whichtask.config import NetworkSpec
from whichtask.discovery.inner import Pair, Weights
from whichtask.networks import build
from whichtask.seeding import Key, numpy_generator
from whichtask.training import ImageBank


def inner_batches(images: Tensor, steps: int, size: int, *seed: Key) -> Tensor:
    """Draw inner batches, one for both networks at each step: no image twice while there are enough.

    Args:
        images: [n] image indices to draw from.
        steps: number T of inner steps; the first batches do not depend on it.
        size: images B in a batch.
        seed: what the draw is for.

    Returns:
        Image indices, [T, 1, B], as ``InnerProblem`` has its batches.
    """
    generator = numpy_generator(*seed)
    passes = -(-steps * size // len(images))
    order = np.concatenate([generator.permutation(len(images)) for _ in range(passes)])[: steps * size]
    return images[torch.from_numpy(order).to(images.device)].reshape(steps, 1, size)


def fresh_pair(spec: NetworkSpec, bank: ImageBank, classes: int, *seed: Key) -> Pair:
    """Draw the weights of two networks for the images of a bank, on its device."""

    def weights(member: int) -> Weights:
        network = build(spec, bank.shape, classes, seed=(*seed, member))
        return {name: value.detach().to(bank.pixels.device) for name, value in network.named_parameters()}

    return weights(0), weights(1)
