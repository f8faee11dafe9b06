"""The two tables of the experiment: accuracy of every way to infer the class, and reliance on Z over networks."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
import torch
from torch import Tensor
from tqdm import tqdm

from whichtask.config.gbi import Cifar100Job
from whichtask.config.gbi.cifar100 import GatedSettings, SweepSettings
from whichtask.data import ImageSet
from whichtask.data.hundred import coarse
from whichtask.gbi.gated import measure
from whichtask.gbi.gated.study import Study
from whichtask.seeding import torch_generator
from whichtask.training.live import LiveState


def infer_classes(data: ImageSet, job: Cifar100Job, device: torch.device, live: LiveState) -> dict[str, pd.DataFrame]:
    """Infer one of about a hundred classes from the reconstruction of an image, and measure when Z is used at all.

    Args:
        data: CIFAR-100, or factors32, whose images get 96 classes.
        job: settings.
        device: where networks are.
        live: where finished and half-finished networks are kept.

    Returns:
        ``accuracy``, one row a method, and ``reliance``, one row a network of the sweep.
    """
    study = Study(data, job.cifar100, "gbi.cifar100", (job.seed, job.repeat), device, live)
    return {"accuracy": accuracies(study, job), "reliance": reliances(study, job)}


def accuracies(study: Study, job: Cifar100Job) -> pd.DataFrame:
    """Return the accuracy of every method, for the classes and, where known and wanted, for coarse classes."""
    rows = list(_level(study, job, "classes", study.labels))
    groups = coarse(study.class_names)
    if job.cifar100.superclasses and groups is not None:
        above = torch.from_numpy(groups[1]).to(study.device)[study.labels]
        rows += _level(study, job, "coarse classes", above)
    return pd.DataFrame([study.about | row for row in rows])


def _level(study: Study, job: Cifar100Job, level: str, labels: Tensor) -> Iterator[dict[str, Any]]:
    """Yield the rows of one set of classes."""
    settings = job.cifar100
    facts = {"level": level, "classes": int(labels.max()) + 1}
    yield from study.class_means(facts, "class mean", labels, 0)
    yield from study.class_means(facts, "class mean, whitened", labels, 1)
    whole = level == "classes"
    if whole:
        yield from study.generative(facts, level, labels, settings.other_fit)
    chosen = settings.fit if whole else settings.other_fit
    yield from study.gated(facts, level, labels, chosen, iterative=settings.inference)


def reliances(study: Study, job: Cifar100Job) -> pd.DataFrame:
    """Return one row for each network of the sweep: its errors with right, permuted and uniform Z, its accuracy."""
    chosen = job.cifar100.sweep
    base = job.cifar100.network.model_copy(update={"hidden": chosen.width})
    short = job.cifar100.fit.model_copy(update={"epochs": chosen.epochs})
    images, labels = study.take("test", chosen.test_images)
    order = torch.randperm(len(study.labels), generator=torch_generator(*study.key, "shuffled labels"))
    rows = []
    for changed, value, network in tqdm(list(_variants(base, chosen)), desc="sweep", disable=None, leave=False):
        given = study.labels[order.to(study.device)] if changed == "labels" else study.labels
        name = f"sweep-{changed}-{value}".replace(".", "-").replace(" ", "-")
        model = study.train(name, network, short, given)
        draws = torch_generator(*study.key, name, "permutation")
        used = measure.reliance(model, images, labels, draws)
        rows.append(
            study.facts
            | {"changed": changed, "value": value, **network.model_dump(), "epochs": short.epochs}
            | {
                "loss_given": used.given,
                "loss_permuted": used.permuted,
                "loss_uniform": used.uniform,
                "reliance": used.relative_rise,
                "one_step": measure.accuracy(-measure.gradients(model, images), labels),
                "likelihood": measure.accuracy(-measure.losses(model, images), labels),
                "images_test": len(labels),
            }
        )
    return pd.DataFrame(rows)


def _variants(base: GatedSettings, chosen: SweepSettings) -> Iterator[tuple[str, str, GatedSettings]]:
    """Yield the name of the changed key, its value and the network; the unchanged one first."""
    yield "nothing", "", base
    lists: dict[str, list[Any]] = {
        "code": chosen.codes,
        "noise": chosen.noises,
        "hidden": chosen.hidden,
        "entry": chosen.entries,
    }
    for key, values in lists.items():
        for value in values:
            yield key, str(value), base.model_copy(update={key: value})
    yield "labels", "shuffled", base
