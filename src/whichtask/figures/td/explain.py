"""What tasks are about: how well features predict each of them, and those that features do not explain."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs, file, files
from whichtask.figures.style import KIND_COLOURS, NEUTRAL, annotate, save, styled
from whichtask.figures.tables import only, read_agreement, read_table
from whichtask.figures.td.gallery import draw_tasks, gallery_note, read_gallery
from whichtask.stats import mean_interval

COLUMNS = ("set", "task", "predictor", "balanced_accuracy", "low", "high", "null", "n")
FEATURES = "all features"  # predictor: all simple features together
MARGIN = 0.03  # of agreement below the human tasks' median
SHOWN = 4  # least predictable tasks
CELL, LINE = 0.95, 0.19  # inches: width and height of a cell
LABELS = 1.7  # inches left of the cells
VALUE, INTERVAL = 6.5, 5.6  # font sizes


@styled()
def draw_explain(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw how well each group of features predicts each task: a heat map, with the mean of each set above its tasks.

    Args:
        inputs: ``explain``, tables of `whichtask explain`; optionally ``tables``, agreement tables of one network,
            whose scores stand beside the tasks.
        out: the PNG.
        settings: resolution.
    """
    explained = pd.concat([read_table(path, COLUMNS) for path in files(inputs, "explain")], ignore_index=True)
    table = _with_means(explained)
    scores = _scores(inputs) if inputs.get("tables") else None
    predictors, sets = list(explained["predictor"].unique()), list(explained["set"].unique())
    lines = len(table) // len(predictors) + len(sets) - 1
    columns = len(predictors) + (0 if scores is None else 2)
    figure = Figure(figsize=(LABELS + CELL * columns + 0.9, 1.35 + LINE * lines), layout="constrained")
    axes = figure.subplots()
    _draw_cells(figure, axes, table, predictors)
    names = list(predictors)
    if scores is not None:
        _draw_scores(axes, table, scores, len(predictors))
        names += ["AS", "train acc."]
        table = table.merge(scores, on=["set", "task"], how="left")
    axes.set_xticks(range(columns), names)
    axes.set_xlim(-0.5, columns - 0.5)
    wide = (explained["high"] - explained["low"]).max() / 2
    annotate(
        figure,
        "Which features predict a task",
        f"Cells: balanced accuracy of a logistic regression on {explained['n'].max():,} held-out images; 0.5 is chance "
        f"for two labels. Bootstrap 95 % intervals over images are at most {wide:.3f} wide to either side. With "
        f"shuffled labels: mean {explained['null'].mean():.3f}, largest {explained['null'].max():.3f}. Bold: mean over "
        "the tasks of a set with bootstrap 95 % interval over tasks (none with one task). "
        + ("" if scores is None else f"AS and train accuracy: mean over pairs of networks ({scores.attrs['network']}).")
        + (" Class and factors are what the images are known to show." if "factors" in predictors else ""),
    )
    save(figure, table, out, settings)


