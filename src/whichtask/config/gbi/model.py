"""All sections of Gradient-Based Inference, and what the presets change in them."""

from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field

from whichtask.config.base import Section
from whichtask.config.gbi import cifar100 as _cifar100
from whichtask.config.gbi import compute as _compute
from whichtask.config.gbi import continual as _continual
from whichtask.config.gbi import images as _images
from whichtask.config.gbi import language as _language
from whichtask.config.gbi import richer as _richer
from whichtask.config.gbi import toy as _toy
from whichtask.config.gbi import unsupervised as _unsupervised
from whichtask.config.gbi.cifar100 import Cifar100Settings
from whichtask.config.gbi.compute import ComputeSettings
from whichtask.config.gbi.continual import ContinualSettings
from whichtask.config.gbi.images import ImagesSettings
from whichtask.config.gbi.language import LanguageSettings
from whichtask.config.gbi.richer import RicherSettings
from whichtask.config.gbi.toy import ToySettings
from whichtask.config.gbi.unsupervised import UnsupervisedSettings
from whichtask.config.sections import Count

if TYPE_CHECKING:
    from whichtask.config.model import Config

_EXPERIMENTS = {
    "toy": _toy,
    "images": _images,
    "cifar100": _cifar100,
    "language": _language,
    "continual": _continual,
    "richer": _richer,
    "unsupervised": _unsupervised,
    "compute": _compute,
}


class GbiSettings(Section):
    """Gradient-Based Inference: one section for each experiment."""

    hundred: Literal["either", "cifar100", "factors32"] = Field(
        "either",
        description="Images of about a hundred classes: CIFAR-100, factors32 (96 classes), or the first that is there.",
    )
    factors_images: tuple[Count, Count] = Field(
        (12_000, 3_000), description="Training and test images of factors32 that are drawn for GBI."
    )

    toy: ToySettings = Field(ToySettings(), description="Toy sequences.")
    images: ImagesSettings = Field(ImagesSettings(), description="MNIST and out-of-distribution images.")
    cifar100: Cifar100Settings = Field(Cifar100Settings(), description="A hundred classes.")
    language: LanguageSettings = Field(LanguageSettings(), description="Text domains.")
    continual: ContinualSettings = Field(ContinualSettings(), description="Sequential tasks.")
    richer: RicherSettings = Field(RicherSettings(), description="Other codes for Z.")
    unsupervised: UnsupervisedSettings = Field(UnsupervisedSettings(), description="Z that is not given.")
    compute: ComputeSettings = Field(ComputeSettings(), description="Cost of inference.")


class HundredJob(Section):
    """Get images of about a hundred classes."""

    hundred: Literal["either", "cifar100", "factors32"]
    factors_images: tuple[Count, Count]

    @classmethod
    def of(cls, config: "Config") -> Self:
        """Take what the job needs from the whole configuration."""
        return cls(hundred=config.gbi.hundred, factors_images=config.gbi.factors_images)


GBI_SMOKE: dict[str, Any] = {
    "hundred": "factors32",
    "factors_images": [1_200, 300],
    **{name: experiment.SMOKE for name, experiment in _EXPERIMENTS.items()},
}
GBI_PAPER: dict[str, Any] = {
    "hundred": "cifar100",
    "factors_images": [50_000, 10_000],
    **{name: experiment.PAPER for name, experiment in _EXPERIMENTS.items()},
}
