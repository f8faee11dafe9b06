"""The two tables of the experiment: accuracy of every way to infer the class, and reliance on Z over networks."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
import torch
from torch import Tensor
from tqdm import tqdm

from whichtask.config.gbi import Cifar100Job
from whichtask.config.gbi.cifar100 import GatedSettings
from whichtask.config.gbi.inference import FitSettings
from whichtask.data import ImageSet
from whichtask.data.hundred import PARTS, coarse, factors32_hundred
from whichtask.errors import WhichtaskError
from whichtask.gbi.abstraction import maximum_entropy, one_hot
from whichtask.gbi.fit import fit
from whichtask.gbi.gated import measure
from whichtask.gbi.gated.components import Components
from whichtask.gbi.gated.network import GatedAutoencoder
from whichtask.gbi.inference import Loss, enumerate_losses, exact_posterior, gradient_at, one_step
from whichtask.gbi.scores import calibration_error, fit_tau
from whichtask.seeding import Key, numpy_generator, seeded, torch_generator
from whichtask.training.live import LiveState


class Study:
    """One repeat: its images as components, divided into training, validation and test images.

    Args:
        images: the data set.
        job: settings.
        device: where networks are.
        live: where finished and half-finished networks are kept.

    Raises:
        WhichtaskError: the data set has fewer images or pixels than the settings ask for, or a single class.
    """

    def __init__(self, images: ImageSet, job: Cifar100Job, device: torch.device, live: LiveState) -> None:
        self.settings, self.device, self.live = job.cifar100, device, live
        self.key: tuple[Key, ...] = ("gbi cifar100", job.seed, job.repeat)
        self.facts = {"repeat": job.repeat, "data": images.name}
        self.rows = {part: torch.from_numpy(rows) for part, rows in self._divide(images).items()}
        pixels = torch.from_numpy(images.images).to(device)
        self.basis = Components.of(pixels[self.rows["train"].to(device)], self.settings.components)
        self.images = self.basis.project(pixels)
        self.labels = torch.from_numpy(images.labels).to(device)
        self.classes = len(images.class_names)
        self.coarse = coarse(images.class_names)

    def _divide(self, images: ImageSet) -> dict[str, Any]:
        chosen = self.settings
        order = numpy_generator(*self.key, "division").permutation(images.n_train)
        left = images.n_train - chosen.validation_images
        train = left if chosen.train_images is None else chosen.train_images
        test = images.n_test if chosen.test_images is None else chosen.test_images
        if left < max(train, 1) or test > images.n_test or len(images.class_names) < 2:
            raise WhichtaskError(
                f"{images.name} has {images.n_train} training and {images.n_test} test images of "
                f"{len(images.class_names)} classes; gbi.cifar100 asks for {chosen.validation_images} validation, "
                f"{chosen.train_images or 'at least one'} training and {test} test images of at least 2 classes"
            )
        held = chosen.validation_images
        tested = numpy_generator(*self.key, "test").permutation(images.n_test)[:test] + images.n_train
        return {"validation": order[:held], "train": order[held : held + train], "test": tested}

    def take(self, part: str, first: int | None = None) -> tuple[Tensor, Tensor]:
        """Return images [N, D] and labels [N] of a part, or the first of them."""
        rows = self.rows[part][:first].to(self.device)
        return self.images[rows], self.labels[rows]

    def train(self, name: str, network: GatedSettings, settings: FitSettings, labels: Tensor) -> GatedAutoencoder:
        """Train one network; its initial weights and batches depend on the seed, the repeat and its name.

        Args:
            name: of the network.
            network: its settings.
            settings: of the training.
            labels: int64 [all images], the classes given to it as Z.
        """
        classes = int(labels.max()) + 1
        with seeded(*self.key, name, "weights"):
            generator = torch_generator(*self.key, name, "entry")
            model = GatedAutoencoder(self.images.shape[1], classes, network, generator).to(self.device)

        def loss(rows: Tensor, draws: torch.Generator) -> Tensor:
            return model.training_loss(self.images[rows], one_hot(labels[rows], classes), draws)

        fit(model, loss, self.rows["train"].to(self.device), settings, (*self.key, name), self.live, name)
        return model.requires_grad_(False)

    def accuracies(self) -> pd.DataFrame:
        """Return the accuracy of every method, for the classes and, where known and wanted, for coarse classes."""
        rows = [*self._level("classes", self.labels)]
        if self.settings.superclasses and self.coarse is not None:
            above = torch.from_numpy(self.coarse[1]).to(self.device)[self.labels]
            rows += self._level("coarse classes", above)
        shared = self.facts | {
            "images_train": len(self.rows["train"]),
            "components": self.settings.components,
            "variance_share": self.basis.share,
        }
        return pd.DataFrame([shared | row for row in rows])

    def _level(self, level: str, labels: Tensor) -> Iterator[dict[str, Any]]:
        """Yield the rows of one set of classes."""
        classes = int(labels.max()) + 1
        chosen = self.settings
        parts = {part: rows.to(self.device) for part, rows in self.rows.items()}
        facts = {"level": level, "classes": classes}
        spaces = {"class mean": torch.ones_like(self.basis.variances), "class mean, whitened": self._whitening()}
        for method, scale in spaces.items():
            means = measure.class_means(self.images[parts["train"]] * scale, labels[parts["train"]], classes)
            found = {part: _of_means(means, self.images[parts[part]] * scale) for part in ("validation", "test")}
            yield from self._rows(facts, method, found, labels, classes)
        names = {"": chosen.network}
        if level == "classes":
            names = {"pure generative": chosen.network.model_copy(update={"code": 0})} | names
        for method, network in names.items():
            name = f"{level}-{method or 'gated'}".replace(" ", "-")
            model = self.train(name, network, chosen.fit, labels)
            found = {
                part: (
                    measure.gradients(model, self.images[parts[part]]),
                    measure.losses(model, self.images[parts[part]]),
                )
                for part in ("validation", "test")
            }
            draws = torch_generator(*self.key, name, "permutation")
            used = measure.reliance(model, self.images[parts["test"]], labels[parts["test"]], draws)
            for row in self._rows(facts, method, found, labels, classes):
                yield row | {"reliance": used.relative_rise}
            if not method:
                z = measure.iterated(model, self.images[parts["test"]], chosen.inference)
                yield facts | {
                    "method": "iterative",
                    "accuracy": measure.accuracy(z, labels[parts["test"]]),
                    "images_test": len(z),
                    "forward_passes": chosen.inference.steps,
                    "backward_passes": chosen.inference.steps,
                    "reliance": used.relative_rise,
                }

    def _whitening(self) -> Tensor:
        return self.basis.variances.clamp_min(1e-12).rsqrt()

    def _rows(
        self,
        facts: dict[str, Any],
        method: str,
        found: dict[str, tuple[Tensor, Tensor]],
        labels: Tensor,
        classes: int,
    ) -> Iterator[dict[str, Any]]:
        """Yield a row for one-step inference and one for trying all classes; tau is chosen on validation images."""
        truth = {part: labels[self.rows[part].to(self.device)] for part in found}
        for place, rule in enumerate(("one-step", "likelihood")):
            values = {part: pair[place] for part, pair in found.items()}
            tau = fit_tau(values["validation"], truth["validation"])
            posterior = (one_step if rule == "one-step" else exact_posterior)(values["test"], tau)
            yield facts | {
                "method": f"{method}, {rule}" if method else rule,
                "accuracy": measure.accuracy(-values["test"], truth["test"]),
                "accuracy_validation": measure.accuracy(-values["validation"], truth["validation"]),
                "calibration_error": calibration_error(posterior, truth["test"]),
                "tau": tau,
                "images_test": len(truth["test"]),
                "forward_passes": 1 if rule == "one-step" else classes,
                "backward_passes": 1 if rule == "one-step" else 0,
            }

    def reliances(self) -> pd.DataFrame:
        """Return one row for each network of the sweep: its errors with right, permuted and uniform Z, its accuracy."""
        chosen = self.settings.sweep
        short = self.settings.fit.model_copy(update={"epochs": chosen.epochs})
        images, labels = self.take("test", chosen.test_images)
        order = torch.randperm(len(self.labels), generator=torch_generator(*self.key, "shuffled labels"))
        rows = []
        for changed, value, network in tqdm(list(self._variants()), desc="sweep", disable=None, leave=False):
            given = self.labels[order.to(self.device)] if changed == "labels" else self.labels
            name = f"sweep-{changed}-{value}".replace(".", "-").replace(" ", "-")
            model = self.train(name, network, short, given)
            draws = torch_generator(*self.key, name, "permutation")
            used = measure.reliance(model, images, labels, draws)
            rows.append(
                self.facts
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

    def _variants(self) -> Iterator[tuple[str, str, GatedSettings]]:
        """Yield the name of the changed key, its value and the network; the unchanged one first."""
        base, chosen = self.settings.network, self.settings.sweep
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


def _of_means(means: Tensor, images: Tensor) -> tuple[Tensor, Tensor]:
    """Return gradients and losses of the decoder that returns class means."""

    def loss(part: Tensor) -> Loss:
        return measure.mean_loss(means, part)

    classes = len(means)
    gradients = [
        gradient_at(loss(part), maximum_entropy(len(part), classes, device=part.device))[1]
        for part in images.split(measure.BATCH)
    ]
    losses = [enumerate_losses(loss(part), len(part), classes, part) for part in images.split(measure.BATCH)]
    return torch.cat(gradients), torch.cat(losses)


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
    if set(PARTS) <= set(data.factor_names) and not data.name.endswith("_96"):
        data = factors32_hundred(data)
    study = Study(data, job, device, live)
    return {"accuracy": study.accuracies(), "reliance": study.reliances()}
