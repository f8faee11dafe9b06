"""The best, random and worst linear tasks of a frozen embedding."""

from pathlib import Path

from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.style import annotate, save, styled
from whichtask.figures.tables import only, read_agreement, scores
from whichtask.figures.td.panels import INTERVAL_NOTE, ScorePanels, chance_key, count_text, kind_key

DIRECTIONS = {"best": "best\ndirection", "random": "random\ndirection", "worst": "worst\ndirection"}
KIND = "discovered"
"""All of them are tasks of a discovered embedding, and have its colour; a random direction is no random labelling."""


@styled()
def draw_linear(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw AS of the linear tasks of an embedding by how their direction was found.

    Args:
        inputs: ``tables``, agreement tables of one network whose tasks are called ``best_0``, ``random_0``,
            ``worst_0`` and so on, as `whichtask linear` calls them.
        out: the PNG.
        settings: resolution.

    Raises:
        WhichtaskError: files that do not fit, or a task of another name.
    """
    agreement = read_agreement(files(inputs, "tables"))
    only(agreement, "images_train")
    network = only(agreement, "network")
    agreement["direction"] = agreement["task"].str.rpartition("_")[0]
    unknown = sorted(set(agreement.loc[~agreement["direction"].isin(DIRECTIONS), "task"]))
    if unknown:
        raise WhichtaskError(
            f"td_linear draws tasks called {', '.join(f'{name}_0' for name in DIRECTIONS)} and so on, but was given "
            f"{', '.join(unknown[:5])}"
        )
    table = scores(agreement, ["data", "network", "direction"])
    shown = [name for name in DIRECTIONS if name in set(table["direction"])]
    figure = Figure(figsize=(max(5.5, 1.6 + 1.4 * len(shown)), 4.8), layout="constrained")
    panels = ScorePanels(figure)
    for position, name in enumerate(shown):
        panels.strip(table[table["direction"] == name], KIND, position, 0.85)
    panels.limit(table)
    panels.name_ticks([f"{DIRECTIONS[name]}\n{count_text(table[table['direction'] == name])}" for name in shown])
    panels.legend([kind_key(KIND, "linear tasks"), chance_key()])
    annotate(
        figure,
        f"Linear tasks of one frozen embedding, {network} ({only(agreement, 'data')})",
        f"Networks trained on {int(agreement['images_train'].iloc[0]):,} images. Best and worst: one direction "
        "optimised for the highest or lowest proxy agreement, each task from its own random start. Points: tasks (mean "
        f"over their pairs of networks). {INTERVAL_NOTE}",
    )
    save(figure, table, out, settings)
