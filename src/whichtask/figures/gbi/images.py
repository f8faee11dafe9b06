"""What the figures of the image experiments share: tables of several seeds on the same images, and words on them."""

from collections.abc import Sequence

import pandas as pd

from whichtask.figures.inputs import Inputs, files
from whichtask.figures.means import read_repeats, seeds_and_means
from whichtask.figures.tables import only

ABOUT = ("data", "source", "outside", "train_images")


def read_seeds(inputs: Inputs, name: str, columns: Sequence[str]) -> pd.DataFrame:
    """Read and join the tables of several seeds.

    Raises:
        WhichtaskError: a file is missing or lacks a column, or they are of different images.
    """
    table = read_repeats(files(inputs, name), [*ABOUT, *columns])
    for column in ABOUT:
        only(table, column)
    return table


def with_means(table: pd.DataFrame, by: Sequence[str], values: Sequence[str]) -> pd.DataFrame:
    """Return ``seeds_and_means`` with the columns that say of which images they are."""
    return seeds_and_means(table, by, values).assign(**{name: table[name].iloc[0] for name in ABOUT})


def name_of(data: str) -> str:
    """Return a data set's name as a figure's title writes it."""
    return {"cifar100": "CIFAR-100", "factors32_96": "factors32, 96 classes", "mnist": "split MNIST"}.get(data, data)


def seeds_note(table: pd.DataFrame) -> str:
    """Say what the units and the images are."""
    n = table["repeat"].nunique()
    first = table.iloc[0]
    return (
        f"Intervals: 95 % (Student's t) over n = {n} seed{'' if n == 1 else 's'} (other weights, other division of the "
        f"images); {int(first['train_images']):,} training images. Source of {first['data']}: "
        f"{first['source'].rstrip('.')}."
    )
