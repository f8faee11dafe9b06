"""Sequential tasks: GBI against elastic weight consolidation, learning without forgetting, and replay."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from whichtask.config.base import Section
from whichtask.config.gbi.cifar100 import GatedSettings
from whichtask.config.sections import Count, Positive


class CandidateSettings(Section):
    """What each learner chooses from on validation images; each has the same number of candidates."""

    learning_rates: list[Positive] = Field(
        [3e-4, 1e-3, 3e-3], min_length=1, description="Step sizes of fine-tuning, replay and joint training."
    )
    gbi: list[Positive] = Field([1e-3, 3e-3, 1e-2], min_length=1, description="Step sizes of GBI.")
    ewc: list[Positive] = Field([1e2, 1e4, 1e6], min_length=1, description="Weights of EWC's penalty.")
    lwf: list[Positive] = Field([0.3, 1.0, 3.0], min_length=1, description="Weights of LwF's distillation.")


class ContinualSettings(Section):
    """Sequential tasks: GBI against EWC, LwF and replay. All learners have equal size and equal updates."""

    seeds: list[int] = Field([0, 1, 2], min_length=1, description="Seeds of the repeats; each is one job.")
    task_classes: Annotated[int, Field(ge=2)] = Field(2, description="Classes of each task.")
    train_images: Count | None = Field(20_000, description="Training images; null takes all that are left.")
    validation_images: Count = Field(3_000, description="Training images set aside, for the choice of candidates.")
    test_images: Count | None = Field(5_000, description="Test images; null takes all.")
    epochs: Count = Field(1, description="Passes over each task's images.")
    batch_size: Count = Field(64, description="New images in a batch.")
    learning_rate: Positive = Field(1e-3, description="Step size of Adam for EWC and LwF.")
    network: GatedSettings = Field(
        GatedSettings(encoder=128, code=8, noise=1.0, hidden=256, share=0.1),
        description="The generative network of GBI (share of open gates chosen among 0.05, 0.1 and 0.3 on validation "
        "images); the classifiers get the width that gives them as many parameters.",
    )
    memory: Count = Field(10, description="Images of each class that replay stores; the other learners store none.")
    distillation_temperature: Positive = Field(2.0, description="Temperature of LwF (2 in Li and Hoiem 2016).")
    fisher_images: Count = Field(
        500, description="Images of each task from which EWC estimates the Fisher information."
    )
    candidates: CandidateSettings = Field(CandidateSettings(), description="What is chosen on validation images.")

    @model_validator(mode="after")
    def _generative(self) -> Self:
        if self.network.code == 0:
            raise ValueError(
                "network.code must be at least 1: without a code GBI is the nearest class mean, a row anyway"
            )
        return self
