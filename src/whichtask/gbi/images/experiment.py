"""One repeat of the headline tables: MNIST accuracy and cost, out-of-distribution detection, generations."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from whichtask.config.gbi import ImagesJob, ImagesSettings
from whichtask.data import ImageSet
from whichtask.gbi.abstraction import maximum_entropy, one_hot
from whichtask.gbi.autoencoder import Autoencoder
from whichtask.gbi.images.classifier import Classifier, accuracy, dropout_probabilities, features_of, logits_of
from whichtask.gbi.images.data import ARMS, Arm, Parts, as_table, described, in_arm, parts_of
from whichtask.gbi.images.ensemble import start_gradients
from whichtask.gbi.images.networks import Networks
from whichtask.gbi.images.ood import (
    confidence_rows,
    energy,
    histogram_rows,
    mahalanobis,
    scored,
    tau_rows,
)
from whichtask.gbi.images.regret import VariationalAutoencoder, likelihood_regret
from whichtask.gbi.images.starts import start_rows
from whichtask.gbi.images.table import Compared, accuracy_table, losses_of, methods, reliance
from whichtask.gbi.inference import exact_posterior, one_step, predict
from whichtask.gbi.scores import fit_tau
from whichtask.seeding import torch_generator
from whichtask.training.live import LiveState

Array = npt.NDArray[Any]
BINS = 20
"""Bins of the histograms of confidence."""
HISTOGRAMS = ("GBI", "matched classifier softmax", "classifier softmax")
"""Methods whose confidence is counted in bins."""
MAIN: Arm = "raw"
"""Arm of the MNIST table, as no normalisation is known of the paper's."""


@dataclass
class Tables:
    """What one repeat writes: rows of its tables, and arrays."""

    mnist: list[dict[str, Any]] = field(default_factory=list)
    ood: list[dict[str, Any]] = field(default_factory=list)
    tau: list[dict[str, Any]] = field(default_factory=list)
    confidence: list[dict[str, Any]] = field(default_factory=list)
    networks: list[dict[str, Any]] = field(default_factory=list)
    starts: list[dict[str, Any]] = field(default_factory=list)
    generations: dict[str, Array] = field(default_factory=dict)
    posteriors: dict[str, Array] = field(default_factory=dict)


def run_images(parts: Parts, settings: ImagesSettings, key: tuple[int, int], live: LiveState) -> Tables:
    """Train the networks of both arms and measure them.

    Args:
        parts: images of the raw arm.
        settings: of the repeat.
        key: seed and repeat.
        live: where finished networks and regrets stay until the job is done.
    """
    tables = Tables()
    for arm in ARMS:
        _run_arm(arm, Networks(in_arm(parts, arm), settings, key, live, arm, settings.train_images), tables)
    return tables


def _run_arm(arm: Arm, networks: Networks, tables: Tables) -> None:
    settings, parts = networks.settings, networks.parts
    autoencoder = networks.autoencoder("autoencoder", settings.autoencoder)
    members = [networks.classifier(f"classifier-{number}") for number in range(settings.members)]
    measures = _autoencoder_measures(autoencoder, networks)
    gradients = {name: start_gradients(autoencoder, images) for name, images in _sides(parts)}
    tau, tau_exact = measures["tau_one_step"], measures["tau_exact"]
    measures["classifier_validation_accuracy"] = accuracy(members[0], parts.validation)
    matched, batches = networks.matched_classifier("classifier-matched")
    measures["matched_validation_accuracy"] = accuracy(matched, parts.validation)
    measures["matched_batches"] = batches
    if arm == MAIN:
        alone = settings.autoencoder.model_copy(update={"code": 0})
        generative = networks.autoencoder("generative", alone, settings.generative)
        compared = Compared(autoencoder, generative, matched, members[0])
        tables.mnist += accuracy_table(methods(compared, parts, settings.iterative), parts.test)
        tables.posteriors = _posteriors(autoencoder, parts, gradients["inside"], (tau, tau_exact))
        tables.generations = _generations(autoencoder, parts, settings.shown_images, tau)
    rows, posteriors = _detection(autoencoder, matched, members, networks, (tau, tau_exact), gradients)
    tables.ood += [{"arm": arm, **row} for row in rows]
    tables.starts += [{"arm": arm, **row} for row in start_rows(autoencoder, networks)]
    inside, outside = (gradient for _, gradient in gradients.values())
    curve = tau_rows(inside, outside, tau, settings.tau_span, settings.tau_points)
    tables.tau += [{"arm": arm, **row} for row in curve]
    for method, sides in posteriors.items():
        rows = histogram_rows(method, sides.items(), BINS, parts.test.labels)
        tables.confidence += [{"arm": arm, **row} for row in rows]
    tables.networks += [{"arm": arm, "measure": name, "value": value} for name, value in measures.items()]


