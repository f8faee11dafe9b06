"""Where the chance in the agreement score comes from: initial weights, order of the images, or both."""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.style import annotate, in_order, save, styled
from whichtask.figures.tables import AGREEMENT_COLUMNS, only, read_agreement, read_table, scores
from whichtask.figures.td.panels import INTERVAL_NOTE, ScorePanels, chance_key, count_text, kind_key

SWITCHES = ["shared_order", "shared_initialisation"]
SOURCES = {
    (True, False): "initialisation\nonly",
    (False, True): "order\nonly",
    (False, False): "initialisation\nand order",
    (True, True): "neither",
}
"""What differs between the two networks of a pair, by what they share."""


@styled()
def draw_stochasticity(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw AS against what differs between the two networks of a pair, one colour for each kind of task.

    Args:
        inputs: ``tables``, agreement tables of one network that say what a pair shares. Only tasks that were scored
            in every way are drawn, so that a mean does not move because its tasks change.
        out: the PNG.
        settings: resolution.

    Raises:
        WhichtaskError: files that do not fit, or no task that was scored in every way.
    """
    paths = files(inputs, "tables")
    for path in paths:
        read_table(path, [*AGREEMENT_COLUMNS, *SWITCHES])
    agreement = read_agreement(paths)
    only(agreement, "images_train")
    network = only(agreement, "network")
    agreement["source"] = [SOURCES[bool(a), bool(b)] for a, b in agreement[SWITCHES].itertuples(index=False)]
    sources = [source for source in SOURCES.values() if source in set(agreement["source"])]
    everywhere = agreement.groupby(["set", "task"])["source"].transform("nunique")
    agreement = agreement[everywhere == len(sources)]
    if agreement.empty:
        raise WhichtaskError("no task was scored in every way; the tables of each source need a task in common")
    table = scores(agreement, ["data", "network", "source", "set"])
    kinds = in_order(table["set"])
    figure = Figure(figsize=(max(6.0, 1.2 + 0.85 * len(sources) * len(kinds)), 4.8), layout="constrained")
    panels = ScorePanels(figure)
    width = 0.92 / len(kinds)
    for (source, kind), group in table.groupby(["source", "set"]):
        centre = sources.index(str(source)) + (kinds.index(str(kind)) - (len(kinds) - 1) / 2) * width
        panels.strip(group, str(kind), centre, width)
    panels.limit(table)
    panels.name_ticks(sources)
    panels.lower.set_xlabel("what differs between the two networks of a pair")
    panels.legend([*(kind_key(kind, count_text(table[table["set"] == kind])) for kind in kinds), chance_key()])
    annotate(
        figure,
        f"Sources of chance in the agreement score, {network} ({only(agreement, 'data')})",
        f"Networks trained on {int(agreement['images_train'].iloc[0]):,} images. The protocol of all other figures is "
        "initialisation only: other weights, the same batches in the same order. Points: tasks (mean over their pairs "
        f"of networks). {INTERVAL_NOTE}",
    )
    save(figure, _one_line(table), out, settings)


def _one_line(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(source=table["source"].str.replace("\n", " "))
