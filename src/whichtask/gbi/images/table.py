"""The MNIST table: accuracy and cost of each way to infer the class, on the same test images."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from whichtask.config.gbi.inference import InferenceSettings
from whichtask.gbi.abstraction import one_hot
from whichtask.gbi.autoencoder import Autoencoder, reconstruction_loss
from whichtask.gbi.images.baselines import (
    class_means,
    entropy_gradient,
    input_norms,
    mean_distances,
    weight_norms,
)
from whichtask.gbi.images.classifier import CHUNK, Classifier
from whichtask.gbi.images.data import Labelled, Parts
from whichtask.gbi.images.ensemble import start_gradients
from whichtask.gbi.inference import enumerate_losses, iterate, predict
from whichtask.seeding import torch_generator


class Method(NamedTuple):
    """One way to infer the class, and what it costs for one image."""

    name: str
    infer: Callable[[Tensor], Tensor]
    """From images [B, C, H, W] to predicted classes, int64 [B]."""
    forward: int
    """Forward passes; the paper counts these as model runs."""
    backward: int


class Compared(NamedTuple):
    """The networks of the table."""

    autoencoder: Autoencoder
    generative: Autoencoder
    """A decoder of Z alone."""
    matched: Classifier
    full: Classifier


def losses_of(model: Autoencoder, images: Tensor) -> Tensor:
    """Return the reconstruction error of every class given as one-hot, [N, K], for any number of images."""
    rows = [
        enumerate_losses(reconstruction_loss(model, chunk), len(chunk), model.tasks, like=chunk)
        for chunk in images.split(CHUNK)
    ]
    return torch.cat(rows)


def iterated(model: Autoencoder, images: Tensor, settings: InferenceSettings) -> Tensor:
    """Return Z [N, K] after iterating from the maximum-entropy point, for any number of images."""
    rows = [
        iterate(reconstruction_loss(model, chunk), chunk.new_zeros(len(chunk), model.tasks), settings)[settings.steps]
        for chunk in images.split(CHUNK)
    ]
    return torch.cat(rows)


def methods(networks: Compared, parts: Parts, iterative: InferenceSettings) -> list[Method]:
    """Return the rows of the table in its order; names are those of the table."""
    model, classes = networks.autoencoder, parts.classes
    means = class_means(*parts.train, classes)
    return [
        Method("classifier, matched", lambda x: networks.matched(x).argmax(dim=1), 1, 0),
        Method("classifier, full", lambda x: networks.full(x).argmax(dim=1), 1, 0),
        Method("GBI, one-step", lambda x: predict(-start_gradients(model, x)[1]), 1, 1),
        Method("GBI, iterative", lambda x: predict(iterated(model, x, iterative)), iterative.steps, iterative.steps),
        Method("likelihood", lambda x: predict(-losses_of(model, x)), classes, 0),
        Method("pure generative", lambda x: predict(-losses_of(networks.generative, x)), classes, 0),
        Method("nearest class mean", lambda x: predict(-mean_distances(x, means)), 0, 0),
        Method("EBI", lambda x: predict(-entropy_gradient(model, x)), 1, 1),
        Method("NBI", lambda x: predict(-weight_norms(model, x)), classes, classes),
        Method("NBI, gradient of Z", lambda x: predict(-input_norms(model, x)), classes, classes),
    ]


def accuracy_table(rows: list[Method], part: Labelled) -> list[dict[str, Any]]:
    """Measure accuracy and wall time of each method on the same images.

    Wall time is that of this machine and of batches of ``CHUNK`` images; it is the one column that another run changes.
    """
    table = []
    for method in rows:
        wait(part.images)
        start = time.perf_counter()
        with torch.no_grad():
            guesses = torch.cat([method.infer(chunk) for chunk in part.images.split(CHUNK)])
        wait(part.images)
        seconds = time.perf_counter() - start
        table.append(
            {
                "method": method.name,
                "accuracy": float((guesses == part.labels).double().mean()),
                "images": len(part.labels),
                "model_runs": method.forward,
                "forward_passes": method.forward,
                "backward_passes": method.backward,
                "milliseconds_per_image": 1_000 * seconds / len(part.labels),
            }
        )
    return table


def wait(like: Tensor) -> None:
    """Wait for the device, so that a clock measures what it is asked to."""
    if like.device.type == "cuda":
        torch.cuda.synchronize(like.device)


@torch.no_grad()
def reliance(model: Autoencoder, part: Labelled, key: tuple[int, int]) -> float:
    """Return the relative rise of the reconstruction error when Z is permuted across images; 0: Z is not used."""
    order = torch.randperm(len(part.labels), generator=torch_generator("gbi images", *key, "permuted"))
    given, permuted = (
        sum(
            float(reconstruction_loss(model, images)(one_hot(labels, model.tasks, images.dtype)).double().sum())
            for images, labels in zip(part.images.split(CHUNK), labels_of.split(CHUNK), strict=True)
        )
        for labels_of in (part.labels, part.labels[order.to(part.labels.device)])
    )
    return permuted / given - 1
