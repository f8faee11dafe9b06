"""What is measured of one network, and of the class means that stand for a decoder without a code."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from whichtask.config.gbi.inference import InferenceSettings
from whichtask.gbi.abstraction import maximum_entropy, one_hot
from whichtask.gbi.gated.network import GatedAutoencoder
from whichtask.gbi.inference import Loss, enumerate_losses, gradient_at, iterate, predict

BATCH = 2_000
"""Images of one forward pass of inference."""


class Reliance(NamedTuple):
    """Mean squared error with the right Z, with the Z of another image, and at the maximum-entropy point."""

    given: float
    permuted: float
    uniform: float

    @property
    def relative_rise(self) -> float:
        """Rise of the error when Z is permuted between images, relative to the error with the right Z."""
        return self.permuted / self.given - 1


def in_batches(measure: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """Apply a function of images [B, D] to many images, and join its results."""
    return torch.cat([measure(part) for part in images.split(BATCH)])


def gradients(model: GatedAutoencoder, images: Tensor) -> Tensor:
    """Return the gradient of the loss at the maximum-entropy point, [N, K]."""

    def gradient(part: Tensor) -> Tensor:
        start = maximum_entropy(len(part), model.tasks, dtype=part.dtype, device=part.device)
        return gradient_at(model.loss(part), start)[1]

    return in_batches(gradient, images)


def losses(model: GatedAutoencoder, images: Tensor) -> Tensor:
    """Return the loss of every class given as Z, [N, K]."""
    return in_batches(lambda part: enumerate_losses(model.loss(part), len(part), model.tasks, part), images)


def iterated(model: GatedAutoencoder, images: Tensor, settings: InferenceSettings) -> Tensor:
    """Return Z [N, K] after iterative optimisation from the maximum-entropy point."""

    def optimise(part: Tensor) -> Tensor:
        return iterate(model.loss(part), part.new_zeros(len(part), model.tasks), settings)[settings.steps]

    return in_batches(optimise, images)


@torch.no_grad()
def reliance(model: GatedAutoencoder, images: Tensor, labels: Tensor, generator: torch.Generator) -> Reliance:
    """Measure how much the reconstruction relies on Z.

    Args:
        model: the network.
        images: [N, D].
        labels: int64 [N], their classes.
        generator: draws the permutation.
    """
    z = one_hot(labels, model.tasks, images.dtype)
    order = torch.randperm(len(labels), generator=generator).to(labels.device)
    uniform = maximum_entropy(len(labels), model.tasks, dtype=images.dtype, device=images.device)

    def error(abstraction: Tensor) -> float:
        parts = zip(images.split(BATCH), abstraction.split(BATCH), strict=True)
        return float(torch.cat([model.loss(part)(given) for part, given in parts]).mean())

    return Reliance(error(z), error(z[order]), error(uniform))


def accuracy(values: Tensor, labels: Tensor) -> float:
    """Return the share of rows [N, K] whose largest entry is at the label [N]."""
    return float((predict(values) == labels).double().mean())


def class_means(images: Tensor, labels: Tensor, classes: int) -> Tensor:
    """Return the mean image of each class, [K, D]; that of a class without images is the mean of all."""
    total = images.new_zeros(classes, images.shape[1]).index_add(0, labels, images)
    count = torch.bincount(labels, minlength=classes)[:, None]
    return torch.where(count > 0, total / count.clamp_min(1), images.mean(dim=0))


def mean_loss(means: Tensor, images: Tensor) -> Loss:
    """Return the loss of Z for the decoder that returns the class means [K, D] weighted by Z.

    In closed form, it is what a decoder without an image code learns.
    """
    return lambda z: (z @ means - images).square().sum(dim=1)


def of_means(means: Tensor, images: Tensor) -> tuple[Tensor, Tensor]:
    """Return gradients at the maximum-entropy point, and losses, [N, K] each, of the decoder of class means."""
    classes = len(means)

    def gradient(part: Tensor) -> Tensor:
        start = maximum_entropy(len(part), classes, dtype=part.dtype, device=part.device)
        return gradient_at(mean_loss(means, part), start)[1]

    def losses(part: Tensor) -> Tensor:
        return enumerate_losses(mean_loss(means, part), len(part), classes, part)

    return in_batches(gradient, images), in_batches(losses, images)


@torch.no_grad()
def reconstructed_means(model: GatedAutoencoder) -> Tensor:
    """Return what a network without a code decodes from each class, [K, D].

    As the entries of Z sum to 1, its decoder is the one of class means with these means: no other pass is needed.
    """
    z = torch.eye(model.tasks, dtype=model.weights.dtype, device=model.weights.device)
    return model.decode(z.new_ones(model.tasks, 1), z)
