"""The networks of one repeat and arm: built from named seeds, fitted to the training images, kept in live state."""

from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from whichtask.config.gbi.images import ImagesSettings
from whichtask.config.gbi.inference import AutoencoderSettings, FitSettings
from whichtask.gbi.abstraction import one_hot
from whichtask.gbi.autoencoder import Autoencoder
from whichtask.gbi.fit import BatchLoss, fit
from whichtask.gbi.images.classifier import Classifier, accuracy, dropout_mask
from whichtask.gbi.images.data import Parts
from whichtask.gbi.images.ensemble import DropoutAutoencoder
from whichtask.gbi.images.regret import VariationalAutoencoder
from whichtask.seeding import seeded, torch_generator
from whichtask.training.live import LiveState

CHECK_EVERY = 5
"""Batches between two looks at the validation accuracy of the classifier that is stopped early."""
MOST_CHECKS = 400
"""Looks after which it stops anyway, should it never reach the accuracy."""


@dataclass(frozen=True)
class Networks:
    """Fits networks to the images of one arm; the same name gives the same network.

    Attributes:
        parts: the images.
        settings: widths and how long each kind is trained.
        key: seed and repeat.
        live: where finished networks stay.
        arm: part of every network's name.
        wanted: training images that were asked for; see ``passes``.
    """

    parts: Parts
    settings: ImagesSettings
    key: tuple[int, int]
    live: LiveState
    arm: str
    wanted: int | None = None

    def autoencoder(self, name: str, chosen: AutoencoderSettings, epochs: FitSettings | None = None) -> Autoencoder:
        """Fit an autoencoder that is given each image's class as one-hot Z."""
        images, labels = self.parts.train
        with self._seeded(name):
            model = Autoencoder(self.parts.shape, self.parts.classes, chosen, self._generator(name)).to(images.device)
        start_grey(model, images)

        def loss(rows: Tensor, generator: torch.Generator) -> Tensor:
            noise = torch.randn(len(rows), chosen.code, generator=generator).to(images) if chosen.noise else None
            return model.training_loss(images[rows], one_hot(labels[rows], self.parts.classes), noise)

        self._fit(model, loss, name, self.settings.fit if epochs is None else epochs)
        return model

    def dropout_autoencoder(self, name: str, share: float) -> DropoutAutoencoder:
        """Fit an autoencoder whose decoder's first feature maps are dropped at random."""
        images, labels = self.parts.train
        chosen = self.settings.autoencoder
        with self._seeded(name):
            model = DropoutAutoencoder(self.parts.shape, self.parts.classes, chosen, self._generator(name))
        model = model.to(images.device)
        start_grey(model, images)

        def loss(rows: Tensor, generator: torch.Generator) -> Tensor:
            keep = dropout_mask(len(rows), model.first_maps, share, generator, images.device)
            return model.dropped_loss(images[rows], one_hot(labels[rows], self.parts.classes), keep)

        self._fit(model, loss, name, self.settings.fit)
        return model

    def classifier(self, name: str, dropout: float = 0.0) -> Classifier:
        """Fit a classifier to the end; ``dropout`` is the share of its last feature maps that are dropped."""
        images, labels = self.parts.train
        model = self._new_classifier(name)

        def loss(rows: Tensor, generator: torch.Generator) -> Tensor:
            channels = model.channels
            keep = dropout_mask(len(rows), channels, dropout, generator, images.device) if dropout else None
            return nn.functional.cross_entropy(model(images[rows], keep), labels[rows])

        self._fit(model, loss, name, self.settings.classifier)
        return model

    def matched_classifier(self, name: str) -> tuple[Classifier, int]:
        """Fit a classifier until its validation accuracy reaches the paper's; return it and the batches it saw."""
        images, labels = self.parts.train
        model = self._new_classifier(name)
        batch = self.settings.classifier.batch_size

        def loss(rows: Tensor, generator: torch.Generator) -> Tensor:
            # An "epoch" is a few batches drawn from all images, so that training can stop between them.
            drawn = torch.randint(len(images), (len(rows),), generator=generator).to(rows.device)
            return nn.functional.cross_entropy(model(images[drawn]), labels[drawn])

        def reached(_: int) -> bool:
            return accuracy(model, self.parts.validation) >= self.settings.matched_accuracy

        few = torch.arange(CHECK_EVERY * batch, device=images.device)
        settings = self.settings.classifier.model_copy(update={"epochs": MOST_CHECKS})
        history = fit(model, loss, few, settings, self._path(name), self.live, f"{self.arm}-{name}", reached)
        return model, CHECK_EVERY * len(history)

    def variational(self, name: str) -> VariationalAutoencoder:
        """Fit a variational autoencoder to the images without their classes."""
        images = self.parts.train.images
        with self._seeded(name):
            channels = self.settings.autoencoder.channels
            model = VariationalAutoencoder(self.parts.shape, channels, self.settings.vae_latent).to(images.device)

        def loss(rows: Tensor, generator: torch.Generator) -> Tensor:
            noise = torch.randn(len(rows), model.latent, generator=generator).to(images)
            return model.loss(images[rows], noise)

        self._fit(model, loss, name, self.settings.vae)
        model.calibrate(self.parts.validation.images, torch_generator(*self._path(name), "variance"))
        return model

    def _new_classifier(self, name: str) -> Classifier:
        with self._seeded(name):
            model = Classifier(self.parts.shape, self.parts.classes, self.settings.autoencoder)
        return model.to(self.parts.train.images.device)

    def _fit(self, model: nn.Module, loss: BatchLoss, name: str, settings: FitSettings) -> None:
        rows = torch.arange(len(self.parts.train.labels), device=self.parts.train.labels.device)
        settings = passes(settings, self.wanted, len(rows))
        fit(model, loss, rows, settings, self._path(name), self.live, f"{self.arm}-{name}")

    def _path(self, name: str) -> tuple[str | int, ...]:
        return "gbi images", *self.key, self.arm, name

    def _seeded(self, name: str) -> AbstractContextManager[None]:
        return seeded(*self._path(name), "weights")

    def _generator(self, name: str) -> torch.Generator:
        return torch_generator(*self._path(name), "entry")


def passes(settings: FitSettings, wanted: int | None, available: int) -> FitSettings:
    """Return settings with which a network sees as many images in all as with those wanted.

    A smaller set, such as part of MNIST, is passed over more often: else the networks would be trained too briefly.
    """
    if wanted is None or wanted <= available:
        return settings
    return settings.model_copy(update={"epochs": round(settings.epochs * wanted / available)})


@torch.no_grad()
def start_grey(model: Autoencoder, images: Tensor) -> None:
    """Set the output's bias so that an untrained decoder draws the mean grey of images, in place.

    From a bias of 0 it draws grey .5, and the first steps towards black are so large that they may end all gradients:
    at a step size of 2e-3, 4 of 8 networks drew black for ever, and none of 16 that began like this.
    """
    last = model.rest[-2]  # before the sigmoid
    if not isinstance(last, nn.ConvTranspose2d) or last.bias is None:
        raise TypeError(f"the decoder ends in {last}; a transposed convolution with a bias was expected")
    last.bias.copy_(torch.logit(images.mean(dim=(0, 2, 3)), eps=1e-3))
