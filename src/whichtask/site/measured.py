"""What was measured of single tasks, as their tables say it."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from whichtask.config import MAIN, REGULATED
from whichtask.figures.tables import AGREEMENT_COLUMNS, SIMILARITY_COLUMNS
from whichtask.figures.td.explain import COLUMNS, FEATURES, SHOWN, least_predictable
from whichtask.plan.plan import TRUTH
from whichtask.site.run import Run
from whichtask.stats import mean_interval, pairs_interval
from whichtask.tasks import TaskSet


class Agreement(NamedTuple):
    """The agreement score of a task: means over its pairs of networks, shares in 0..1."""

    network: str
    score: float
    low: float
    """95 % interval, see ``agreement_interval``."""
    high: float
    pairs: list[float]
    """Score of each pair."""
    chance: float
    train_accuracy: float
    test_accuracy: float
    """Held-out images that a network puts on the side that the task does."""
    images_train: int
    images_heldout: int


class Measured(NamedTuple):
    """Everything measured of a task; what is missing is None or empty."""

    agreement: Agreement | None
    alike: list[tuple[str, float]]
    """The other tasks of the set by similarity, most similar first."""
    explained: list[tuple[str, float, float, float]]
    """Predictors with balanced accuracy and its interval, best first."""
    factor: tuple[str, float] | None
    """The true factor that it matches best, and |phi|."""


def measure(run: Run, name: str, data: str | None, task: str) -> Measured:
    """Collect what was measured of one task.

    Args:
        run: the results.
        name: of its set.
        data: of its images; None: the main ones.
        task: its own name.
    """
    factor = _factor(run, name, task) if data == TRUTH else None
    if data is not None:
        return Measured(None, [], [], factor)
    return Measured(agreement_of(run, name, task), _alike(run, name, task), _explained(run, name, task), factor)


def agreement_of(run: Run, name: str, task: str) -> Agreement | None:
    """Return the agreement score of a task of the main images; regulated ones are scored as in the studies."""
    table = run.table(
        run.plan.scores(name, protocol="studies" if name == REGULATED else None),
        [*AGREEMENT_COLUMNS, "test_accuracy", "images_heldout"],
    )
    rows = table[table["task"] == task] if table is not None else pd.DataFrame()
    if rows.empty:
        return None
    columns = ["agreement", "chance_agreement", "train_accuracy", "test_accuracy"]
    score, chance, train, test = (float(rows[column].mean()) for column in columns)
    pairs = [float(one) for one in rows["agreement"]]
    low, high = agreement_interval(rows)
    sizes = int(rows["images_train"].iloc[0]), int(rows["images_heldout"].iloc[0])
    return Agreement(str(rows["network"].iloc[0]), score, low, high, pairs, chance, train, test, *sizes)


def agreement_interval(rows: pd.DataFrame) -> tuple[float, float]:
    """Return the 95 % interval of a task's agreement score, within 0..1.

    Each pair of networks is one measurement, so that several give an interval over pairs, or over networks where pairs
    share them. A single pair says nothing about others: its interval is that of a share, over its held-out images.

    Args:
        rows: of the table of scores, one a pair.
    """
    if len(rows) == 1:
        return float(rows["agreement_low"].iloc[0]), float(rows["agreement_high"].iloc[0])
    scores, sides = rows["agreement"].tolist(), [rows[name].tolist() for name in ("network_1", "network_2")]
    shared = len({*sides[0], *sides[1]}) < 2 * len(rows)
    found = pairs_interval(scores, *sides) if shared else mean_interval(scores)
    return max(0.0, found.low), min(1.0, found.high)


def _alike(run: Run, name: str, task: str) -> list[tuple[str, float]]:
    table = run.table(run.plan.similarity(name), SIMILARITY_COLUMNS, may_be_empty=True)
    if table is None:
        return []
    rows = table[(table["task_a"] == task) | (table["task_b"] == task)]
    other = np.where(rows["task_a"] == task, rows["task_b"], rows["task_a"])
    found = zip(other.tolist(), rows["agreement_similarity"].tolist(), strict=True)
    return sorted(((str(one), float(similarity)) for one, similarity in found), key=lambda pair: -pair[1])


def _explained(run: Run, name: str, task: str) -> list[tuple[str, float, float, float]]:
    table = run.table(run.plan.explained, COLUMNS)
    if table is None:
        return []
    rows = table[(table["set"] == name) & (table["task"] == task)].sort_values("balanced_accuracy", ascending=False)
    values = rows[["predictor", "balanced_accuracy", "low", "high"]].itertuples(index=False)
    return [(str(predictor), float(value), float(low), float(high)) for predictor, value, low, high in values]


def _factor(run: Run, name: str, task: str) -> tuple[str, float] | None:
    table = run.table(run.plan.matches, ["set", "task", "match", "phi"])
    rows = table[(table["set"] == name) & (table["task"] == task)] if table is not None else pd.DataFrame()
    if rows.empty:
        return None
    best = int(rows["phi"].abs().argmax())
    return str(rows["match"].iloc[best]), abs(float(rows["phi"].iloc[best]))


def hardest(run: Run, tasks: TaskSet) -> list[int]:
    """Choose the discovered tasks of the gallery of tasks that are hard to interpret, by the same rule."""
    explained = run.table(run.plan.explained, COLUMNS)
    tables = [run.table(run.plan.scores(name), AGREEMENT_COLUMNS) for name in (MAIN, "human")]
    if explained is None or any(table is None for table in tables):
        return []
    found, human = (table.groupby("task", sort=False)["agreement"].mean() for table in tables if table is not None)
    rows = explained[explained["set"] == MAIN]
    if not set(rows["task"]) <= set(tasks.names) or FEATURES not in set(rows["predictor"]):
        return []
    return [tasks.names.index(task) for task in least_predictable(rows, found, human, SHOWN)["task"]]
