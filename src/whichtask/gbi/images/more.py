"""One repeat of what is beside the headline tables: width of the code, many iterations, ensembles, learning."""

from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from whichtask.config.gbi import ImagesMoreJob, ImagesSettings
from whichtask.config.gbi.inference import InferenceSettings
from whichtask.data import ImageSet
from whichtask.gbi.autoencoder import Autoencoder, reconstruction_loss
from whichtask.gbi.images.data import Labelled, Parts, as_table, described, in_arm, parts_of
from whichtask.gbi.images.ensemble import dropout_gradients, mean_posterior, start_gradients
from whichtask.gbi.images.learning import learn
from whichtask.gbi.images.networks import Networks
from whichtask.gbi.images.ood import as_numpy
from whichtask.gbi.images.table import losses_of, reliance
from whichtask.gbi.inference import iterate, one_step, predict
from whichtask.gbi.scores import auroc, calibration_error, confidence, fit_tau
from whichtask.seeding import torch_generator
from whichtask.training.live import LiveState

MIRROR_RATE = 0.5
"""Step of exponentiated gradient in units of 1 / tau, at which one step with a weight of 0 is the one-step rule; half
of it, because full steps towards the maximum of the bound overshoot."""


@dataclass
class MoreTables:
    """Rows of the three tables."""

    bottleneck: list[dict[str, Any]] = field(default_factory=list)
    iterations: list[dict[str, Any]] = field(default_factory=list)
    ensembles: list[dict[str, Any]] = field(default_factory=list)


def run_more(parts: Parts, settings: ImagesSettings, key: tuple[int, int], live: LiveState) -> MoreTables:
    """Train networks on the images of the raw arm for the first two tables, of the normalised arm for the third.

    Args:
        parts: images of the raw arm.
        settings: of the repeat.
        key: seed and repeat.
        live: where finished networks stay until the job is done.
    """
    tables = MoreTables()
    wanted = settings.more.train_images
    networks = Networks(parts, settings, key, live, "raw", wanted)
    main = settings.autoencoder
    widths = dict.fromkeys([main.code, *settings.more.codes])
    variants = [main.model_copy(update={"code": code, "noise": 0.0}) for code in widths]
    variants += [main.model_copy(update={"noise": noise}) for noise in settings.more.noise]
    for chosen in variants:
        model = networks.autoencoder(f"code-{chosen.code}-noise-{chosen.noise:g}".replace(".", "p"), chosen)
        tables.bottleneck.append({"code": chosen.code, "noise": chosen.noise, **_measures(model, parts, key)})
        if chosen.code == main.code and not chosen.noise:
            tables.iterations = _iterations(model, parts, settings)
    normalised = in_arm(parts, "normalised")
    tables.ensembles = _ensembles(Networks(normalised, settings, key, live, "normalised", wanted))
    return tables


def _measures(model: Autoencoder, parts: Parts, key: tuple[int, int]) -> dict[str, float]:
    """Return accuracies on validation and test images, the error of reconstruction and how much Z matters."""
    found: dict[str, float] = {}
    for name, part in (("validation", parts.validation), ("test", parts.test)):
        found[f"one_step_{name}_accuracy"] = _accuracy(-start_gradients(model, part.images)[1], part.labels)
        losses = losses_of(model, part.images)
        found[f"likelihood_{name}_accuracy"] = _accuracy(-losses, part.labels)
    found["squared_error"] = float(losses.gather(1, part.labels[:, None]).double().mean())
    found["z_reliance"] = reliance(model, parts.test, key)
    return found


def _accuracy(scores: Tensor, labels: Tensor) -> float:
    return float((predict(scores) == labels).double().mean())


def _iterations(model: Autoencoder, parts: Parts, settings: ImagesSettings) -> list[dict[str, Any]]:
    """Return the accuracy and the mean loss after numbers of steps of different ways to iterate."""
    count, steps = settings.more.iterated_images, settings.more.steps
    images, labels = (part[:count] for part in parts.test)
    tau = fit_tau(start_gradients(model, parts.validation.images)[1], parts.validation.labels)
    chosen = settings.iterative.model_copy(update={"steps": max(steps)})
    ways: dict[str, InferenceSettings] = {
        f"{chosen.optimizer}, {chosen.regulariser}": chosen,
        f"{chosen.optimizer}, true entropy": chosen.model_copy(update={"regulariser": "entropy", "weight": tau}),
        "exponentiated, true entropy": chosen.model_copy(
            update={
                "optimizer": "exponentiated",
                "learning_rate": MIRROR_RATE / tau,
                "regulariser": "entropy",
                "weight": tau,
            }
        ),
    }
    loss = reconstruction_loss(model, images)
    references = {
        "one-step": (-start_gradients(model, images)[1], 1),
        "likelihood": (-losses_of(model, images), model.tasks),
    }
    rows = [
        {"way": name, "steps": cost, "accuracy": _accuracy(scores, labels)}
        for name, (scores, cost) in references.items()
    ]
    for name, way in ways.items():
        kept = iterate(loss, images.new_zeros(len(images), model.tasks), way, record=steps)
        for step, z in kept.items():
            with torch.no_grad():
                left = float(loss(z).double().mean())
            rows.append({"way": name, "steps": step, "accuracy": _accuracy(z, labels), "squared_error": left})
    return [{**row, "images": len(images)} for row in rows]


