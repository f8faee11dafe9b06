"""What tasks are about: how well features predict each of them, and those that features do not explain."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs, file, files
from whichtask.figures.marks import estimate_in, heat_map, value_text
from whichtask.figures.means import means
from whichtask.figures.palette import KIND_COLOURS, NEUTRAL
from whichtask.figures.style import annotate
from whichtask.figures.tables import only, read_agreement, read_table
from whichtask.figures.td.gallery import draw_tasks, gallery_note, read_gallery, surest

COLUMNS = ("set", "task", "predictor", "balanced_accuracy", "low", "high", "null", "n")
SCORES = {"agreement": "AS", "train_accuracy": "train acc."}
"""Columns of scores, and what stands above them."""
FEATURES = "all features"  # predictor: all simple features together
MARGIN = 0.03  # of agreement below the human tasks' median
SHOWN = 4  # least predictable tasks
CELL, LINE = 1.12, 0.19  # inches: width and height of a cell
LABELS = 1.7  # inches left of the cells


def numbers_explain(inputs: Inputs) -> pd.DataFrame:
    """Return how well each group of features predicts each task, with the means of each set above its tasks.

    ``inputs``: ``explain``, tables of `whichtask explain`; optionally ``tables``, agreement tables of one network. With
    them come the scores of the tasks, and in the "mean" rows those of the set (``mean_agreement``) with an interval.
    """
    explained = _explained(inputs).assign(row="task")
    of_sets = means(explained, ["set", "predictor"], ["balanced_accuracy"], unit="task")
    of_sets.columns = ["set", "predictor", "balanced_accuracy", "low", "high", "n"]
    nulls = explained.groupby(["set", "predictor"], sort=False)["null"].mean()
    of_sets = of_sets.assign(null=nulls.to_numpy(), row="mean", task="")
    parts = [rows[rows["set"] == name] for name in explained["set"].unique() for rows in (of_sets, explained)]
    table: pd.DataFrame = pd.concat(parts, ignore_index=True)[["set", "row", *COLUMNS[1:]]]
    if not inputs.get("tables"):
        return table
    scores, network = _scores(inputs)
    table = table.merge(scores, on=["set", "task"], how="left")
    scored = means(table[table["row"] == "task"].drop_duplicates(["set", "task"]), ["set"], list(SCORES), unit="task")
    scored = scored.reindex(columns=["set", *(f"{name}{end}" for name in SCORES for end in ("", "_low", "_high"))])
    scored = scored.add_prefix("mean_").rename(columns={"mean_set": "set"}).assign(row="mean")
    return table.merge(scored, on=["set", "row"], how="left").assign(network=network)


def draw_explain(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """How well simple features, class labels and true factors (where known) predict each task: balanced accuracy of
    logistic regressions on held-out images, with the value for shuffled labels.
    """
    table = table.fillna({"task": ""})
    predictors, scores = list(table["predictor"].unique()), [SCORES[name] for name in SCORES if name in table]
    lines: dict[tuple[str, str], int] = {}
    for name, own in table.groupby("set", sort=False):
        top = max(lines.values(), default=-2) + 2  # a line between two sets is empty
        lines |= {(str(name), task): top + i for i, task in enumerate(own["task"].unique())}
    height, columns = max(lines.values()) + 1, len(predictors) + len(scores)
    figure = Figure(figsize=(LABELS + CELL * columns + 0.9, 1.35 + LINE * height), layout="constrained")
    axes = figure.subplots()
    values = np.full((height, len(predictors)), np.nan)
    for _, row in table.iterrows():
        values[lines[row["set"], row["task"]], predictors.index(row["predictor"])] = row["balanced_accuracy"]
    bar = {"fraction": 0.03, "aspect": 40, "shrink": 0.6}
    colour_on = heat_map(axes, values, "balanced accuracy", min(0.5, np.nanmin(values)), **bar)
    axes.set_facecolor("white")

    def write(row: pd.Series, x: int, value: str, form: str, colour: str = "black") -> None:
        """Write a value into a cell; of means, which are bold, with its interval."""
        mean = row["row"] == "mean"
        text = value_text(estimate_in(row, value), form) if mean else form.format(row[value])
        style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 6.5}
        if not np.isnan(row[value]):  # a set that was explained but not scored
            weight = "bold" if mean else "normal"
            axes.text(x, lines[row["set"], row["task"]], text, color=colour, fontweight=weight, **style)

    for _, row in table.iterrows():
        colour = colour_on(row["balanced_accuracy"])
        write(row, predictors.index(row["predictor"]), "balanced_accuracy", "{:.2f}", colour)
        if scores and row["predictor"] == predictors[0]:
            prefix, form = ("mean_", "{:.2f}") if row["row"] == "mean" else ("", "{:.3f}")
            write(row, len(predictors), f"{prefix}agreement", form)
            write(row, len(predictors) + 1, f"{prefix}train_accuracy", "{:.3f}")
    axes.spines[:].set_visible(False)
    axes.set_xticks(range(columns), predictors + scores)
    axes.set_xlim(-0.5, columns - 0.5)
    axes.tick_params(labeltop=True, labelbottom=False)
    tasks = table[table["row"] == "task"]
    counts = tasks.groupby("set")["task"].nunique()
    of_sets = {name: f"{name}: mean of {n} tasks" if n > 1 else f"{name}: 1 task" for name, n in counts.items()}
    axes.set_yticks(list(lines.values()), [task or of_sets[name] for name, task in lines], fontsize=7.5)
    for label, (name, task) in zip(axes.get_yticklabels(), lines, strict=True):
        if not task:
            label.set(fontweight="bold", color=KIND_COLOURS.get(name, NEUTRAL))
    annotate(
        figure,
        "Which features predict a task",
        f"Cells: balanced accuracy of a logistic regression on {tasks['n'].max():,} held-out images; 0.5 is chance for "
        f"two labels. Bootstrap 95 % intervals over images are at most {(tasks['high'] - tasks['low']).max() / 2:.3f} "
        f"wide to either side. With shuffled labels: mean {tasks['null'].mean():.3f}, largest "
        f"{tasks['null'].max():.3f}. Bold: mean over the tasks of a set with 95 % interval over tasks (none "
        "with one task). "
        + (f"AS and train accuracy: mean over pairs of networks ({only(table, 'network')})." if scores else "")
        + (" Class and factors are what the images are known to show." if "factors" in predictors else ""),
    )
    return figure


def numbers_uninterpretable(inputs: Inputs, settings: FigureSettings) -> pd.DataFrame:
    """Choose tasks that networks generalise on as on human ones but simple features predict worst: a row an image.

    ``inputs``: ``data``, ``tasks`` and ``logits`` as for a gallery; ``explain``, tables that hold the task set under
    its file's name; ``tables``, agreement tables of one network for this set and for the human tasks.
    """
    gallery, name = read_gallery(inputs), file(inputs, "tasks").stem
    explained, (scores, network) = _explained(inputs), _scores(inputs)
    own, human = (scores[scores["set"] == kind].set_index("task") for kind in (name, "human"))
    rows = explained[explained["set"] == name]
    needed = (("agreement of", name, own), ("agreement of", "human", human), ("an explanation of", name, rows))
    for what, of_set, part in needed:
        if part.empty:
            raise WhichtaskError(f"this figure needs {what} the set {of_set!r}, which is in none of the tables given")
    worst = least_predictable(rows, own["agreement"], human["agreement"], SHOWN)
    names = list(gallery.tasks.names)
    if not set(worst["task"]) <= set(names) or worst.empty:
        raise WhichtaskError(f"the explained tasks are not those of {file(inputs, 'tasks')}: {', '.join(names)}")
    worst = worst.assign(train_accuracy=worst["task"].map(own["train_accuracy"]), network=network)
    shown = surest(gallery, [names.index(task) for task in worst["task"]], settings.gallery_images)
    return shown.merge(worst.assign(human_tasks=len(human)), on="task", how="left")


def draw_uninterpretable(table: pd.DataFrame, settings: FigureSettings, inputs: Inputs) -> Figure:
    """Discovered tasks of high agreement score that simple features predict worst (rule in the figure's note)."""
    data, worst = ImageSet.load(file(inputs, "data")), table.drop_duplicates("task")
    remark = (
        "AS {agreement:.3f} (train {train_accuracy:.3f}), from simple features {balanced_accuracy:.3f} "
        "[{low:.3f}, {high:.3f}]"
    )
    figure = draw_tasks(table, data, [remark.format_map(row) for row in worst.to_dict("records")])
    first = worst.iloc[0]
    rule = f"AS at least {first['threshold']:.3f} (median of {first['human_tasks']} human tasks minus {MARGIN})"
    if worst["reaches"].all():
        title, said = "Tasks that simple features predict least", f"Shown: of the tasks with {rule}, the"
    else:
        title, said = "No task reaches the agreement of human ones", f"No task has {rule}. Shown: of all, the"
    annotate(
        figure,
        f"{title} ({data.name})",
        f"{said} {len(worst)} with the lowest balanced accuracy of a logistic regression on all simple features; with "
        f"its bootstrap 95 % interval over {first['n']:,} held-out images. AS: mean over pairs of networks "
        f"({first['network']}). {gallery_note(table, data)}",
    )
    return figure


def least_predictable(explained: pd.DataFrame, found: pd.Series, human: pd.Series, count: int) -> pd.DataFrame:
    """Choose tasks that networks generalise on as on human ones, but that simple features predict worst.

    The rule: of the found tasks whose agreement score is at least the median of the human tasks' minus 0.03, those
    with the lowest balanced accuracy of all simple features. Where no task's is so high, all of them stand for choice.

    Args:
        explained: rows of an explanation, of the found tasks.
        found: agreement score of each found task, by its name.
        human: agreement score of each human task.
        count: how many to choose.

    Returns:
        The chosen tasks, least predictable first: ``task``, ``balanced_accuracy``, ``low``, ``high``, ``n``,
        ``agreement``, ``threshold`` and ``reaches`` (whether the agreement score does).
    """
    rows = explained.loc[explained["predictor"] == FEATURES, ["task", "balanced_accuracy", "low", "high", "n"]]
    rows = rows[rows["task"].isin(found.index)]
    threshold = float(human.median()) - MARGIN
    agreement = rows["task"].map(found)
    table = rows.assign(agreement=agreement, threshold=threshold, reaches=agreement >= threshold)
    allowed = table[table["reaches"]] if table["reaches"].any() else table
    return allowed.sort_values("balanced_accuracy", kind="stable").head(count).reset_index(drop=True)


def _explained(inputs: Inputs) -> pd.DataFrame:
    return pd.concat([read_table(path, COLUMNS) for path in files(inputs, "explain")], ignore_index=True)


def _scores(inputs: Inputs) -> tuple[pd.DataFrame, str]:
    """Return agreement and train accuracy of each task, means over its pairs, and their network; of one image count."""
    agreement = read_agreement(files(inputs, "tables"))
    only(agreement, "images_train")
    scores = agreement.groupby(["set", "task"], sort=False)[list(SCORES)].mean().reset_index()
    return scores, only(agreement, "network")
