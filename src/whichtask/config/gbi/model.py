"""All sections of Gradient-Based Inference, and what the presets change in them."""

from typing import Any

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

    toy: ToySettings = Field(ToySettings(), description="Toy sequences.")
    images: ImagesSettings = Field(ImagesSettings(), description="MNIST and out-of-distribution images.")
    cifar100: Cifar100Settings = Field(Cifar100Settings(), description="A hundred classes.")
    language: LanguageSettings = Field(LanguageSettings(), description="Text domains.")
    continual: ContinualSettings = Field(ContinualSettings(), description="Sequential tasks.")
    richer: RicherSettings = Field(RicherSettings(), description="Other codes for Z.")
    unsupervised: UnsupervisedSettings = Field(UnsupervisedSettings(), description="Z that is not given.")
    compute: ComputeSettings = Field(ComputeSettings(), description="Cost of inference.")


GBI_SMOKE: dict[str, Any] = {name: experiment.SMOKE for name, experiment in _EXPERIMENTS.items()}
GBI_PAPER: dict[str, Any] = {name: experiment.PAPER for name, experiment in _EXPERIMENTS.items()}
