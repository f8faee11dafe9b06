"""The best, random and worst linear tasks of a frozen embedding."""

import pandas as pd
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import kind_key
from whichtask.figures.tables import common, read_agreement
from whichtask.figures.td.agreement import count_text, scores
from whichtask.figures.td.panels import draw_strips

DIRECTIONS = ("best", "random", "worst")
KIND = "discovered"
"""All of them are tasks of a discovered embedding, and have its colour; a random direction is no random labelling."""


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Return AS of the linear tasks of an embedding, and its mean for each way in which directions were found.

    Args:
        inputs: ``tables``, agreement tables of one network whose tasks are called ``best_0``, ``random_0``,
            ``worst_0`` and so on, as `whichtask linear` calls them.

    Raises:
        WhichtaskError: files that do not fit, or a task of another name.
    """
    agreement = read_agreement(files(inputs, "tables"))
    shared = common(agreement, "images_train", "network")
    agreement["direction"] = agreement["task"].str.rpartition("_")[0]
    unknown = sorted(set(agreement.loc[~agreement["direction"].isin(DIRECTIONS), "task"]))
    if unknown:
        raise WhichtaskError(
            f"td_linear draws tasks called {', '.join(f'{name}_0' for name in DIRECTIONS)} and so on, but was given "
            f"{', '.join(unknown[:5])}"
        )
    return scores(agreement, ["data", "network", "direction"]).assign(images_train=shared["images_train"])


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """The best and the worst linear task in a frozen embedding, found by optimising one direction only, beside random
    directions.
    """
    table = table.assign(set=KIND)
    rows = {name: table[table["direction"] == name] for name in DIRECTIONS}
    names = {name: f"{name}\ndirection\n{count_text(found)}" for name, found in rows.items() if not found.empty}
    panels = draw_strips(table, "direction", names)
    panels.explain(
        table,
        "Linear tasks of one frozen embedding",
        " Best and worst: one direction optimised for the highest or lowest proxy agreement, each task from its own "
        "random start.",
        [kind_key(KIND, "linear tasks")],
    )
    return panels.figure
