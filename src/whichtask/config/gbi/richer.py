"""Codes for Z: one-hot, learned embeddings, hierarchical."""

from typing import TYPE_CHECKING, Any, Self

from pydantic import Field

from whichtask.config.base import Section
from whichtask.config.gbi.inference import repeated

if TYPE_CHECKING:
    from whichtask.config.model import Config


class RicherSettings(Section):
    """Codes for Z: one-hot, learned embeddings, hierarchical."""

    seeds: list[int] = Field([0, 1, 2], min_length=1, description="Seeds of the repeats; each is one job.")


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


SMOKE: dict[str, Any] = {"seeds": [0, 1]}
PAPER: dict[str, Any] = {"seeds": [0, 1, 2, 3, 4]}
