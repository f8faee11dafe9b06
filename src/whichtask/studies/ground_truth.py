"""Which known factors did a search find? Tasks are matched with all balanced splits of all factors.

The similarity of a task and a factor's split is |phi|, the absolute correlation of their labels (Matthews): 0 for
independent ones, 1 for the same task up to its polarity.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from tqdm import tqdm

from whichtask.config import GroundTruthJob
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.seeding import numpy_generator
from whichtask.stats import mean_interval
from whichtask.tasks import TaskSet, factor_tasks

ALPHA = 0.01
LEVELS = (0.3, 0.5)
CHUNK = 500  # shuffles at a time

Floats = npt.NDArray[np.float64]


def match_factors(images: ImageSet, sets: Mapping[str, TaskSet], job: GroundTruthJob) -> pd.DataFrame:
    """Match every task of some sets with the best split of each factor, on the test images.

    The null distribution is that of the best match among the splits of all factors after shuffling the task's labels.
    There are ``permutations`` shuffles, or more where a set has so many tasks that a corrected p value could not fall
    below 0.01.

    Args:
        images: all images, with factors.
        sets: sets of binary tasks by name.
        job: seed and number of shuffles.

    Returns:
        A row for each task and factor: ``set``, ``kind``, ``task``, ``factor``, ``match`` (the best split of this
        factor), ``phi`` (its |phi|), ``best`` (whether no other factor matches better), ``null_mean`` and ``null_95``
        (of the null distribution), ``p`` and ``p_corrected`` (of the task's best match among all factors; times the
        number of tasks), ``train_match`` and ``train_phi`` (the best match on the training images), ``n`` (test
        images) and ``shuffles``.

    Raises:
        WhichtaskError: the images have no known factors; a task set of other images, or with more than two labels.
    """
    if images.factors is None:
        raise WhichtaskError(f"{images.name} has no known factors; factors32 has")
    truth = factor_tasks(images.factors, images.factor_names)
    # The name of a split is that of its factor and its values.
    factors = pd.Categorical([name.rsplit("_", 1)[0] for name in truth.names], categories=images.factor_names)
    parts = {"train": slice(images.n_train), "test": slice(images.n_train, None)}
    sides = {part: _standardised(truth.labels[:, own]) for part, own in parts.items()}
    tables = []
    todo = [(name, tasks, k) for name, tasks in sets.items() for k in range(len(tasks.names))]
    for name, tasks, k in tqdm(todo, desc="matching with factors", unit="task", disable=None):
        _check(images, name, tasks)
        labels = {part: _standardised(tasks.labels[k : k + 1, own]) for part, own in parts.items()}
        phi = {part: _phi(labels[part], sides[part])[0] for part in parts}
        shuffles = max(job.ground_truth.permutations, int(np.ceil(2 * len(tasks.names) / ALPHA)))
        generator = numpy_generator("factor null", job.seed, name, tasks.names[k])
        null = null_maxima(labels["test"][0], sides["test"], shuffles, generator)
        p = (1 + (null >= phi["test"].max()).sum()) / (1 + shuffles)
        table = pd.DataFrame({"factor": factors, "match": truth.names, "phi": phi["test"], "train_phi": phi["train"]})
        best = table.loc[table.groupby("factor", observed=True)["phi"].idxmax()].drop(columns="train_phi")
        learned = table.loc[table.groupby("factor", observed=True)["train_phi"].idxmax(), ["match", "train_phi"]]
        best = best.assign(
            best=best["phi"] == best["phi"].max(),
            null_mean=null.mean(),
            null_95=np.quantile(null, 0.95),
            p=p,
            p_corrected=min(1, p * len(tasks.names)),
            train_match=learned["match"].to_numpy(),
            train_phi=learned["train_phi"].to_numpy(),
            n=images.n_test,
            shuffles=shuffles,
        )
        tables.append(best.assign(set=name, kind=tasks.kind, task=tasks.names[k]))
    joined = pd.concat(tables, ignore_index=True).astype({"factor": str})
    return joined[["set", "kind", "task", *(column for column in joined if column not in {"set", "kind", "task"})]]


def summarise_factors(matches: pd.DataFrame) -> pd.DataFrame:
    """Count, for each set, the factors that at least one of its tasks found.

    A task finds the factor that it matches best, if that match is good enough.

    Args:
        matches: rows of ``match_factors``.

    Returns:
        A row for each set: ``set``, ``kind``, ``tasks`` and ``factors`` (how many there are); how many factors are
        found with a corrected p value of at most 0.01 (``found_above_null``), and with |phi| of at least 0.3 and 0.5
        (``found_0.3``, ``found_0.5``); the mean over tasks of the best |phi| with its 95 % interval
        (``best_phi``, ``low``, ``high``). ``train_0.3``, ``train_0.5`` and ``train_best_phi`` are the same on the
        training images, to choose settings by.
    """
    rows = []
    for name, own in matches.groupby("set", sort=False):
        best = own.loc[own.groupby("task", sort=False)["phi"].idxmax()]
        learned = own.loc[own.groupby("task", sort=False)["train_phi"].idxmax()]
        estimate = mean_interval(best["phi"].to_list())
        found = {"found_above_null": best[best["p_corrected"] <= ALPHA]}
        found |= {f"found_{level}": best[best["phi"] >= level] for level in LEVELS}
        found |= {f"train_{level}": learned[learned["train_phi"] >= level] for level in LEVELS}
        rows.append(
            {
                "set": name,
                "kind": own["kind"].iloc[0],
                "tasks": own["task"].nunique(),
                "factors": own["factor"].nunique(),
                **{column: part["factor"].nunique() for column, part in found.items()},
                "best_phi": estimate.mean,
                "low": estimate.low,
                "high": estimate.high,
                "train_best_phi": learned["train_phi"].mean(),
            }
        )
    return pd.DataFrame(rows)


def null_maxima(labels: Floats, sides: Floats, shuffles: int, generator: np.random.Generator) -> Floats:
    """Return the largest |phi| of shuffled labels with any of some splits, for each shuffle.

    Args:
        labels: standardised labels of one task, [N].
        sides: standardised labels of the splits, [T, N].
        shuffles: how many.
        generator: draws them.

    Returns:
        [shuffles].
    """
    maxima = []
    for start in range(0, shuffles, CHUNK):
        rows = np.broadcast_to(labels, (min(CHUNK, shuffles - start), len(labels)))
        maxima.append(_phi(generator.permuted(rows, axis=1), sides).max(axis=1))
    return np.concatenate(maxima)


def _phi(first: Floats, second: Floats) -> Floats:
    """Return |phi| of all pairs of standardised tasks [K, N] and [T, N]; 0 where a task has one label only."""
    similarity: Floats = np.abs(first @ second.T) / first.shape[1]
    return similarity


def _standardised(labels: npt.NDArray[Any]) -> Floats:
    """Return labels [K, N] with mean 0 and standard deviation 1; zeros where they are all the same."""
    values = labels.astype(np.float64)
    std = values.std(axis=1, keepdims=True)
    scaled: Floats = (values - values.mean(axis=1, keepdims=True)) / np.where(std > 0, std, 1)
    return scaled


def _check(images: ImageSet, name: str, tasks: TaskSet) -> None:
    tasks.require_images(images, f"the task set {name!r}")
    if tasks.labels.max() > 1:
        raise WhichtaskError(f"the task set {name!r} has tasks of more than two classes; factors are matched with two")


def factors(data: ImageSet, tasks: Mapping[str, TaskSet], job: GroundTruthJob) -> dict[str, pd.DataFrame]:
    """Match tasks with the known factors of the images, and count the factors that each set of tasks found.

    Returns:
        ``out``, one row for each task and factor, and ``summary``, one for each set.
    """
    matches = match_factors(data, tasks, job)
    return {"out": matches, "summary": summarise_factors(matches)}
