"""Ablations of the search: agreement score and similarity by size, classes and human tasks."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.tables import read_similarity
from whichtask.figures.td.measures import AGREEMENT, SIMILARITY, TRAIN, Measure, draw_measures
from whichtask.figures.td.searches import SIMILARITY_NOTE, read_study, summarise_searches


def numbers_dimension(inputs: Inputs) -> pd.DataFrame:
    """Return the scores of tasks and their means by dimensions of the embedding and number of tasks ("d, K").

    Args:
        inputs: ``tables``, ``similarities`` and ``configs`` of searches that differ in ``dimensions`` and ``tasks``.
    """
    keys = ["discovery.dimensions", "discovery.tasks"]
    study = read_study(inputs, keys, needs="similarities")
    ordered = study.configs[keys].astype(int).sort_values(keys, kind="stable")
    groups = {str(name): f"{d}, {k}" for name, d, k in ordered.itertuples()}
    return summarise_searches(study, groups).assign(**study.setting())


def draw_dimension(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Agreement score and similarity by the number of dimensions d and tasks K (studies.sizes)."""
    names = {group: "d = {}, K = {}".format(*group.split(", ")) for group in table["group"].unique()}
    title = "Dimensions of the embedding (d) and number of tasks (K)"
    return draw_measures(table, names, [AGREEMENT, SIMILARITY, TRAIN], title, SIMILARITY_NOTE)


def numbers_kway(inputs: Inputs) -> pd.DataFrame:
    """Return the scores of tasks, also as what they are beyond chance, and their means by number of classes of a task.

    Args:
        inputs: ``tables`` and ``configs`` of searches that differ in ``classes``.
    """
    key = "discovery.classes"
    study = read_study(inputs, [key])
    chance = study.agreement["chance_agreement"]
    rows = study.agreement.assign(beyond_chance=(study.agreement["agreement"] - chance) / (1 - chance))
    groups = study.groups(key, int)
    return summarise_searches(study, groups, {"beyond_chance": rows}).assign(**study.setting())


def draw_kway(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Agreement score of discovered tasks with more than two classes, with chance agreement of each."""
    names = {str(group): f"{group} classes" for group in table["group"].unique()}
    measures = [AGREEMENT, Measure("beyond_chance", "(AS − chance) / (1 − chance)"), TRAIN]
    note = "Chance is lower with more classes; the second panel is 0 at chance and 1 where networks always agree."
    return draw_measures(table, names, measures, "Tasks of several classes", note)


def numbers_human_included(inputs: Inputs) -> pd.DataFrame:
    """Return the scores of tasks and their means by number of human tasks that the embedding has to predict as well.

    Args:
        inputs: ``tables``, ``similarities`` and ``configs`` of searches that differ in ``human_tasks``; ``cross``, for
            each search a table called by its set with columns ``task_a`` (found), ``task_b`` (human) and
            ``agreement_similarity``, with the same human tasks for all.
    """
    key = "discovery.human_tasks"
    study = read_study(inputs, [key], needs="similarities")
    groups = study.groups(key, int)
    near = _similarity_to_human(files(inputs, "cross"), list(groups))
    table = summarise_searches(study, groups, {"human_mean": near, "human_nearest": near})
    return table.assign(**study.setting(), human_tasks_compared=near["n_human"].iloc[0])


def draw_human_included(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Discovery that must also predict some human tasks: does it find others beside them?"""
    measures = [
        AGREEMENT,
        SIMILARITY,
        Measure("human_mean", "similarity to human tasks,\nmean over them"),
        Measure("human_nearest", "similarity to human tasks,\nthe most similar one"),
        TRAIN,
    ]
    counts = {str(group): int(group) for group in table["group"].unique()}
    names = {group: f"{count or 'no'} human task{'s' if count > 1 else ''}" for group, count in counts.items()}
    note = (
        f"Similarity to human tasks: each found task with {table['human_tasks_compared'].iloc[0]} core tasks. Human "
        f"tasks on the left: how many the embedding had to predict too. {SIMILARITY_NOTE}"
    )
    return draw_measures(table, names, measures, "Human tasks included in the search", note)


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
