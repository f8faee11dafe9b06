"""Does an autoencoder learn better and faster when it is told the class? Held-out error while it learns."""

from typing import Any

import torch
from torch import Tensor

from whichtask.config.gbi.images import ImagesSettings
from whichtask.gbi.abstraction import maximum_entropy, one_hot
from whichtask.gbi.autoencoder import Autoencoder, reconstruction_loss
from whichtask.gbi.fit import fit
from whichtask.gbi.images.classifier import CHUNK
from whichtask.gbi.images.data import Labelled, Parts
from whichtask.gbi.images.ensemble import start_gradients
from whichtask.gbi.images.networks import start_grey
from whichtask.gbi.inference import predict
from whichtask.seeding import Key, seeded, torch_generator
from whichtask.training.live import LiveState

Row = dict[str, Any]
GIVEN, CONSTANT, SHUFFLED = "Z given", "Z constant", "shuffled labels"
INFERRED = "Z inferred"
"""The network of ``GIVEN``, given its own one-step answer on held-out images."""


def learn(parts: Parts, settings: ImagesSettings, key: tuple[int, int], live: LiveState) -> list[Row]:
    """Train one network without the class and two with true and with shuffled classes, on fewer and more images.

    All start from the same weights and see the same images in the same order, so that their differences are paired.

    Args:
        parts: images of the raw arm; training images are the first of these.
        settings: of the repeat.
        key: seed and repeat.
        live: where curves and the network that is being trained stay until the job is done.

    Returns:
        A row for each number of training images, method and look: ``learned_images`` (of the training set),
        ``seen_images`` (so far, with repetition), ``method``, ``squared_error`` (summed over the pixels of an image,
        mean over test images), ``one_step_accuracy`` (of networks that were given classes) and ``images``.
    """
    available = len(parts.train.labels)
    counts = dict.fromkeys(min(count, available) for count in settings.more.learning.train_images)
    return [
        {"learned_images": count, **row}
        for count in counts
        for network in (GIVEN, CONSTANT, SHUFFLED)
        for row in _learned(network, count, parts, settings, key, live)
    ]


def _learned(
    network: str, count: int, parts: Parts, settings: ImagesSettings, key: tuple[int, int], live: LiveState
) -> list[Row]:
    """Return the rows of one network."""
    images, labels = (values[:count] for values in parts.train)
    z, held_out = _z_of(network, labels, parts, key), _z_of(network, parts.test.labels, parts, key)
    path: tuple[Key, ...] = ("gbi images", *key, "learning", count)
    chosen, name = settings.more.learning, f"learning-{count}-{network}".replace(" ", "-")
    with seeded(*path, "weights"):
        entry = torch_generator(*path, "entry")
        model = Autoencoder(parts.shape, parts.classes, settings.autoencoder, entry).to(images.device)
    start_grey(model, images)

    def loss(rows: Tensor, generator: torch.Generator) -> Tensor:
        # An "epoch" is what lies between two looks, drawn from all images.
        drawn = torch.randint(count, (len(rows),), generator=generator).to(rows.device)
        noise = torch.randn(len(rows), model.code, generator=generator).to(images) if model.noise else None
        return model.training_loss(images[drawn], z[drawn], noise)

    kept = live.load(f"{name}-curve")
    curve: dict[str, list[Row]] = dict(kept[1]) if kept else {}
    between = max(1, chosen.seen_images // (chosen.checks * settings.fit.batch_size)) * settings.fit.batch_size

    def look(check: int) -> bool:
        rows = _measured(model, network, parts.test, held_out)
        curve[str(check)] = [{"seen_images": check * between, **row} for row in rows]
        live.save(f"{name}-curve", {"looks": torch.tensor(len(curve))}, curve)
        return False

    few = torch.arange(between, device=images.device)
    fit(model, loss, few, settings.fit.model_copy(update={"epochs": chosen.checks}), path, live, name, look)
    if str(chosen.checks) not in curve:
        look(chosen.checks)
    return [row for check in sorted(curve, key=int) for row in curve[check]]


def _z_of(network: str, labels: Tensor, parts: Parts, key: tuple[int, int]) -> Tensor:
    """Return what a network is given as Z, [N, K]."""
    if network == CONSTANT:
        return maximum_entropy(len(labels), parts.classes).to(labels.device)
    if network == SHUFFLED:
        order = torch.randperm(len(labels), generator=torch_generator("gbi images", *key, "shuffled", len(labels)))
        labels = labels[order.to(labels.device)]
    return one_hot(labels, parts.classes)


def _measured(model: Autoencoder, network: str, test: Labelled, z: Tensor) -> list[Row]:
    """Return the rows of one look: one, or two for the network that knows classes."""
    about: Row = {"method": network, "squared_error": mean_error(model, test.images, z), "images": len(test.labels)}
    if network == CONSTANT:
        return [about]
    answers = predict(-start_gradients(model, test.images)[1])
    about["one_step_accuracy"] = float((answers == test.labels).double().mean())
    if network == SHUFFLED:
        return [about]
    error = mean_error(model, test.images, one_hot(answers, model.tasks))
    return [about, about | {"method": INFERRED, "squared_error": error}]


@torch.no_grad()
def mean_error(model: Autoencoder, images: Tensor, z: Tensor) -> float:
    """Return the squared error of an image at Z [N, K], summed over its pixels, mean over any number of images."""
    chunks = zip(images.split(CHUNK), z.split(CHUNK), strict=True)
    return float(torch.cat([reconstruction_loss(model, part)(given) for part, given in chunks]).double().mean())
