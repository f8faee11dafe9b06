"""The project's questions as functions of arrays: ``import whichtask`` gives them, and loads torch at the first call.

Each trains the laptop's networks on the CPU; the workflow and the verbs do more, and keep what they do.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from whichtask.agreement import chance_agreement
from whichtask.auditing.reading import input_digest, of_arrays, read
from whichtask.auditing.result import Result
from whichtask.auditing.run import run_audit
from whichtask.auditing.trained import sides_of
from whichtask.config import AgreementSettings, Config, DataSettings, DiscoveryJob, DiscoverySettings
from whichtask.data import ImageSet
from whichtask.discovery import TaskSearch, freeze
from whichtask.errors import WhichtaskError
from whichtask.gbi import infer_one_step
from whichtask.networks import NetworkSpec, build
from whichtask.seeding import numpy_generator
from whichtask.splits import adversarial_split as split_of_sides
from whichtask.stats import Estimate, mean_interval
from whichtask.training import Division, GroupFit, ImageBank, Sample

if TYPE_CHECKING:
    from torch import Tensor

Images = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.integer[Any]]

HELD_OUT = 6  # one image of every so many
LEAST_SHARE = 4  # a quarter of the images judges a search


class AgreementScore(NamedTuple):
    """How often two networks that learned one labelling agree on images that they have not seen."""

    score: Estimate
    """Mean over pairs of networks, with a 95 % interval (unknown for one pair)."""
    chance: float
    """Agreement of independent networks with the same class rates."""
    train_accuracy: float
    """Mean over networks; a score of labels that were not learned says nothing."""


def agreement_score(
    images: Images, labels: Integers, *, network: str = "cnn", pairs: int = 2, epochs: int = 30, seed: int = 0
) -> AgreementScore:
    """Measure the agreement score of a labelling.

    Args:
        images: uint8 [N, H, W] or [N, H, W, C], C 1 or 3; a sixth of them, drawn at random, is held out.
        labels: [N] classes 0 .. C-1, C at most 256.
        network: cnn, mlp, resnet18 or vit, in the laptop's size.
        pairs: independent pairs of networks.
        epochs: most passes over the images; networks stop at 99 % train accuracy.
        seed: of every draw.

    Raises:
        WhichtaskError: shapes or types do not fit, one class only, or no such network.
    """
    bank, spec = _prepared(images, network)
    order, held = _order(len(images), seed)
    classes = np.asarray(labels, np.int64)
    if classes.shape != (len(images),) or len(np.unique(classes[order[held:]])) < 2:
        raise WhichtaskError(f"labels {classes.shape}: {len(images)} images need one each, of at least two classes")
    count = int(classes.max()) + 1
    networks = [build(spec, bank.shape, count, seed=("score", seed, k)) for k in range(2 * pairs)]
    parts = [torch.from_numpy(part) for part in (order[held:], order[:held])]
    sample = Sample(bank, parts[0], parts[1], torch.from_numpy(classes))
    fitted = GroupFit(networks, list(range(pairs)), sample, AgreementSettings(epochs=epochs), ("score", seed)).run()
    both = [one.heldout_predictions for one in fitted]
    scores = [float((first == second).double().mean()) for first, second in both]
    chance = float(np.mean([chance_agreement(first, second) for first, second in both]))
    return AgreementScore(mean_interval(scores), chance, float(np.mean([one.train_accuracy for one in fitted])))


def discover(
    images: Images, *, tasks: int = 8, steps: int = 150, network: str = "cnn", seed: int = 0
) -> npt.NDArray[np.uint8]:
    """Search tasks on which networks agree, without labels.

    Args:
        images: as for ``agreement_score``; at least 16.
        tasks: how many to find.
        steps: updates of the encoder.
        network: as for ``agreement_score``.
        seed: of every draw.

    Returns:
        Labels 0 and 1, uint8 [tasks, N]; fewer tasks where some give all images one label.

    Raises:
        WhichtaskError: see ``agreement_score``; or no task parts the images.
    """
    bank, spec = _prepared(images, network)
    order, _ = _order(len(images), seed)
    part = len(order) // LEAST_SHARE
    batch = max(2, min(256, part))
    settings = DiscoverySettings(
        tasks=tasks, dimensions=max(8, tasks), outer_steps=steps, inner_batch_size=batch, agreement_batch_size=batch
    )
    job = DiscoveryJob(seed=seed, data=DataSettings(), encoder=spec, network=spec, discovery=settings)
    search = TaskSearch(bank, Division(order[part:], order[:part], order[:part]), job)
    search.run(steps)
    return freeze(search.encoder, bank, search.train, settings, {}).tasks.labels


def adversarial_split(labels: Integers, cut: Integers | npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Split images so that a network learns the cut as a shortcut to the labels and fails on the rest.

    Each class trains on the side of the cut that it is more often on than all images are.

    Args:
        labels: [N] classes 0 .. C-1, each of which occurs.
        cut: [N], 0 or 1, or truth values.

    Returns:
        bool [N], True for training images.

    Raises:
        WhichtaskError: a class lies wholly on one side, or no two classes part.
    """
    classes, sides_given = np.asarray(labels, np.int64), np.asarray(cut).astype(bool)
    if classes.shape != sides_given.shape or classes.ndim != 1:
        raise WhichtaskError(f"labels {classes.shape} and cut {sides_given.shape}: both must be [N]")
    sides = sides_of(sides_given, classes, np.arange(len(classes)))
    return split_of_sides(classes, sides.tolist(), sides_given.astype(int), [str(c) for c in range(len(sides))])


