"""Language models with the text's domain as Z (facts 2.3)."""

from typing import TYPE_CHECKING, Any, Self

from pydantic import Field

from whichtask.config.base import Section
from whichtask.config.gbi.inference import repeated

if TYPE_CHECKING:
    from whichtask.config.model import Config


class LanguageSettings(Section):
    """Language models with the text's domain as Z (facts 2.3)."""

    seeds: list[int] = Field([0, 1, 2], min_length=1, description="Seeds of the repeats; each is one job.")


class LanguageJob(Section):
    """One repeat."""

    seed: int
    repeat: int
    language: LanguageSettings

    @classmethod
    def of(cls, config: "Config", repeat: int | None = None) -> Self:
        """Take what the job needs; ``repeat`` is one of the seeds, by default the first."""
        settings, repeat = repeated(config.gbi.language, repeat)
        return cls(seed=config.seed, repeat=repeat, language=settings)


SMOKE: dict[str, Any] = {"seeds": [0, 1]}
PAPER: dict[str, Any] = {"seeds": [0, 1, 2, 3, 4]}
