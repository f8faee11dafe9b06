"""Does GBI gain from several networks, or from dropout? Calibration, accuracy and detection."""

from pathlib import Path

from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.gbi.images import COLOURS, dot_rows, keys, read_seeds, seeds_note, with_means
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.style import annotate, save, styled
from whichtask.figures.tables import only

MEASURES = {
    "accuracy": "accuracy\n[share of test images]",
    "calibration_error": "expected calibration error",
    "auroc": "AUROC, largest entry",
}
COLUMNS = ("way", "member", "networks", "negative_log_likelihood", *MEASURES)
LABELS = {
    "single": "single network",
    "ensemble": "ensemble,\nmean of posteriors",
    "ensemble of gradients": "ensemble,\nmean of gradients",
    "MC dropout": "MC dropout",
}
WAY_COLOURS = {
    "single": "#6E6E6E",
    "ensemble": COLOURS["gbi"],
    "ensemble of gradients": COLOURS["classifier"],
    "MC dropout": COLOURS["generative"],
}


@styled()
def draw_ensembles(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw three measures of one-step GBI with one and with several networks.

    Args:
        inputs: ``ensembles``, one table a seed.
        out: the PNG.
        settings: resolution.

    Raises:
        WhichtaskError: files that do not fit.
    """
    seeds = read_seeds(files(inputs, "ensembles"), COLUMNS)
    table = with_means(seeds, ["way"], [*MEASURES, "negative_log_likelihood"]).rename(columns={"way": "method"})
    names = {way: label for way, label in LABELS.items() if way in set(seeds["way"])}
    figure = Figure(figsize=(9.6, 1.9 + 0.55 * len(names)), layout="constrained")
    panels = figure.subplots(1, len(MEASURES), sharey=True)
    for axes, (measure, label) in zip(panels, MEASURES.items(), strict=True):
        dot_rows(axes, table, measure, names, WAY_COLOURS)
        axes.set_xlabel(label)
        low, high = axes.dataLim.intervalx
        room = max(0.12 * (high - low), 0.005)
        axes.set_xlim(low - room, high + room)
    keys(panels[0], paper=False)
    counts = {way: int(seeds.loc[seeds["way"] == way, "networks"].iloc[0]) for way in names}
    annotate(
        figure,
        f"One-step GBI with several networks, {only(seeds, 'data')} against {only(seeds, 'outside')}",
        f"Images normalised. Ensembles of {counts.get('ensemble', 0)} autoencoders; their points are seeds, those of "
        f"single networks are members. Dropout: {counts.get('MC dropout', 0)} draws of the decoder's first feature "
        "maps. "
        f"All temperatures calibrated on validation images. Not in the paper. {seeds_note(seeds)}",
    )
    save(figure, table, out, settings)
