"""Tasks in sequence: accuracy after the last one, and what was forgotten, for GBI and its rivals."""

import pandas as pd
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.gbi.images import name_of
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import dot_rows, legend_above, mean_key, unit_key
from whichtask.figures.means import read_repeats, repeats_note, seeds_and_means
from whichtask.figures.palette import FAMILY_COLOURS, NEUTRAL
from whichtask.figures.style import annotate
from whichtask.figures.tables import only

MEASURES = ("accuracy", "forgetting")
ABOUT = ("data", "parameters", "updates", "stored_images_per_class", "tasks", "images_train")
BY = ["learner", "scenario"]
LEARNERS = {
    "joint training": "classifier",
    "replay": "classifier",
    "LwF": "classifier",
    "EWC": "classifier",
    "fine-tuning": "classifier",
    "GBI, one-step": "gbi",
    "GBI, likelihood": "gbi",
    "GBI, Z concatenated, one-step": "gbi",
    "GBI, Z concatenated, likelihood": "gbi",
    "class mean": "generative",
}
"""Learners from top to bottom, and their families."""
SCENARIOS = {"class": "task unknown: all classes", "task": "task known: its classes"}


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Return seeds and means of the chosen candidate of every learner, first with the task unknown, then known.

    Args:
        inputs: ``summary``, one table for each repeat.
    """
    table = read_repeats(files(inputs, "summary"), [*BY, *MEASURES, *ABOUT, "chosen"])
    only(table, "data")
    chosen = table[table["chosen"].astype(bool)]
    parts = [chosen[chosen["scenario"] == scenario] for scenario in SCENARIOS]
    return pd.concat([seeds_and_means(part, BY, MEASURES) for part in parts], ignore_index=True)


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Digits learned in pairs, one after the other: accuracy after the last pair and forgetting of GBI, fine-tuning,
    EWC, LwF, replay and joint training, of equal size and equal updates, whether or not the pair is known at test.
    """
    stored = int(table["stored_images_per_class"].max())
    names = {name: name for name in LEARNERS if name in set(table["learner"])}
    if "replay" in names:
        names["replay"] = f"replay ({stored} images a class)"
    colours = {name: FAMILY_COLOURS[family] for name, family in LEARNERS.items()}
    figure = Figure(figsize=(9.6, 2.6 + 0.7 * len(names)), layout="constrained")
    grid = figure.subplots(len(SCENARIOS), len(MEASURES), sharey=True)
    for line, (scenario, label) in zip(grid, SCENARIOS.items(), strict=True):
        rows = table[table["scenario"] == scenario]
        for axes, measure in zip(line, MEASURES, strict=True):
            dot_rows(axes, rows, "learner", measure, names, colours, outside=True)
            axes.set_xlabel(f"{measure}, {label}\n[share of test images]")
        line[0].set_xlim(0, 1.04)
        line[1].axvline(0, color=NEUTRAL, linewidth=1.0)
    legend_above(grid[0, 0], [mean_key(), unit_key("one seed")])
    gbi = table[table["learner"] == "GBI, one-step"]
    first = gbi.iloc[0]
    annotate(
        figure,
        f"{first['tasks']:.0f} tasks in sequence: {name_of(first['data'])}",
        f"Accuracy: mean over tasks after the last task. Forgetting: best accuracy on a task minus that after the last "
        f"one, mean over all tasks but the last. All networks have about {first['parameters']:,.0f} parameters and "
        f"{gbi['updates'].max():,.0f} updates on {first['images_train']:,.0f} images; replay stores {stored} images a "
        "class beside. Step size (weight, for EWC and LwF) of every learner chosen on validation images from equally "
        "many. GBI gets the class as Z while it learns, without any protection, and infers it from the reconstruction; "
        "between two classes one step is exact. Class mean: GBI without an image code, which only a new class's "
        f"competition makes worse. {repeats_note(table['repeat'].nunique())}",
    )
    return figure