def _sides(parts: Parts) -> list[tuple[str, Tensor]]:
    return [("inside", parts.test.images), ("outside", parts.outside)]


def _autoencoder_measures(model: Autoencoder, networks: Networks) -> dict[str, float]:
    """Return temperatures and accuracies on validation images, and how much Z matters on test images."""
    images, labels = networks.parts.validation
    gradient, losses = start_gradients(model, images)[1], losses_of(model, images)
    return {
        "tau_one_step": fit_tau(gradient, labels),
        "tau_exact": fit_tau(losses, labels),
        "one_step_validation_accuracy": float((predict(-gradient) == labels).double().mean()),
        "likelihood_validation_accuracy": float((predict(-losses) == labels).double().mean()),
        "z_reliance": reliance(model, networks.parts.test, networks.key),
    }


def _detection(
    model: Autoencoder,
    matched: Classifier,
    members: list[Classifier],
    networks: Networks,
    taus: tuple[float, float],
    gradients: dict[str, tuple[Tensor, Tensor]],
) -> tuple[list[dict[str, Any]], dict[str, dict[str, Tensor]]]:
    """Return the rows of the table of one arm, and the posteriors of which histograms are drawn, by method and side."""
    settings, parts = networks.settings, networks.parts
    with_dropout = networks.classifier("classifier-dropout", settings.dropout)
    train_features = features_of(members[0], parts.train.images)
    logits: dict[str, list[Tensor]] = {}
    found: dict[str, dict[str, Tensor]] = {}
    single: dict[str, dict[str, Tensor]] = {}
    for side, images in _sides(parts):
        logits[side] = [logits_of(member, images) for member in members]
        generator = torch_generator("gbi images", *networks.key, networks.arm, "dropout", side)
        found[side] = {
            "GBI": one_step(gradients[side][1].double(), taus[0]),
            "likelihood posterior": exact_posterior(losses_of(model, images).double(), taus[1]),
            "matched classifier softmax": logits_of(matched, images).double().softmax(dim=1),
            "classifier softmax": logits[side][0].double().softmax(dim=1),
            "deep ensemble": torch.stack([part.double().softmax(dim=1) for part in logits[side]]).mean(dim=0),
            "MC dropout": dropout_probabilities(with_dropout, images, settings.dropout, settings.draws, generator),
        }
        single[side] = {
            "energy": energy(logits[side][0]),
            "Mahalanobis": mahalanobis(features_of(members[0], images), train_features, parts.train.labels),
            "reconstruction error": -gradients[side][0],
        }
    regret = _regrets(networks)
    rows = [
        row
        for name, inside in found["inside"].items()
        for row in confidence_rows(name, inside, found["outside"][name], parts.test.labels)
    ]
    rows += [scored(name, "own", single["inside"][name], single["outside"][name]) for name in single["inside"]]
    rows.append(scored("likelihood regret", "own", -regret["inside"], -regret["outside"]))
    shown = {name: {side: found[side][name] for side in found} for name in HISTOGRAMS}
    return rows, shown