def audit(
    images: Images | str | Path,
    labels: Integers | None = None,
    *,
    class_names: list[str] | None = None,
    network: str = "cnn",
    minutes: float = 10.0,
    seed: int = 0,
    out: str | Path | None = None,
) -> Result:
    """Find the shortcuts that a network will take in labelled images.

    Args:
        images: uint8 [N, H, W] or [N, H, W, C]; or a folder, an .npz or a .csv as ``whichtask audit`` takes them.
        labels: [N] of any type, with an array of images.
        class_names: names of the classes 0 .. C-1.
        network: as for ``agreement_score``.
        minutes: what it may take.
        seed: of every draw.
        out: folder to write everything to that the verb writes; nothing is written without one.

    Returns:
        The findings; a notebook shows them as pictures and a table.

    Raises:
        WhichtaskError: there is nothing that can be audited; the message says why.
    """
    digest = ""
    if isinstance(images, str | Path):
        if labels is not None:
            raise WhichtaskError("labels go with an array of images; a folder, .npz or .csv has its own")
        digest, given = input_digest(Path(images)), read(Path(images))
    elif labels is None:
        raise WhichtaskError("an array of images needs labels")
    else:
        given = of_arrays(images, np.asarray(labels), class_names)
    settings = {"network": network, "minutes": minutes, "image_size": None, "seed": seed}
    done = run_audit(given, network=network, minutes=minutes, seed=seed, quiet=True)
    result = Result.of(done, digest, settings)
    if out is not None:
        result.write(Path(out))
    return result


def infer(loss: "Callable[[Tensor], Tensor]", batch: int, tasks: int, *, tau: float = 1.0) -> npt.NDArray[np.float32]:
    """Infer which task a trained network is in, by one gradient with respect to its task input Z.

    Args:
        loss: from Z, float tensor [B, K], to the loss of each example, [B]; the network is in evaluation mode.
        batch: number of examples B.
        tasks: number of tasks K.
        tau: temperature, in units of the loss.

    Returns:
        The probability of each task, [B, K].

    Raises:
        WhichtaskError: a loss or gradient is not finite.
    """
    found: npt.NDArray[np.float32] = infer_one_step(loss, batch, tasks, tau).numpy()
    return found


def _prepared(images: Images, network: str) -> tuple[ImageBank, NetworkSpec]:
    """Put images on the CPU and choose a network of their size."""
    pixels = images[..., None] if images.ndim == 3 else images
    networks = Config().networks
    if network not in networks:
        raise WhichtaskError(f"unknown network {network!r}; allowed: {', '.join(networks)}")
    if len(pixels) < 16:
        raise WhichtaskError(f"{len(pixels)} images are too few; at least 16 are needed")
    none = np.zeros(len(pixels), np.int64)
    whole = ImageSet("images", pixels[:-1], none[:-1], pixels[-1:], none[-1:], ("image",))  # checks shape and type
    spec = networks[network].fitted(whole.shape)
    spec.check_image(whole.shape)
    return ImageBank.of(whole), spec


def _order(count: int, seed: int) -> tuple[npt.NDArray[np.int64], int]:
    """Return images in random order, and how many of the first are held out."""
    return numpy_generator("api", seed).permutation(count), max(1, count // HELD_OUT)


__all__ = ["AgreementScore", "Result", "adversarial_split", "agreement_score", "audit", "discover", "infer"]