@styled()
def draw_uninterpretable(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw the discovered tasks that networks generalise on as on human ones but simple features predict worst.

    Args:
        inputs: ``data``, ``tasks`` and ``logits`` as for ``draw_gallery``; ``explain``, tables that hold the task set
            under its file's name; ``tables``, agreement tables of one network for this set and for the human tasks.
        out: the PNG.
        settings: number of images a side, resolution.
    """
    gallery, name = read_gallery(inputs), file(inputs, "tasks").stem
    explained = pd.concat([read_table(path, COLUMNS) for path in files(inputs, "explain")], ignore_index=True)
    scores = _scores(inputs)
    own, human = (scores[scores["set"] == kind].set_index("task") for kind in (name, "human"))
    rows = explained[explained["set"] == name]
    for what, part in (("agreement of", own), ("agreement of", human), ("an explanation of", rows)):
        if part.empty:
            missing = "human" if part is human else name
            raise WhichtaskError(f"this figure needs {what} the set {missing!r}, which is in none of the tables given")
    worst = least_predictable(rows, own["agreement"], human["agreement"], SHOWN)
    names = list(gallery.tasks.names)
    if not set(worst["task"]) <= set(names) or worst.empty:
        raise WhichtaskError(f"the explained tasks are not those of {file(inputs, 'tasks')}: {', '.join(names)}")
    worst = worst.assign(train_accuracy=worst["task"].map(own["train_accuracy"]))
    remarks = [
        "AS {agreement:.3f} (train {train_accuracy:.3f}), from simple features {balanced_accuracy:.3f} "
        "[{low:.3f}, {high:.3f}]".format_map(row)
        for row in worst.to_dict("records")
    ]
    figure, table = draw_tasks(gallery, [names.index(task) for task in worst["task"]], settings, remarks)
    threshold = worst["threshold"].iloc[0]
    rule = f"AS at least {threshold:.3f} (median of {len(human)} human tasks minus {MARGIN})"
    if worst["reaches"].all():
        title, said = "Tasks that simple features predict least", f"Shown: of the tasks with {rule}, the {len(worst)}"
    else:
        title, said = (
            "No task reaches the agreement of human ones",
            f"No task has {rule}. Shown: of all, the {len(worst)}",
        )
    annotate(
        figure,
        f"{title} ({gallery.data.name})",
        f"{said} with the lowest balanced accuracy of a logistic regression on all simple features; with its bootstrap "
        f"95 % interval over {worst['n'].iloc[0]:,} held-out images. AS: mean over pairs of networks "
        f"({scores.attrs['network']}). {gallery_note(gallery, settings)}",
    )
    save(figure, table.merge(worst, on="task", how="left"), out, settings)


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


def _scores(inputs: Inputs) -> pd.DataFrame:
    """Return agreement and train accuracy of each task, means over its pairs: one network, one number of images."""
    agreement = read_agreement(files(inputs, "tables"))
    only(agreement, "images_train")
    network = only(agreement, "network")
    scores = agreement.groupby(["set", "task"], sort=False)[["agreement", "train_accuracy"]].mean().reset_index()
    scores.attrs["network"] = network
    return scores


def _with_means(explained: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each mean of a set and predictor, before the rows of its tasks."""
    parts = []
    for name, own in explained.groupby("set", sort=False):
        means = []
        for predictor, rows in own.groupby("predictor", sort=False):
            estimate = mean_interval(rows["balanced_accuracy"].to_list())
            values = {"balanced_accuracy": estimate.mean, "low": estimate.low, "high": estimate.high}
            null = {"null": rows["null"].mean(), "n": estimate.n}
            means.append({"set": name, "row": "mean", "task": "", "predictor": predictor} | values | null)
        parts += [pd.DataFrame(means), own[list(COLUMNS)].assign(row="task")]
    return pd.concat(parts, ignore_index=True)


def _lines(table: pd.DataFrame) -> list[tuple[str, str] | None]:
    """Return set and task ("" for the mean) of each line of the heat map; None is a gap between sets."""
    lines: list[tuple[str, str] | None] = []
    for name, own in table.groupby("set", sort=False):
        lines += [None] if lines else []
        lines += [(str(name), str(task)) for task in own["task"].unique()]
    return lines


def _draw_cells(figure: Figure, axes: Axes, table: pd.DataFrame, predictors: list[str]) -> None:
    lines = _lines(table)
    cells = {(row["set"], row["task"], row["predictor"]): row for row in table.to_dict("records")}
    values = np.full((len(lines), len(predictors)), np.nan)
    for y, line in enumerate(lines):
        if line is None:
            continue
        name, task = line
        for x, predictor in enumerate(predictors):
            row = cells.get((name, task, predictor))
            if row is None:
                continue  # no known factors in one of the tables
            values[y, x] = row["balanced_accuracy"]
            text, size = f"{values[y, x]:.2f}", VALUE
            if not task and not np.isnan(row["low"]):
                text, size = f"{text} [{row['low']:.2f}, {row['high']:.2f}]", INTERVAL
            colour = "white" if values[y, x] < 0.75 else "black"
            weight = "normal" if task else "bold"
            axes.text(x, y, text, ha="center", va="center", fontsize=size, color=colour, fontweight=weight)
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    picture = axes.imshow(values, vmin=min(0.5, float(np.nanmin(values))), vmax=1.0, cmap="cividis", aspect="auto")
    figure.colorbar(picture, ax=axes, label="balanced accuracy", fraction=0.03, aspect=40, shrink=0.6)
    names = []
    for line in lines:
        if line is None:
            names.append("")
        elif line[1]:
            names.append(line[1])
        else:
            count = table[(table["set"] == line[0]) & (table["row"] == "task")]["task"].nunique()
            names.append(f"{line[0]}: {'mean of ' if count > 1 else ''}{count} task{'s' if count > 1 else ''}")
    axes.set_yticks(range(len(lines)), names, fontsize=7.5)
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    for label, line in zip(axes.get_yticklabels(), lines, strict=True):
        if line and not line[1]:
            label.set_fontweight("bold")
            label.set_color(KIND_COLOURS.get(line[0], NEUTRAL))


def _draw_scores(axes: Axes, table: pd.DataFrame, scores: pd.DataFrame, first: int) -> None:
    """Write agreement and train accuracy in two columns beside the heat map, means with intervals."""
    for y, line in enumerate(_lines(table)):
        if line is None:
            continue
        name, task = line
        rows = scores[scores["set"] == name]
        rows = rows[rows["task"] == task] if task else rows
        if rows.empty:  # a set that was explained but not scored
            continue
        for x, column in enumerate(("agreement", "train_accuracy")):
            estimate = mean_interval(rows[column].to_list())
            text, size = f"{estimate.mean:.3f}", VALUE
            if column == "agreement" and not task and not np.isnan(estimate.low):
                text, size = f"{estimate.mean:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]", INTERVAL
            weight = "normal" if task else "bold"
            axes.text(first + x, y, text, ha="center", va="center", fontsize=size, fontweight=weight)
