"""What every section of the configuration shares, and the facts about named data sets that it is checked against."""

from typing import NamedTuple

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A frozen section that knows all its keys: an unknown one is an error, not a silent default."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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
