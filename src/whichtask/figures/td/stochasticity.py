"""Where the chance in the agreement score comes from: initial weights, order of the images, or both."""

import pandas as pd
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.tables import common, read_agreement
from whichtask.figures.td.agreement import scored_everywhere, scores
from whichtask.figures.td.panels import draw_strips

SWITCHES = ["shared_order", "shared_initialisation"]
SOURCES = {
    (True, False): "initialisation only",
    (False, True): "order only",
    (False, False): "initialisation and order",
    (True, True): "neither",
}
"""What differs between the two networks of a pair, by what they share."""


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Return AS of tasks and its mean for each kind of task and each way in which two networks differ.

    Args:
        inputs: ``tables``, agreement tables of one network that say what a pair shares; of tasks that were scored in
            every way.

    Raises:
        WhichtaskError: files that do not fit, or no task that was scored in every way.
    """
    agreement = read_agreement(files(inputs, "tables"), SWITCHES)
    shared = common(agreement, "images_train", "network")
    agreement["source"] = [SOURCES[bool(a), bool(b)] for a, b in agreement[SWITCHES].itertuples(index=False)]
    agreement = scored_everywhere(agreement, "source", "in every way")
    return scores(agreement, ["data", "network", "source", "set"]).assign(images_train=shared["images_train"])


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Which chance makes two networks differ: initial weights, order of images, or both."""
    sources = [source for source in SOURCES.values() if (table["source"] == source).any()]
    panels = draw_strips(table, "source", {source: source.replace(" ", "\n", 1) for source in sources})
    panels.lower.set_xlabel("what differs between the two networks of a pair")
    panels.explain(
        table,
        "Sources of chance in the agreement score",
        " The protocol of all other figures is initialisation only: other weights, the same batches in the same order.",
    )
    return panels.figure
