"""Codes for Z: one-hot, learned embeddings, and one part for each factor of the class."""

from typing import Annotated, Literal

from pydantic import Field

from whichtask.config.base import Section
from whichtask.config.gbi.inference import FitSettings, InferenceSettings
from whichtask.config.sections import Count, Share


class CodedSettings(Section):
    """Components -> code of bounded length, with noise -> layer and Z -> layer -> components."""

    encoder: Count = Field(256, description="Width of the encoder's hidden layer.")
    code: Count = Field(16, description="Width of the image's code.")
    noise: Annotated[float, Field(ge=0)] = Field(
        0.5, description="S.d. of training noise on each entry of the code, whose entries have a mean square of 1."
    )
    hidden: Count = Field(256, description="Width of the decoder's layer into which Z enters, and of the next.")
    entry: Literal["concatenated", "additive", "multiplicative", "bernoulli"] = Field(
        "concatenated", description="How Z, or its embedding, enters."
    )
    embedding: Count = Field(16, description="Width of learned embeddings.")


class RicherSettings(Section):
    """Images of factors32, whose classes are combinations of factors; some are left out of training.

    The settings are a first guess: none was chosen by results.
    """

    seeds: list[int] = Field([0, 1, 2], min_length=1, description="Seeds of the repeats; each is one job.")
    train_images: Count | None = Field(8_000, description="Training images; null takes all.")
    test_images: Count | None = Field(2_000, description="Test images; null takes all.")
    heldout_share: Share = Field(0.2, description="Share of the combinations of factors that training does not see.")
    components: Count = Field(128, description="Principal components of the pixels in which images are reconstructed.")
    network: CodedSettings = Field(CodedSettings(), description="The network; equal for all codes but for Z's entry.")
    fit: FitSettings = Field(FitSettings(epochs=16, batch_size=64), description="Training of each network.")
    inference: InferenceSettings = Field(
        InferenceSettings(steps=50, weight=0.0), description="Iterative optimisation of Z."
    )