def _regrets(networks: Networks) -> dict[str, Tensor]:
    """Return the likelihood regret of some images of either side; it is kept in live state, as it takes a while."""
    name = f"{networks.arm}-regret"
    kept = networks.live.load(name)
    if kept is not None:
        return kept[0]
    settings = networks.settings
    model: VariationalAutoencoder = networks.variational("variational")
    found = {
        side: likelihood_regret(
            model,
            images[: settings.regret_images],
            settings.regret_steps,
            settings.regret_learning_rate,
            (*networks.key, networks.arm, side),
        ).cpu()
        for side, images in _sides(networks.parts)
    }
    networks.live.save(name, found, {})
    return found


def _posteriors(
    model: Autoencoder, parts: Parts, start: tuple[Tensor, Tensor], taus: tuple[float, float]
) -> dict[str, Array]:
    """Return what a comparison of one-step and exact posterior needs, of the test images."""
    loss, gradient = start
    arrays = {"gradients": gradient, "loss_at_start": loss, "losses": losses_of(model, parts.test.images)}
    return {
        **{name: values.cpu().numpy() for name, values in arrays.items()},
        "labels": parts.test.labels.cpu().numpy(),
        "tau_one_step": np.array(taus[0]),
        "tau_exact": np.array(taus[1]),
    }


@torch.no_grad()
def _generations(model: Autoencoder, parts: Parts, count: int, tau: float) -> dict[str, Array]:
    """Return test images, spread over the classes, with what the decoder makes of their code and each class.

    Arrays: ``originals`` uint8 [n, H, W, C], ``uniform`` (Z at maximum entropy) likewise, ``decoded`` uint8
    [n, K, H, W, C], ``labels`` [n] and the one-step ``posterior`` [n, K].
    """
    labels = parts.test.labels.cpu().numpy()
    rank = np.zeros(len(labels), np.int64)
    for label in range(parts.classes):
        rank[labels == label] = np.arange((labels == label).sum())
    chosen = torch.from_numpy(np.lexsort((labels, rank))[:count])
    images = parts.test.images[chosen.to(parts.test.images.device)]
    code, classes = model.encode(images), parts.classes
    each = one_hot(torch.arange(classes, device=images.device), classes, images.dtype).repeat(len(images), 1)
    decoded = model.decode(code.repeat_interleave(classes, dim=0), each)
    uniform = model.decode(code, maximum_entropy(len(images), classes).to(images))
    return {
        "originals": to_bytes(images),
        "uniform": to_bytes(uniform),
        "decoded": to_bytes(decoded).reshape(len(images), classes, *parts.shape),
        "labels": labels[chosen.numpy()],
        "posterior": one_step(start_gradients(model, images)[1], tau).cpu().numpy(),
    }


def to_bytes(images: Tensor) -> npt.NDArray[np.uint8]:
    """Return images [N, C, H, W] of 0 to 1 as uint8 [N, H, W, C]."""
    pixels: npt.NDArray[np.uint8] = (images * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
    return pixels


def images(
    data: ImageSet, outside: ImageSet, job: ImagesJob, device: torch.device, live: LiveState
) -> dict[str, pd.DataFrame | dict[str, Array]]:
    """Train autoencoders that are given the class, infer the class by gradients, and compare with other ways.

    Args:
        data: what the networks learn.
        outside: images of the same size that are out of distribution.
        job: settings.
        device: where networks are.
        live: where finished networks and regrets stay until the job is done.

    Returns:
        Tables and arrays by the name of their file.
    """
    parts = parts_of(data, outside, job.images.train_images, job, device)
    tables = run_images(parts, job.images, (job.seed, job.repeat), live)
    rows = {"mnist_table": tables.mnist, "networks": tables.networks, "ood": tables.ood, "tau": tables.tau}
    rows |= {"confidence": tables.confidence, "starts": tables.starts}
    about = described(data, outside, parts, job.repeat)
    named = {name: as_table(of_table, about) for name, of_table in rows.items()}
    return {**named, "generations": tables.generations, "posteriors": tables.posteriors}
