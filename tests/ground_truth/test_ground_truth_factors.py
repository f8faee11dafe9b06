"""Matching tasks with known factors: exact matches, chance, counts, and refused inputs."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import matthews_corrcoef
from typer.testing import CliRunner

from whichtask.cli import app
from whichtask.config import GroundTruthJob, GroundTruthSettings
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.seeding import numpy_generator
from whichtask.studies.ground_truth import match_factors, null_maxima, summarise_factors
from whichtask.tasks import TaskSet, factor_tasks, random_tasks

JOB = GroundTruthJob(seed=0, ground_truth=GroundTruthSettings(permutations=300))
NAMES = ("shape", "bg_hue", "size")
N_TRAIN, N_TEST = 600, 400


@pytest.fixture(scope="module")
def images() -> ImageSet:
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, size, N_TRAIN + N_TEST) for size in (6, 4, 2)], axis=1).astype(np.int8)
    pixels = np.zeros((N_TRAIN + N_TEST, 2, 2, 1), np.uint8)
    classes = factors[:, 0].astype(np.int64)
    split = (pixels[:N_TRAIN], classes[:N_TRAIN], pixels[N_TRAIN:], classes[N_TRAIN:])
    parts = (factors[:N_TRAIN], factors[N_TRAIN:], NAMES)
    return ImageSet("known", *split, tuple("abcdef"), *parts)


def noisy(labels: np.ndarray, share: float) -> np.ndarray:
    flips = np.random.default_rng(1).random(labels.shape) < share
    return (labels ^ flips).astype(np.uint8)


@pytest.fixture(scope="module")
def sets(images: ImageSet) -> dict[str, TaskSet]:
    assert images.factors is not None
    truth = factor_tasks(images.factors, NAMES)
    chosen = [truth.names.index(name) for name in ("shape_0-2-4", "bg_hue_0-3", "size_0")]
    return {
        "true": TaskSet(1 - truth.labels[chosen], ("a", "b", "c"), "discovered"),
        "noisy": TaskSet(noisy(truth.labels[chosen], 0.3), ("a", "b", "c"), "discovered"),
        "random": random_tasks(N_TRAIN + N_TEST, 20, seed=0),
    }


@pytest.fixture(scope="module")
def matches(images: ImageSet, sets: dict[str, TaskSet]) -> pd.DataFrame:
    return match_factors(images, sets, JOB)


def test_factor_tasks_match_themselves_whatever_their_polarity(matches: pd.DataFrame) -> None:
    rows = matches[(matches["set"] == "true") & matches["best"]].set_index("task")
    assert rows["match"].to_dict() == {"a": "shape_0-2-4", "b": "bg_hue_0-3", "c": "size_0"}
    assert rows["factor"].to_dict() == {"a": "shape", "b": "bg_hue", "c": "size"}
    assert rows["phi"].to_list() == pytest.approx([1, 1, 1])
    assert rows["train_phi"].to_list() == pytest.approx([1, 1, 1])
    # The least p value that so many shuffles can give, times three tasks.
    assert rows["p_corrected"].to_list() == pytest.approx([3 / 601] * 3)
    assert (rows["shuffles"] == 600).all()


def test_phi_is_the_matthews_correlation_of_the_best_split(
    images: ImageSet, sets: dict[str, TaskSet], matches: pd.DataFrame
) -> None:
    assert images.factors is not None
    truth = factor_tasks(images.factors, NAMES)
    for part, columns in (("", slice(N_TRAIN, None)), ("train_", slice(N_TRAIN))):
        for (name, task, factor), rows in matches.groupby(["set", "task", "factor"]):
            own = sets[str(name)].labels[sets[str(name)].names.index(str(task)), columns]
            splits = [k for k, split in enumerate(truth.names) if split.startswith(f"{factor}_")]
            expected = {truth.names[k]: abs(matthews_corrcoef(truth.labels[k, columns], own)) for k in splits}
            assert rows[f"{part}phi"].item() == pytest.approx(max(expected.values()))
            assert expected[rows[f"{part}match"].item()] == pytest.approx(max(expected.values()))


def test_random_tasks_are_within_the_null(matches: pd.DataFrame) -> None:
    rows = matches[(matches["set"] == "random") & matches["best"]]
    # Of 20 uniform p values, five or more are below 0.05 once in 400 times.
    assert (rows["p"] <= 0.05).sum() < 5
    assert rows["p"].mean() == pytest.approx(0.5, abs=0.2)
    assert rows["phi"].max() < 0.25
    assert matches["null_95"].between(0.05, 0.25).all()
    assert (matches["null_mean"] < matches["null_95"]).all()


def test_factors_are_counted(matches: pd.DataFrame) -> None:
    summary = summarise_factors(matches)
    assert summary["set"].to_list() == ["true", "noisy", "random"]
    counts = summary[["found_above_null", "found_0.3", "found_0.5", "train_0.3", "train_0.5"]].to_numpy().tolist()
    # The noisy tasks have a phi of about 0.4.
    assert counts == [[3, 3, 3, 3, 3], [3, 3, 0, 3, 0], [0, 0, 0, 0, 0]]
    assert summary["tasks"].to_list() == [3, 3, 20]
    assert (summary["factors"] == 3).all()
    noisy_row = summary.iloc[1]
    assert noisy_row["low"] < noisy_row["best_phi"] < noisy_row["high"]


def test_a_task_counts_for_its_best_factor_only(matches: pd.DataFrame) -> None:
    rows = matches[matches["set"] == "true"]
    both = rows.assign(task="a").groupby("factor", as_index=False).max()
    both["phi"] = [0.9, 0.8, 0.7]
    assert summarise_factors(both)[["found_above_null", "found_0.3", "found_0.5"]].to_numpy().tolist() == [[1, 1, 1]]


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(2, 30))
def test_the_null_is_that_of_one_shuffle_after_another(seed: int, splits: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    labels, sides = rng.normal(size=count), rng.normal(size=(splits, count))
    found = null_maxima(labels, sides, 7, numpy_generator("test", seed))
    generator = numpy_generator("test", seed)
    shuffled = generator.permuted(np.tile(labels, (7, 1)), axis=1)
    expected = [max(abs(float(row @ side)) / count for side in sides) for row in shuffled]
    assert found == pytest.approx(expected)


def test_the_null_is_drawn_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    labels, sides = rng.normal(size=50), rng.normal(size=(4, 50))
    whole = null_maxima(labels, sides, 23, numpy_generator("test"))
    monkeypatch.setattr("whichtask.studies.ground_truth.CHUNK", 5)
    assert null_maxima(labels, sides, 23, numpy_generator("test")) == pytest.approx(whole)


def test_a_task_with_one_label_on_the_test_images_matches_nothing(images: ImageSet) -> None:
    lone = np.zeros((1, N_TRAIN + N_TEST), np.uint8)
    lone[0, :5] = 1
    rows = match_factors(images, {"lone": TaskSet(lone, ("lone",), "user")}, JOB)
    assert (rows["phi"] == 0).all()
    assert (rows["p"] == 1).all()


def test_inputs_that_do_not_fit_are_refused(images: ImageSet, small_images: ImageSet) -> None:
    with pytest.raises(WhichtaskError, match="quadrants has no known factors"):
        match_factors(small_images, {}, JOB)
    with pytest.raises(WhichtaskError, match=r"'few' labels 30 images, but known has 1000"):
        match_factors(images, {"few": random_tasks(30, 1, 0)}, JOB)
    three = TaskSet(np.arange(N_TRAIN + N_TEST)[None] % 3, ("x",), "user")  # type: ignore[arg-type]
    with pytest.raises(WhichtaskError, match="'three' has tasks of more than two classes"):
        match_factors(images, {"three": three}, JOB)


def test_the_verb_writes_both_tables(
    images: ImageSet, sets: dict[str, TaskSet], matches: pd.DataFrame, tmp_path: Path
) -> None:
    images.save(tmp_path / "data.npz")
    sets["noisy"].save(tmp_path / "noisy.npz")
    call = ["factors", "--data", str(tmp_path / "data.npz"), "--tasks", str(tmp_path / "noisy.npz")]
    call += ["--out", str(tmp_path / "factors.csv"), "--summary", str(tmp_path / "summary.csv")]
    assert CliRunner().invoke(app, [*call, "--job", JOB.model_dump_json()], catch_exceptions=False).exit_code == 0
    own = matches[matches["set"] == "noisy"].reset_index(drop=True)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "factors.csv"), own, check_dtype=False)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "summary.csv"), summarise_factors(own), check_dtype=False)
