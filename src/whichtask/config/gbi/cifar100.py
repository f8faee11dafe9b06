"""A hundred classes: an autoencoder whose wide decoder layer is gated by Z."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from whichtask.config.base import Section
from whichtask.config.gbi.inference import FitSettings, InferenceSettings
from whichtask.config.sections import Count, Share

EntryName = Literal["concatenated", "additive", "multiplicative", "bernoulli"]


class GatedSettings(Section):
    """The network: components -> code of bounded length, with noise -> wide layer and Z -> components."""

    encoder: Count = Field(256, description="Width of the encoder's hidden layer.")
    code: Annotated[int, Field(ge=0)] = Field(32, description="Width of the image's code; 0: the decoder sees Z only.")
    noise: Annotated[float, Field(ge=0)] = Field(
        1.0, description="S.d. of training noise on each entry of the code, whose entries have a mean square of 1."
    )
    hidden: Count = Field(1024, description="Width of the decoder's layer into which Z enters.")
    entry: EntryName = Field("bernoulli", description="How Z enters that layer.")
    share: Share = Field(0.5, description="Share of gates that are open where Z enters by a fixed mask (bernoulli).")


class HundredSettings(Section):
    """Images of a hundred classes as components, and a network that reconstructs them with the class as Z."""

    seeds: list[int] = Field([0, 1, 2, 3, 4], min_length=1, description="Seeds of the repeats; each is one job.")
    train_images: Count | None = Field(None, description="Training images to learn from; null takes all that are left.")
    validation_images: Count = Field(4_000, description="Training images set aside, on which tau is chosen.")
    test_images: Count | None = Field(None, description="Test images; null takes all.")
    components: Count = Field(
        256,
        description="Principal components of the training pixels in which images are reconstructed; the squared error "
        "in all of them is that of the pixels (96 % of the variance of CIFAR-100 with 256).",
    )
    network: GatedSettings = Field(GatedSettings(hidden=4_096), description="The network with the classes as Z.")
    fit: FitSettings = Field(
        FitSettings(epochs=24, batch_size=128, learning_rate=1e-3, schedule="cosine"),
        description="Training of that network.",
    )
    other_epochs: Count = Field(
        12, description="Passes over the training images for other networks: pure generative, coarse classes."
    )

    @property
    def other_fit(self) -> FitSettings:
        """Training of the other networks."""
        return self.fit.model_copy(update={"epochs": self.other_epochs})

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.network.code == 0:
            raise ValueError("network.code must be at least 1: the network without a code is a row of its own")
        return self


class SweepSettings(Section):
    """When is Z used? One key of the network changed at a time, with short training of narrower networks."""

    width: Count = Field(1_024, description="Width of the layer into which Z enters, where it is not what changes.")
    codes: list[Count] = Field([4, 16, 64], description="Other widths of the code.")
    noises: list[Annotated[float, Field(ge=0)]] = Field([0.0, 0.5, 2.0], description="Other levels of code noise.")
    hidden: list[Count] = Field([64, 256], description="Other widths of the layer into which Z enters.")
    entries: list[EntryName] = Field(
        ["concatenated", "additive", "multiplicative"], description="Other ways for Z to enter."
    )
    epochs: Count = Field(3, description="Passes over the training images for each network of the sweep.")
    test_images: Count = Field(2_000, description="Test images on which the networks of the sweep are measured.")


class Cifar100Settings(HundredSettings):
    """A hundred classes. Network and training were chosen on held-out training images of CIFAR-100."""

    inference: InferenceSettings = Field(
        InferenceSettings(learning_rate=0.2, steps=50, weight=0.0), description="Iterative optimisation of Z."
    )
    superclasses: bool = Field(True, description="Whether a network is also trained with coarse classes as Z.")
    sweep: SweepSettings = Field(SweepSettings(), description="Networks that show when Z is used at all.")


class MetricSettings(HundredSettings):
    """A hundred classes: the metric of the reconstruction error decides what one step can do."""

    seeds: list[int] = Field([0, 1, 2], min_length=1, description="Seeds of the repeats; each is one job.")
    fit: FitSettings = Field(
        FitSettings(epochs=12, batch_size=128, learning_rate=1e-3, schedule="cosine"),
        description="Training of that network, in each metric.",
    )
    powers: list[Annotated[float, Field(ge=0, le=1)]] = Field(
        [0.0, 0.5],
        min_length=1,
        description="Metrics p: the squared error of a component counts its variance to the power -p; 0 is the error "
        "of the pixels, 1 that of whitened pixels.",
    )
