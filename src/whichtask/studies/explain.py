"""What a task is about: how well simple features, the classes or known factors predict it.

A logistic regression is fitted on training images and judged on held-out ones by its balanced accuracy, the mean over
the task's labels of the share of images with that label which it gets right; 0.5 is chance for two labels.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from tqdm import tqdm

from whichtask.config import FeatureJob
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.seeding import numpy_generator
from whichtask.stats import LEVELS
from whichtask.tasks import TaskSet, simple_features
from whichtask.tasks.features import GROUPS
from whichtask.training import divide

FIT_IMAGES = 5_000
JUDGED_IMAGES = 5_000
RESAMPLES = 2_000
FEATURES = "all features"
CLASS = "class"
FACTORS = "factors"

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.integer[Any]]


def explain_tasks(data: ImageSet, tasks: Mapping[str, TaskSet], job: FeatureJob) -> pd.DataFrame:
    """Predict tasks from simple features of the images, from their classes, and from known factors.

    Args:
        data: all images.
        tasks: task sets by name.
        job: seed, and the division of the images: 5,000 of the training part fit, 5,000 held-out images judge.

    Returns:
        A row for each task and predictor: ``set``, ``task``, ``predictor`` (a group of features, ``all features``,
        ``class`` or ``factors``), ``balanced_accuracy`` with its bootstrap 95 % interval over images ``low`` and
        ``high``, ``null`` (the same with shuffled labels), ``n`` (images judged).

    Raises:
        WhichtaskError: a task set of other images, or a task with one label only among those that fit or judge.
    """
    division = divide(data.n_train, job.data)
    fit, judged = division.train[:FIT_IMAGES], division.heldout[:JUDGED_IMAGES]
    predictors = _predictors(data, np.concatenate([fit, judged]))
    rows = []
    todo = [(name, of_set, k) for name, of_set in tasks.items() for k in range(len(of_set.names))]
    for name, of_set, k in tqdm(todo, desc="explaining", unit="task", disable=None):
        of_set.require_images(data, f"the task set {name!r}", test_images=False)
        task, labels = of_set.names[k], (of_set.labels[k, fit], of_set.labels[k, judged])
        if not set(np.unique(labels[1])) <= set(np.unique(labels[0])) or len(np.unique(labels[1])) < 2:
            raise WhichtaskError(
                f"task {task!r} of {name!r} has labels {np.unique(labels[0]).tolist()} among the {len(fit)} images "
                f"that fit and {np.unique(labels[1]).tolist()} among the {len(judged)} that judge; needed are the same "
                "two or more in both"
            )
        generator = numpy_generator("explain", job.seed, "shuffled labels", name, task)
        # Shuffled in both parts: where all images of a class are predicted alike, labels of a fit on noise may happen
        # to coincide with unshuffled ones.
        shuffled = [generator.permutation(part) for part in labels]
        for predictor, values in predictors.items():
            parts = values[: len(fit)], values[len(fit) :]
            right = _recalls(parts, *labels)
            low, high = _interval(*right, numpy_generator("explain", job.seed, "bootstrap", name, task, predictor))
            rows.append(
                {
                    "set": name,
                    "task": task,
                    "predictor": predictor,
                    "balanced_accuracy": right[0].mean(),
                    "low": low,
                    "high": high,
                    "null": _recalls(parts, *shuffled)[0].mean(),
                    "n": len(judged),
                }
            )
    return pd.DataFrame(rows)


def _predictors(images: ImageSet, chosen: Integers) -> dict[str, Floats]:
    """Return what tasks are predicted from, [n, f] for the chosen images, by name."""
    features = simple_features(images.images[chosen])
    predictors = {name: features.group(name) for name in GROUPS} | {FEATURES: features.values}
    predictors[CLASS] = _one_hot(images.labels[chosen])
    if images.factors is not None:
        predictors[FACTORS] = np.concatenate([_one_hot(column) for column in images.factors[chosen].T], axis=1)
    return predictors


def _one_hot(values: Integers) -> Floats:
    columns: Floats = (values[:, None] == np.unique(values)).astype(np.float32)
    return columns


def _recalls(parts: tuple[Floats, Floats], fitted: Integers, judged: Integers) -> tuple[npt.NDArray[np.float64], Any]:
    """Fit on the first part; return for each label of the second the share predicted right and the number of images."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  # scikit-learn takes a second to import

    mean, std = parts[0].mean(axis=0), parts[0].std(axis=0)
    scaled = [(part - mean) / np.where(std > 0, std, 1) for part in parts]
    # Weighted so that both labels count the same in the fit, as they do in balanced accuracy.
    model = LogisticRegression(class_weight="balanced", max_iter=1_000).fit(scaled[0], fitted)
    right = model.predict(scaled[1]) == judged
    labels, counts = np.unique(judged, return_counts=True)
    return np.array([right[judged == label].mean() for label in labels]), counts


def _interval(recalls: npt.NDArray[np.float64], counts: Any, generator: np.random.Generator) -> tuple[float, float]:
    """Return the bootstrap 95 % interval of balanced accuracy, resampling images within each label.

    The number of right ones among resampled images is binomial, so it is drawn directly.
    """
    draws = generator.binomial(counts, recalls, size=(RESAMPLES, len(counts))) / counts
    low, high = np.quantile(draws.mean(axis=1), LEVELS)
    return float(low), float(high)
