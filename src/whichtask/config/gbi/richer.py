"""Codes for Z: one-hot, learned embeddings, and one part for each factor of the class."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field

from whichtask.config.base import Section
from whichtask.config.gbi.inference import FitSettings, InferenceSettings, repeated
from whichtask.config.sections import Count, Share

if TYPE_CHECKING:
    from whichtask.config.model import Config


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


class RicherJob(Section):
    """One repeat."""

    seed: int
    repeat: int
    richer: RicherSettings

    @classmethod
    def of(cls, config: "Config", repeat: int | None = None) -> Self:
        """Take what the job needs; ``repeat`` is one of the seeds, by default the first."""
        settings, repeat = repeated(config.gbi.richer, repeat)
        return cls(seed=config.seed, repeat=repeat, richer=settings)


SMOKE: dict[str, Any] = {
    "seeds": [0, 1],
    "train_images": 600,
    "test_images": 200,
    "components": 16,
    "network": {"encoder": 16, "code": 4, "hidden": 16, "embedding": 4},
    "fit": {"epochs": 1},
    "inference": {"steps": 3, "weight": 0.0},
}
PAPER: dict[str, Any] = {
    "seeds": [0, 1, 2, 3, 4],
    "train_images": None,
    "test_images": None,
    "components": 512,
    "network": {"encoder": 1024, "hidden": 1024},
    "fit": {"epochs": 50},
    "inference": {"steps": 100, "weight": 0.0},
}
