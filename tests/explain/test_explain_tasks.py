"""What predicts a task: known answers, chance, intervals, and refused inputs."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from whichtask.cli import app
from whichtask.config import DataSettings, FeatureJob
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.studies.explain import explain_tasks
from whichtask.tasks import TaskSet, human_tasks, random_tasks, simple_features

DATA = DataSettings(train_images=200, heldout_images=150, discovery_heldout_images=50)
JOB = FeatureJob(seed=0, data=DATA)


def with_factors(images: ImageSet) -> ImageSet:
    rng = np.random.default_rng(5)
    factors = np.stack([images.labels, rng.integers(0, 4, len(images.labels))], axis=1).astype(np.int8)
    parts = {"factors_train": factors[:400], "factors_test": factors[400:], "factor_names": ("place", "nothing")}
    split = (images.x_train, images.y_train, images.x_test, images.y_test)
    return ImageSet(images.name, *split, images.class_names, **parts)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def sets(small_images: ImageSet) -> dict[str, TaskSet]:
    brightness = simple_features(small_images.images).values[:, 0]
    return {
        "human": human_tasks(small_images.labels, small_images.class_names, "all"),
        "random": random_tasks(500, 2, seed=0),
        "feature": TaskSet((brightness > np.median(brightness))[None].astype(np.uint8), ("bright",), "feature"),
        "three": TaskSet(np.minimum(small_images.labels, 2)[None].astype(np.uint8), ("classes",), "discovered"),
    }


@pytest.fixture(scope="module")
def explained(small_images: ImageSet, sets: dict[str, TaskSet]) -> pd.DataFrame:
    return explain_tasks(with_factors(small_images), sets, JOB)


def accuracy(table: pd.DataFrame, name: str, predictor: str) -> list[float]:
    rows = table[(table["set"] == name) & (table["predictor"] == predictor)]
    return rows["balanced_accuracy"].to_list()


def test_each_task_is_predicted_by_each_predictor(explained: pd.DataFrame, sets: dict[str, TaskSet]) -> None:
    predictors = ["colour", "contrast", "edges", "position", "all features", "class", "factors"]
    for (name, task), rows in explained.groupby(["set", "task"]):
        assert task in sets[str(name)].names
        assert rows["predictor"].to_list() == predictors
    assert len(explained) == 7 * sum(len(tasks.names) for tasks in sets.values())
    assert (explained["n"] == 150).all()


def test_classes_and_factors_predict_what_is_made_of_them(explained: pd.DataFrame) -> None:
    for predictor in ("class", "factors"):
        assert accuracy(explained, "human", predictor) == [1, 1, 1]
        assert accuracy(explained, "three", predictor) == [1]


def test_features_predict_what_is_made_of_them(explained: pd.DataFrame) -> None:
    assert accuracy(explained, "feature", "colour")[0] > 0.95
    # Classes are bright quadrants: two halves are left or right and above or below, the third is a diagonal.
    assert min(accuracy(explained, "human", "position")[:2]) > 0.9
    assert accuracy(explained, "human", "position")[2] < 0.7
    assert max(accuracy(explained, "human", "contrast")) < 0.7


def test_random_tasks_and_shuffled_labels_are_at_chance(explained: pd.DataFrame) -> None:
    # Five standard deviations of 150 coins.
    assert explained.loc[explained["set"] == "random", "balanced_accuracy"].between(0.3, 0.7).all()
    binary = explained[explained["set"] != "three"]
    assert binary["null"].between(0.3, 0.7).all()
    assert binary["null"].mean() == pytest.approx(0.5, abs=0.03)
    assert explained.loc[explained["set"] == "three", "null"].mean() == pytest.approx(1 / 3, abs=0.1)


def test_intervals_hold_the_value_and_are_as_wide_as_the_standard_error_says(explained: pd.DataFrame) -> None:
    assert (explained["low"] <= explained["balanced_accuracy"] + 1e-9).all()
    assert (explained["high"] >= explained["balanced_accuracy"] - 1e-9).all()
    row = explained[(explained["set"] == "random") & (explained["predictor"] == "edges")].iloc[0]
    # Half of 150 images on each side, each right with a share near 1/2.
    assert (row["high"] - row["low"]) / 2 == pytest.approx(1.96 * np.sqrt(0.25 / 150), rel=0.2)


def test_a_task_is_explained_alone_as_among_others(
    small_images: ImageSet, sets: dict[str, TaskSet], explained: pd.DataFrame
) -> None:
    alone = explain_tasks(with_factors(small_images), {"human": sets["human"].subset([1])}, JOB)
    among = explained[explained["task"] == alone["task"].iloc[0]].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, among)


def test_images_without_factors_have_no_such_predictor(small_images: ImageSet, sets: dict[str, TaskSet]) -> None:
    assert "factors" not in set(explain_tasks(small_images, {"random": sets["random"]}, JOB)["predictor"])


def test_tasks_that_cannot_be_explained_are_refused(small_images: ImageSet) -> None:
    with pytest.raises(WhichtaskError, match=r"'few' labels 7 images, but quadrants has 500"):
        explain_tasks(small_images, {"few": TaskSet(np.array([[0, 1, 0, 0, 0, 1, 1]]), ("a",), "user")}, JOB)
    lone = np.zeros((1, 500), np.uint8)
    lone[0, 450] = 1
    with pytest.raises(WhichtaskError, match="task 'lone' of 'user' has labels"):
        explain_tasks(small_images, {"user": TaskSet(lone, ("lone",), "user")}, JOB)


def test_the_verb_names_sets_by_their_files(small_images: ImageSet, sets: dict[str, TaskSet], tmp_path: Path) -> None:
    small_images.save(tmp_path / "data.npz")
    sets["random"].save(tmp_path / "mine.npz")
    call = ["explain", "--data", str(tmp_path / "data.npz"), "--tasks", str(tmp_path / "mine.npz")]
    call += ["--out", str(tmp_path / "out.csv"), "--job", JOB.model_dump_json()]
    assert CliRunner().invoke(app, call, catch_exceptions=False).exit_code == 0
    expected = explain_tasks(small_images, {"mine": sets["random"]}, JOB)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "out.csv"), expected, check_dtype=False)
    with pytest.raises(WhichtaskError, match="several files stand for one set of tasks: mine"):
        CliRunner().invoke(app, [*call, "--tasks", str(tmp_path / "mine.npz")], catch_exceptions=False)
