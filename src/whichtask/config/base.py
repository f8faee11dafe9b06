"""What every section of the configuration shares, and the facts about named data sets that it is checked against."""

import os
import re
import unicodedata
from typing import Annotated, Any, NamedTuple, Self

from pydantic import AfterValidator, BaseModel, ConfigDict

from whichtask.errors import WhichtaskError


class Section(BaseModel):
    """A frozen section of finite numbers that knows all its keys: an unknown one is an error, not a silent default."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def chosen_repeat(seeds: list[int], repeat: int | None) -> int:
    """Return a repeat that is one of the seeds, by default the first.

    Raises:
        WhichtaskError: it is none of them.
    """
    chosen = seeds[0] if repeat is None else repeat
    if chosen not in seeds:
        raise WhichtaskError(f"there is no repeat {chosen}; the seeds are {', '.join(map(str, seeds))}")
    return chosen


class Job(Section):
    """Exactly the keys that decide a job's result; its fields are called like keys of the configuration."""

    @classmethod
    def of(cls, config: Any) -> Self:
        """Take what the job needs from the whole configuration: the sections and keys that its fields are called by."""
        return cls.model_validate({name: getattr(config, name) for name in cls.model_fields})


def _as_it_stands(path: str) -> str:
    """Resolve ~; refuse what Snakemake (brackets), a terminal (control characters) or a command (-) reads otherwise."""
    path = os.path.expanduser(path)  # noqa: PTH111  # a user that does not exist is no error here
    if any(mark in "{}<>" or unicodedata.category(mark) in ("Cc", "Cs", "Zl", "Zp") for mark in path):
        raise ValueError(f"{path!r} has one of {{ }} < >, a line break or another control character in it; rename it")
    if path.startswith("-"):
        raise ValueError(f"{path!r} begins with a hyphen, as options do; give the whole path")
    return path


def _part_of_paths(name: str) -> str:
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise ValueError(f"the name {name!r} goes into file names: letters, digits, '_', '-' and '.' only")
    return name


PathText = Annotated[str, AfterValidator(_as_it_stands)]
"""A path of the user's: it goes into Snakemake's patterns and onto command lines."""
PathPart = Annotated[str, AfterValidator(_part_of_paths)]
"""A name that becomes a part of result paths, and with them of what a cluster's submit command quotes."""


class DataFacts(NamedTuple):
    """What is known of a named data set before it is fetched, so that nonsense fails before any work is done."""

    shape: tuple[int, int, int]
    """Height, width and channels of one image."""
    train_images: int
    test_images: int
    classes: int


KNOWN_DATA: dict[str, DataFacts] = {
    "fashion_mnist": DataFacts((28, 28, 1), 60_000, 10_000, 10),
    "mnist": DataFacts((28, 28, 1), 60_000, 10_000, 10),
    "cifar10": DataFacts((32, 32, 3), 50_000, 10_000, 10),
    "cifar100": DataFacts((32, 32, 3), 50_000, 10_000, 100),
    "factors32": DataFacts((32, 32, 3), 50_000, 10_000, 6),
}
RESERVED_NAMES = frozenset({*KNOWN_DATA, "ground_truth", "hundred", "text"})
"""Names of files in ``RESULTS/data`` that the workflow makes itself."""
