"""What the figures of the bridge share: sources of Z in one order and colour, lines of marks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from whichtask.errors import WhichtaskError
from whichtask.figures.marks import MARK, POINTS, bars, estimate_in, name_rows
from whichtask.figures.means import read_repeats, seeds_and_means
from whichtask.figures.palette import KIND_COLOURS, NEUTRAL

MAIN, OTHER = "main", "other"
"""Widths of the image's code."""
ALL = "all"
"""The source that stands for the bits of all sources."""
ONE_HOT = "one-hot"
SOURCES = {
    "discovered": ("discovered tasks", KIND_COLOURS["discovered"]),
    "human": ("halves of the classes", KIND_COLOURS["human"]),
    "pca": ("principal components", KIND_COLOURS["pca"]),
    "untrained": ("untrained encoder", KIND_COLOURS["network"]),
    "random": ("random labels", KIND_COLOURS["random"]),
    "permuted": ("discovered, permuted", "#332288"),
    ONE_HOT: ("one-hot class", "#17A2B8"),
}
"""Names and colours of sources, from top to bottom."""
METHODS = {"one-step": "D", "iterative": "o", "enumerated": "s", "given": "^", "code": "x"}
"""Markers of ways of inference."""
WORDS = {
    "one-step": "one step",
    "iterative": "iterated",
    "enumerated": "all combinations tried",
    "given": "true bits",
    "code": "image's code, no Z",
}
NAMES = {"factors32": "factors32", "fashion_mnist": "FashionMNIST", "cifar10": "CIFAR-10"}


class Series(NamedTuple):
    """One kind of mark on every line."""

    rows: pd.DataFrame
    """With ``source`` and ``row``."""
    marker: str
    hollow: bool = False


def read(paths: Sequence[Path], columns: Sequence[str]) -> pd.DataFrame:
    """Read tables of all image sets and repeats.

    Raises:
        WhichtaskError: see ``read_repeats``; or a source that has no colour.
    """
    table = read_repeats(paths, ("data", "source", "code", *columns))
    for source in table["source"].unique():
        if source not in SOURCES:
            raise WhichtaskError(f"cannot draw Z of {source!r}; allowed: {', '.join(SOURCES)}")
    return table


def by_seed(table: pd.DataFrame, by: Sequence[str], values: Sequence[str]) -> pd.DataFrame:
    """Average rows of a repeat, such as bits, then repeats: rows of seeds and of means, see ``seeds_and_means``."""
    seeds = table.groupby([*by, "repeat"], sort=False)[list(values)].mean().reset_index()
    return seeds_and_means(seeds, list(by), list(values))


def name_of(data: str) -> str:
    """Return how figures call an image set."""
    return NAMES.get(data, data)


def draw_lines(axes: Axes, series: Sequence[Series], value: str, names: Mapping[str, str]) -> None:
    """Draw a line for each source: for each series its seeds as points and their mean with its interval."""
    offsets = np.linspace(-0.22, 0.22, len(series)) if len(series) > 1 else [0.0]
    for line, source in enumerate(names):
        colour = SOURCES[source][1]
        for offset, one in zip(offsets, series, strict=True):
            own = one.rows[one.rows["source"] == source]
            means = own[own["row"] == "mean"]
            if means.empty or np.isnan(means.iloc[0][value]):
                continue
            seeds = own.loc[own["row"] == "seed", value]
            mean, low, high, _ = estimate_in(means.iloc[0], value)
            axes.scatter(seeds, np.full(len(seeds), line + offset), color=colour, **POINTS)
            face = {"markerfacecolor": "white"} if one.hollow else {}
            style = MARK | {"fmt": one.marker} | face
            axes.errorbar([mean], [line + offset], xerr=bars(mean, low, high), color=colour, **style)
    name_rows(axes, list(names.values()))


def chance_line(axes: Axes, at: float) -> None:
    """Draw where chance is."""
    axes.axvline(at, color=NEUTRAL, linewidth=1.0, linestyle=":")


def sources_of(table: pd.DataFrame) -> dict[str, str]:
    """Return the sources that a table has, with their names, from top to bottom."""
    return {source: name for source, (name, _) in SOURCES.items() if source in set(table["source"])}
