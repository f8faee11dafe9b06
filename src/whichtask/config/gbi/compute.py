"""Cost of one-step, iterative and enumerated inference."""

from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field

from whichtask.config.base import Section
from whichtask.config.gbi.inference import InferenceSettings, repeated
from whichtask.config.sections import Count

if TYPE_CHECKING:
    from whichtask.config.model import Config


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


class ComputeJob(Section):
    """One repeat."""

    seed: int
    repeat: int
    compute: ComputeSettings

    @classmethod
    def of(cls, config: "Config", repeat: int | None = None) -> Self:
        """Take what the job needs; ``repeat`` is one of the seeds, by default the first."""
        settings, repeat = repeated(config.gbi.compute, repeat)
        return cls(seed=config.seed, repeat=repeat, compute=settings)


SMOKE: dict[str, Any] = {"seeds": [0, 1], "tasks": [2, 10], "widths": [16, 64], "measurements": 2}
PAPER: dict[str, Any] = {"seeds": [0, 1, 2, 3, 4], "widths": [64, 256, 1_024, 4_096], "batch_size": 128}
