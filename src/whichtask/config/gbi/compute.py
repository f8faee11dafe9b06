"""Cost of one-step, iterative and enumerated inference."""

from typing import Annotated

from pydantic import Field

from whichtask.config.base import Section
from whichtask.config.gbi.inference import InferenceSettings
from whichtask.config.sections import Count


class ComputeSettings(Section):
    """Cost of one-step, iterative and enumerated inference."""

    seeds: list[int] = Field([0, 1, 2], min_length=1, description="Seeds of the repeats; each is one job.")
    tasks: list[Annotated[int, Field(ge=2)]] = Field(
        [2, 10, 100, 1_000], min_length=1, description="Numbers of tasks K."
    )
    widths: list[Count] = Field([64, 256, 1_024], min_length=1, description="Widths of the decoder's gated layer.")
    batch_size: Count = Field(8, description="Images inferred at once.")
    measurements: Count = Field(3, description="Times that each method is timed, in turns; the median counts.")
    inference: InferenceSettings = Field(InferenceSettings(), description="The iterative method.")
