"""Ablations of the search: agreement score and similarity by weight of diversity, size, classes and human tasks."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.style import annotate, save, styled
from whichtask.figures.tables import only, read_similarity
from whichtask.figures.td.dots import (
    AGREEMENT,
    SIMILARITY,
    TRAIN,
    Measure,
    draw_dots,
    height,
)
from whichtask.figures.td.searches import (
    Study,
    interval_note,
    read_study,
    summarise_searches,
)
from whichtask.figures.td.two_level import values_of

TRAIN_NOTE = "Agreement means something only where train accuracy is near 1."
SIMILARITY_NOTE = "Similarity: mean over pairs of tasks; 0.5 is the least, 1 the same task."


@styled()
def draw_dimension(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw AS, similarity and train accuracy by the dimensions of the embedding (d) and the number of tasks (K).

    Args:
        inputs: ``tables``, ``similarities`` and ``configs`` of searches that differ in ``dimensions`` and ``tasks``.
        out: the PNG.
        settings: resolution.
    """
    keys = ["discovery.dimensions", "discovery.tasks"]
    study = read_study(inputs, keys, needs="similarities")
    ordered = study.configs[keys].astype(int).sort_values(keys, kind="stable")
    groups = {str(name): f"{d}, {k}" for name, d, k in ordered.itertuples()}
    names = {group: "d = {}, K = {}".format(*group.split(", ")) for group in groups.values()}
    table = summarise_searches(study, groups)
    title = "Dimensions of the embedding (d) and number of tasks (K)"
    figure = draw_variants(study, table, names, [AGREEMENT, SIMILARITY, TRAIN], title, SIMILARITY_NOTE)
    save(figure, table, out, settings)


@styled()
def draw_kway(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw AS, its chance level, what it is beyond chance, and train accuracy by the number of classes of a task.

    Args:
        inputs: ``tables`` and ``configs`` of searches that differ in ``classes``.
        out: the PNG.
        settings: resolution.
    """
    key = "discovery.classes"
    study = read_study(inputs, [key])
    beyond = (study.agreement["agreement"] - study.agreement["chance_agreement"]) / (
        1 - study.agreement["chance_agreement"]
    )
    study = study._replace(agreement=study.agreement.assign(beyond_chance=beyond))
    classes = study.configs[key].astype(int).sort_values(kind="stable")
    groups = {str(name): str(count) for name, count in classes.items()}
    table = _with_measure(summarise_searches(study, groups), study.agreement, groups, "beyond_chance")
    measure = Measure("beyond_chance", "(AS − chance) / (1 − chance)")
    names = {group: f"{group} classes" for group in groups.values()}
    title = "Tasks of several classes"
    note = "Chance is lower with more classes; the second panel is 0 at chance and 1 where networks always agree."
    save(draw_variants(study, table, names, [AGREEMENT, measure, TRAIN], title, note), table, out, settings)


@styled()
def draw_human_included(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw what the search finds where the embedding has to predict human tasks as well.

    Args:
        inputs: ``tables``, ``similarities`` and ``configs`` of searches that differ in ``human_tasks``; ``cross``, for
            each search a table called by its set with columns ``task_a`` (found), ``task_b`` (human) and
            ``agreement_similarity``, with the same human tasks for all.
        out: the PNG.
        settings: resolution.
    """
    key = "discovery.human_tasks"
    study = read_study(inputs, [key], needs="similarities")
    counts = study.configs[key].astype(int).sort_values(kind="stable")
    groups = {str(name): str(count) for name, count in counts.items()}
    near = _similarity_to_human(files(inputs, "cross"), list(groups))
    table = summarise_searches(study, groups)
    for column in ("human_mean", "human_nearest"):
        table = _with_measure(table, near, groups, column)
    measures = [
        AGREEMENT,
        SIMILARITY,
        Measure("human_mean", "similarity to human tasks,\nmean over them"),
        Measure("human_nearest", "similarity to human tasks,\nthe most similar one"),
        TRAIN,
    ]
    names = {
        group: "no human task" if group == "0" else f"{group} human task{'s' if group != '1' else ''}"
        for group in groups.values()
    }
    note = (
        f"Similarity to human tasks: each found task with {near['n_human'].iloc[0]} core tasks. Human tasks on the "
        f"left: how many the embedding had to predict too. {SIMILARITY_NOTE}"
    )
    figure = draw_variants(study, table, names, measures, "Human tasks included in the search", note)
    save(figure, table, out, settings)


def _similarity_to_human(paths: Sequence[Path], sets: Sequence[str]) -> pd.DataFrame:
    """Return one row for each found task: its mean and largest similarity to the human tasks.

    Raises:
        WhichtaskError: a search has no table, or tables differ in their human tasks.
    """
    cross = read_similarity(paths)
    missing = [name for name in sets if name not in set(cross["set"])]
    if missing:
        raise WhichtaskError(f"no cross similarity of {', '.join(missing)}; each search needs SET.csv")
    cross = cross[cross["set"].isin(sets)]
    human = {name: frozenset(rows["task_b"]) for name, rows in cross.groupby("set")}
    if len(set(human.values())) > 1:
        raise WhichtaskError(f"the cross similarities of {', '.join(map(str, human))} are to different human tasks")
    by_task = cross.groupby(["set", "task_a"])["agreement_similarity"]
    near = by_task.agg(human_mean="mean", human_nearest="max", n_human="size").reset_index()
    return near.rename(columns={"task_a": "task"})


def _with_measure(table: pd.DataFrame, rows: pd.DataFrame, groups: dict[str, str], column: str) -> pd.DataFrame:
    """Add a measurement of tasks to a summary, with the interval of its means."""
    table = table.copy()
    per_task = rows.groupby(["set", "task"])[column].mean()
    places = pd.MultiIndex.from_frame(table[["set", "task"]])
    table[column] = per_task.reindex(places).to_numpy()
    for group in dict.fromkeys(groups.values()):
        mean = (table["group"] == group) & (table["row"] == "mean")
        found = values_of(rows[rows["set"].map(groups) == group], column)
        table.loc[mean, [column, f"{column}_low", f"{column}_high"]] = (found.mean, *found.interval())
    return table


def scored(study: Study) -> str:
    """Say what the tasks were scored with."""
    images = int(study.agreement["images_train"].iloc[0])
    return f"{only(study.agreement, 'network')} networks trained on {images:,} images"


def draw_variants(
    study: Study, table: pd.DataFrame, names: Mapping[str, str], measures: Sequence[Measure], title: str, note: str
) -> Figure:
    """Draw groups of searches as lines with several measures, as ``dots.draw_dots``, with legend, title and note."""
    figure = Figure(figsize=(1.6 + 2.35 * len(measures), height(len(names))), layout="constrained")
    draw_dots(figure, names, table, measures)
    means = table[table["row"] == "mean"]
    annotate(
        figure,
        f"{title} ({only(study.agreement, 'data')})",
        f"Tasks scored by {scored(study)}. {interval_note(means)} {note} {TRAIN_NOTE}",
    )
    return figure
