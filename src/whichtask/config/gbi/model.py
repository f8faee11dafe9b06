"""All sections of Gradient-Based Inference."""

from typing import Literal

from pydantic import Field

from whichtask.config.base import Section
from whichtask.config.gbi.cifar100 import Cifar100Settings, MetricSettings
from whichtask.config.gbi.compute import ComputeSettings
from whichtask.config.gbi.continual import ContinualSettings
from whichtask.config.gbi.images import ImagesSettings
from whichtask.config.gbi.language import LanguageSettings
from whichtask.config.gbi.richer import RicherSettings
from whichtask.config.gbi.toy import ToySettings
from whichtask.config.gbi.unsupervised import UnsupervisedSettings
from whichtask.config.sections import Count


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
    metric: MetricSettings = Field(MetricSettings(), description="A hundred classes, by the metric of the loss.")
    language: LanguageSettings = Field(LanguageSettings(), description="Text domains.")
    continual: ContinualSettings = Field(ContinualSettings(), description="Sequential tasks.")
    richer: RicherSettings = Field(RicherSettings(), description="Other codes for Z.")
    unsupervised: UnsupervisedSettings = Field(UnsupervisedSettings(), description="Z that is not given.")
    compute: ComputeSettings = Field(ComputeSettings(), description="Cost of inference.")

    def seeds_of(self, experiment: str) -> list[int]:
        """Return the seeds of an experiment by its name, such as ``toy-learning``."""
        if experiment == "images-more":
            return self.images.seeds[: self.images.more.repeats]
        section = "toy" if experiment == "toy-learning" else experiment
        seeds: list[int] = getattr(self, section).seeds
        return seeds
