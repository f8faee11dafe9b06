"""Tasks in sequence: accuracy after the last one, and what was forgotten, for GBI and its rivals."""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from whichtask.config import FigureSettings
from whichtask.figures.gbi.cifar100 import name_of, seeds_and_means
from whichtask.figures.gbi.images import COLOURS, dot_rows, keys
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.repeats import read_repeats, repeats_note
from whichtask.figures.style import NEUTRAL, annotate, save, styled
from whichtask.figures.tables import only

COLUMNS = (
    "data",
    "learner",
    "scenario",
    "candidate",
    "accuracy",
    "forgetting",
    "parameters",
    "updates",
    "stored_images_per_class",
    "tasks",
    "images_train",
    "chosen",
)
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


@styled()
def draw_continual(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw accuracy and forgetting of the chosen candidate of every learner, task unknown and known.

    Args:
        inputs: ``summary``, one table for each repeat.
        out: the PNG.
        settings: resolution.
    """
    table = read_repeats(files(inputs, "summary"), COLUMNS)
    chosen = table[table["chosen"].astype(bool)]
    parts = []
    for scenario in SCENARIOS:
        of_scenario = chosen[chosen["scenario"] == scenario]
        parts.append(seeds_and_means(of_scenario, ["learner", "scenario"], ["accuracy", "forgetting"]))
    summary = pd.concat(parts, ignore_index=True)
    named = summary.assign(method=summary["learner"])
    stored = int(table["stored_images_per_class"].max())
    names = {name: _name(name, stored) for name in LEARNERS if name in set(summary["learner"])}
    colours = {name: COLOURS[family] for name, family in LEARNERS.items()}
    figure = Figure(figsize=(12.4, 1.9 + 0.42 * len(names)), layout="constrained")
    grid = figure.subplots(1, 4, sharey=True)
    for column, (scenario, label) in enumerate(SCENARIOS.items()):
        rows = named[named["scenario"] == scenario]
        for axes, value in zip(grid[2 * column : 2 * column + 2], ("accuracy", "forgetting"), strict=True):
            dot_rows(axes, _with_all(rows, names, value), value, names, colours)
            axes.set_xlabel(f"{value}, {label}\n[share of test images]")
            axes.xaxis.set_major_locator(MaxNLocator(4))
            for text in axes.texts:
                if "nan" in text.get_text():
                    text.set_text("  not defined")
        grid[2 * column + 1].axvline(0, color=NEUTRAL, linewidth=1.0)
    for axes in (grid[0], grid[2]):
        axes.set_xlim(0, 1.04)
    keys(grid[0], paper=False)
    size = table.loc[table["learner"] == "GBI, one-step", "parameters"].iloc[0]
    updates = int(table.loc[table["learner"] == "GBI, one-step", "updates"].max())
    annotate(
        figure,
        f"{int(table['tasks'].iloc[0])} tasks in sequence: {name_of(only(table, 'data'))}",
        f"Accuracy: mean over tasks after the last task. Forgetting: best accuracy on a task minus that after the last "
        f"one, mean over all tasks but the last. All networks have about {int(size):,} parameters and {updates:,} "
        f"updates on {int(table['images_train'].iloc[0]):,} images; replay stores {stored} images a class beside. "
        "Step size (weight, for EWC and LwF) of every learner chosen on validation images from equally many. GBI gets "
        "the class as Z while it learns, without any protection, and infers it from the reconstruction; between two "
        "classes one step is exact. Class mean: GBI without an image code, which only a new class's competition makes "
        f"worse. {repeats_note(table)}",
    )
    save(figure, summary, out, settings)


def _name(learner: str, stored: int) -> str:
    return f"replay ({stored} images a class)" if learner == "replay" else learner


def _with_all(rows: pd.DataFrame, names: dict[str, str], value: str) -> pd.DataFrame:
    """Give learners without a value, such as joint training's forgetting, a mean that is unknown."""
    known = set(rows.loc[rows[value].notna() & (rows["row"] == "mean"), "method"])
    missing = pd.DataFrame({"method": [name for name in names if name not in known], "row": "mean"})
    return pd.concat([rows[rows["method"].isin(known)], missing], ignore_index=True)
