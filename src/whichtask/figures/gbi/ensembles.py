"""Does GBI gain from several networks, or from dropout? Calibration, accuracy and detection."""

import pandas as pd
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.gbi.images import read_seeds, seeds_note, with_means
from whichtask.figures.inputs import Inputs
from whichtask.figures.marks import dot_rows, legend_above, mean_key, unit_key
from whichtask.figures.palette import BLUE, GREEN, GREY, VERMILION
from whichtask.figures.style import annotate

MEASURES = {
    "accuracy": "accuracy\n[share of test images]",
    "calibration_error": "expected calibration error",
    "auroc": "AUROC, largest entry",
}
VALUES = [*MEASURES, "negative_log_likelihood"]
WAYS = {
    "single": ("single network", GREY),
    "ensemble": ("ensemble,\nmean of posteriors", VERMILION),
    "ensemble of gradients": ("ensemble,\nmean of gradients", BLUE),
    "MC dropout": ("MC dropout", GREEN),
}
"""From top to bottom."""


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Return seeds (of single networks, one row a member) and means of each way to use several networks.

    Args:
        inputs: ``ensembles``, one table a seed.
    """
    seeds = read_seeds(inputs, "ensembles", ("way", "member", "networks", *VALUES))
    return with_means(seeds, ["way"], VALUES).rename(columns={"way": "method"})


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """One-step GBI with one network, with an ensemble of autoencoders and with draws of dropout: accuracy, expected
    calibration error and detection of foreign images.
    """
    networks = table[table["row"] == "seed"].groupby("method")["networks"].first()
    names = {way: label for way, (label, _) in WAYS.items() if way in networks.index}
    colours = {way: colour for way, (_, colour) in WAYS.items()}
    figure = Figure(figsize=(10.6, 1.9 + 0.5 * len(names)), layout="constrained")
    panels = figure.subplots(1, len(MEASURES), sharey=True)
    for axes, (measure, label) in zip(panels, MEASURES.items(), strict=True):
        dot_rows(axes, table, "method", measure, names, colours, outside=True)
        axes.set_xlabel(label)
        axes.margins(x=0.1)
    legend_above(panels[0], [mean_key(), unit_key("one seed, or one single network")])
    first = table.iloc[0]
    annotate(
        figure,
        f"One-step GBI with several networks, {first['data']} against {first['outside']}",
        f"Images normalised. Ensembles of {networks.get('ensemble', 0):.0f} autoencoders; their points are seeds, "
        "those of single networks are members, whose mean is a seed's value. Dropout: "
        f"{networks.get('MC dropout', 0):.0f} draws of the decoder's first feature maps. All temperatures calibrated "
        f"on validation images. Not in the paper. {seeds_note(table)}",
    )
    return figure
