"""One repeat of an experiment on a hundred classes: its images, its networks, every way to infer the class."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from whichtask.config.gbi.cifar100 import GatedSettings, HundredSettings
from whichtask.config.gbi.inference import FitSettings, InferenceSettings
from whichtask.data import ImageSet
from whichtask.data.hundred import PARTS, factors32_hundred
from whichtask.errors import WhichtaskError
from whichtask.gbi.abstraction import one_hot
from whichtask.gbi.fit import fit
from whichtask.gbi.gated import measure
from whichtask.gbi.gated.components import Components
from whichtask.gbi.gated.network import GatedAutoencoder
from whichtask.gbi.inference import exact_posterior, one_step
from whichtask.gbi.scores import calibration_error, fit_tau
from whichtask.seeding import Key, numpy_generator, seeded, torch_generator
from whichtask.training.live import LiveState


class Study:
    """Images as components, divided into training, validation and test images.

    Args:
        images: CIFAR-100, or factors32, whose images get 96 classes.
        settings: of the section ``section``.
        section: of the configuration, for messages.
        seeds: seed and repeat. With equal ones, studies divide images alike and begin with equal weights.
        device: where networks are.
        live: where finished and half-finished networks are kept.

    Raises:
        WhichtaskError: the data set has fewer images or pixels than the settings ask for, or a single class.
    """

    def __init__(
        self,
        images: ImageSet,
        settings: HundredSettings,
        section: str,
        seeds: tuple[int, int],
        device: torch.device,
        live: LiveState,
    ) -> None:
        if set(PARTS) <= set(images.factor_names) and not images.name.endswith("_96"):
            images = factors32_hundred(images)
        self.settings, self.device, self.live = settings, device, live
        self.key: tuple[Key, ...] = ("gbi cifar100", *seeds)
        self.rows = {part: torch.from_numpy(rows) for part, rows in self._divide(images, section).items()}
        pixels = torch.from_numpy(images.images).to(device)
        self.basis = Components.of(pixels[self.rows["train"].to(device)], settings.components)
        self.images = self.basis.project(pixels)
        self.labels = torch.from_numpy(images.labels).to(device)
        self.class_names = images.class_names
        self.facts = {"repeat": seeds[1], "data": images.name}
        self.about = self.facts | {
            "images_train": len(self.rows["train"]),
            "components": settings.components,
            "variance_share": self.basis.share,
        }

    def _divide(self, images: ImageSet, section: str) -> dict[str, Any]:
        chosen = self.settings
        order = numpy_generator(*self.key, "division").permutation(images.n_train)
        left = images.n_train - chosen.validation_images
        train = left if chosen.train_images is None else chosen.train_images
        test = images.n_test if chosen.test_images is None else chosen.test_images
        if left < max(train, 1) or test > images.n_test or len(images.class_names) < 2:
            raise WhichtaskError(
                f"{images.name} has {images.n_train} training and {images.n_test} test images of "
                f"{len(images.class_names)} classes; {section} asks for {chosen.validation_images} validation, "
                f"{chosen.train_images or 'at least one'} training and {test} test images of at least 2 classes"
            )
        held = chosen.validation_images
        tested = numpy_generator(*self.key, "test").permutation(images.n_test)[:test] + images.n_train
        return {"validation": order[:held], "train": order[held : held + train], "test": tested}

    def take(self, part: str, first: int | None = None) -> tuple[Tensor, Tensor]:
        """Return images [N, D] and labels [N] of a part, or the first of them."""
        rows = self.rows[part][:first].to(self.device)
        return self.images[rows], self.labels[rows]

    def train(
        self, name: str, network: GatedSettings, settings: FitSettings, labels: Tensor, power: float = 0.0
    ) -> GatedAutoencoder:
        """Train one network; its initial weights and batches depend on the seed, the repeat and its name.

        Args:
            name: of the network.
            network: its settings.
            settings: of the training.
            labels: int64 [all images], the classes given to it as Z.
            power: metric of the error; components count their variance to the power ``-power``.
        """
        classes = int(labels.max()) + 1
        with seeded(*self.key, name, "weights"):
            generator = torch_generator(*self.key, name, "entry")
            weights = self.basis.weights(power)
            model = GatedAutoencoder(self.images.shape[1], classes, network, generator, weights).to(self.device)

        def loss(rows: Tensor, draws: torch.Generator) -> Tensor:
            return model.training_loss(self.images[rows], one_hot(labels[rows], classes), draws)

        kept = f"{name}-{power}".replace(".", "-") if power else name
        fit(model, loss, self.rows["train"].to(self.device), settings, (*self.key, name), self.live, kept)
        return model.requires_grad_(False)

    def class_means(self, facts: dict[str, Any], method: str, labels: Tensor, power: float) -> Iterator[dict[str, Any]]:
        """Yield the rows of class means in a metric: in closed form, what a decoder without a code learns.

        Args:
            facts: columns of every row.
            method: name of the method.
            labels: int64 [all images].
            power: metric; 1 is the one of whitened pixels.
        """
        rows = self.rows["train"].to(self.device)
        means = measure.class_means(self.images[rows], labels[rows], int(labels.max()) + 1)
        yield from self._rows(facts, method, self._near(means, power), labels)

    def generative(
        self, facts: dict[str, Any], level: str, labels: Tensor, settings: FitSettings, power: float = 0.0
    ) -> Iterator[dict[str, Any]]:
        """Train the network without a code, the pure generative model, and yield its rows."""
        name = f"{level}-pure-generative"
        network = self.settings.network.model_copy(update={"code": 0})
        model = self.train(name, network, settings, labels, power)
        found = self._near(measure.reconstructed_means(model), power)
        facts = facts | {"epochs": settings.epochs, "reliance": self._reliance(model, name, labels)}
        yield from self._rows(facts, "pure generative", found, labels)

    def gated(
        self,
        facts: dict[str, Any],
        level: str,
        labels: Tensor,
        settings: FitSettings,
        power: float = 0.0,
        iterative: InferenceSettings | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Train the network of the settings, and yield its rows; one of iterative optimisation where this is set."""
        name = f"{level}-gated".replace(" ", "-")
        model = self.train(name, self.settings.network, settings, labels, power)
        parts = {part: self.images[self.rows[part].to(self.device)] for part in ("validation", "test")}
        found = {part: (measure.gradients(model, own), measure.losses(model, own)) for part, own in parts.items()}
        facts = facts | {"epochs": settings.epochs, "reliance": self._reliance(model, name, labels)}
        yield from self._rows(facts, "", found, labels)
        if iterative is not None:
            z = measure.iterated(model, parts["test"], iterative)
            yield facts | {
                "method": "iterative",
                "accuracy": measure.accuracy(z, labels[self.rows["test"].to(self.device)]),
                "images_test": len(z),
                "forward_passes": iterative.steps,
                "backward_passes": iterative.steps,
            }

    def _near(self, means: Tensor, power: float) -> dict[str, tuple[Tensor, Tensor]]:
        """Return gradients and losses, by part, of the decoder that returns these means [K, D], in a metric."""
        scale = self.basis.weights(power / 2)
        parts = {part: self.images[self.rows[part].to(self.device)] for part in ("validation", "test")}
        return {part: measure.of_means(means * scale, own * scale) for part, own in parts.items()}

    def _reliance(self, model: GatedAutoencoder, name: str, labels: Tensor) -> float:
        rows = self.rows["test"].to(self.device)
        draws = torch_generator(*self.key, name, "permutation")
        return measure.reliance(model, self.images[rows], labels[rows], draws).relative_rise

    def _rows(
        self, facts: dict[str, Any], method: str, found: dict[str, tuple[Tensor, Tensor]], labels: Tensor
    ) -> Iterator[dict[str, Any]]:
        """Yield a row for one-step inference and one for trying all classes; tau is chosen on validation images."""
        truth = {part: labels[self.rows[part].to(self.device)] for part in found}
        for place, rule in enumerate(("one-step", "likelihood")):
            values = {part: pair[place] for part, pair in found.items()}
            classes = values["test"].shape[1]
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