def _ensembles(networks: Networks) -> list[dict[str, Any]]:
    """Return calibration error, accuracy and AUROC of single networks, of their ensemble and of dropout."""
    parts, settings = networks.parts, networks.settings
    more = settings.more
    sides = {"validation": parts.validation.images, "inside": parts.test.images, "outside": parts.outside}
    labels = parts.validation.labels
    members = [networks.autoencoder(f"member-{number}", settings.autoencoder) for number in range(more.members)]
    gradients = {
        side: [start_gradients(member, images)[1].double() for member in members] for side, images in sides.items()
    }
    taus = [fit_tau(gradient, labels) for gradient in gradients["validation"]]
    rows = [
        _judged(
            "single", number, parts.test, *(one_step(gradients[side][number], tau) for side in ("inside", "outside"))
        )
        for number, tau in enumerate(taus)
    ]
    rows.append(
        _judged("ensemble", 0, parts.test, *(mean_posterior(gradients[s], taus) for s in ("inside", "outside")))
    )
    summed = {side: torch.stack(part).mean(dim=0) for side, part in gradients.items()}
    tau = fit_tau(summed["validation"], labels)
    rows.append(
        _judged("ensemble of gradients", 0, parts.test, *(one_step(summed[s], tau) for s in ("inside", "outside")))
    )
    return [{**row, "networks": more.members} for row in rows] + _dropout(networks, sides)


def _dropout(networks: Networks, sides: dict[str, Tensor]) -> list[dict[str, Any]]:
    parts, more = networks.parts, networks.settings.more
    model = networks.dropout_autoencoder("dropout", more.dropout)
    drawn = {}
    for side, images in sides.items():
        generator = torch_generator("gbi images", *networks.key, "dropped", side)
        drawn[side] = dropout_gradients(model, images, more.dropout, more.draws, generator).double()
    # One temperature for all draws: they are one distribution of networks.
    tau = fit_tau(drawn["validation"].flatten(0, 1), parts.validation.labels.repeat(more.draws))
    taus = [tau] * more.draws
    row = _judged("MC dropout", 0, parts.test, *(mean_posterior(drawn[side], taus) for side in ("inside", "outside")))
    return [{**row, "networks": more.draws}]


def _judged(way: str, member: int, test: Labelled, inside: Tensor, outside: Tensor) -> dict[str, Any]:
    """Return a row of the table from the posteriors of test images and of outside images."""
    return {
        "way": way,
        "member": member,
        "accuracy": _accuracy(inside, test.labels),
        "calibration_error": calibration_error(inside, test.labels),
        "negative_log_likelihood": float(torch.nn.functional.nll_loss(inside.clamp(min=1e-300).log(), test.labels)),
        "auroc": auroc(as_numpy(confidence(inside)), as_numpy(confidence(outside))),
    }


def images_more(
    data: ImageSet, outside: ImageSet, job: ImagesMoreJob, device: torch.device, live: LiveState
) -> dict[str, pd.DataFrame]:
    """Measure what the width of the code, many iterations, ensembles, dropout and knowing the class change.

    Args:
        data: what the networks learn.
        outside: images of the same size that are out of distribution.
        job: settings.
        device: where networks are.
        live: where finished networks stay until the job is done.

    Returns:
        Tables by the name of their file.
    """
    parts = parts_of(data, outside, job.images.more.train_images, job, device)
    tables = run_more(parts, job.images, (job.seed, job.repeat), live)
    about = described(data, outside, parts, job.repeat)
    most = parts_of(data, outside, max(job.images.more.learning.train_images), job, device)
    learning = as_table(
        learn(most, job.images, (job.seed, job.repeat), live), described(data, outside, most, job.repeat)
    )
    return {name: as_table(rows, about) for name, rows in vars(tables).items()} | {"learning": learning}
