"""Sequential tasks: GBI against EWC, LwF and replay."""

from typing import TYPE_CHECKING, Any, Self

from pydantic import Field

from whichtask.config.base import Section
from whichtask.config.gbi.inference import repeated

if TYPE_CHECKING:
    from whichtask.config.model import Config


class ContinualSettings(Section):
    """Sequential tasks: GBI against EWC, LwF and replay."""

    seeds: list[int] = Field([0, 1, 2], min_length=1, description="Seeds of the repeats; each is one job.")


class ContinualJob(Section):
    """One repeat."""

    seed: int
    repeat: int
    continual: ContinualSettings

    @classmethod
    def of(cls, config: "Config", repeat: int | None = None) -> Self:
        """Take what the job needs; ``repeat`` is one of the seeds, by default the first."""
        settings, repeat = repeated(config.gbi.continual, repeat)
        return cls(seed=config.seed, repeat=repeat, continual=settings)


SMOKE: dict[str, Any] = {"seeds": [0, 1]}
PAPER: dict[str, Any] = {"seeds": [0, 1, 2, 3, 4]}
