"""The learners on a small set, the tables, resuming, and the verb."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from whichtask.cli import main
from whichtask.config import load_config
from whichtask.config.gbi import ContinualJob
from whichtask.config.gbi.cifar100 import GatedSettings
from whichtask.config.gbi.continual import CandidateSettings, ContinualSettings
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.gbi.continual import study as run_study
from whichtask.gbi.continual.learners import Data, Ewc, FineTuning, Generative, Replay
from whichtask.gbi.continual.study import summarise
from whichtask.training import LiveState

TINY: dict[str, Any] = {
    "seeds": [0],
    "train_images": 300,
    "validation_images": 80,
    "test_images": 100,
    "batch_size": 20,
    "network": GatedSettings(encoder=8, code=2, noise=0.5, hidden=24, share=0.3),
    "fisher_images": 20,
    "candidates": CandidateSettings(learning_rates=[1e-2], gbi=[1e-2], ewc=[1e2], lwf=[1.0]),
}
TASKS = [[0, 1], [2, 3]]


def job(**changes: Any) -> ContinualJob:
    return ContinualJob(seed=0, repeat=0, continual=ContinualSettings(**TINY | changes))


def data(images: ImageSet) -> Data:
    return Data(torch.from_numpy(images.images).flatten(1).float() / 255, torch.from_numpy(images.labels))


def test_every_learner_is_judged_on_every_task_it_has_seen(small_images: ImageSet, tmp_path: Path) -> None:
    live = LiveState(tmp_path, {"job": "test"})
    accuracy, summary = run_study(small_images, job(), torch.device("cpu"), live).values()
    assert accuracy["accuracy"].between(0, 1).all()
    assert set(accuracy["scenario"]) == {"task", "class"}
    tuned = accuracy[(accuracy["learner"] == "fine-tuning") & (accuracy["part"] == "test")]
    assert sorted(zip(tuned["after_task"], tuned["task"], strict=True)) == sorted([(1, 1), (2, 1), (2, 2)] * 2)
    final = summary.set_index(["learner", "scenario"])["accuracy"]
    assert final["joint training", "class"] > 0.9
    assert final["fine-tuning", "class"] < 0.6, "without protection the last task's classes win"
    assert final["GBI, likelihood", "class"] > final["fine-tuning", "class"]
    known = accuracy[accuracy["scenario"] == "task"].groupby("learner")["accuracy"].apply(list)
    assert known["GBI, one-step"] == known["GBI, likelihood"], "between two classes one step is exact"
    # A resumed job takes finished candidates from its state and gives the same table.
    for state in sorted(live.folder.glob("candidate-1*"))[:3]:
        state.unlink()
    again = run_study(small_images, job(), torch.device("cpu"), LiveState(tmp_path, {"job": "test"}))
    pd.testing.assert_frame_equal(accuracy, again["accuracy"])


def test_learners_are_equal_in_size_and_updates(small_images: ImageSet, tmp_path: Path) -> None:
    summary = run_study(small_images, job(), torch.device("cpu"), LiveState(tmp_path, {"job": "size"}))["summary"]
    # Concatenation adds a column of weights for each class.
    trained = summary[~summary["learner"].str.contains("class mean|concatenated")]
    assert trained["parameters"].max() < 1.1 * trained["parameters"].min()
    assert trained["updates"].max() - trained["updates"].min() <= 1  # joint training has one short batch fewer


def test_a_weight_of_zero_is_fine_tuning(small_images: ImageSet) -> None:
    found = []
    for kind in (FineTuning, Ewc):
        learner = kind(data(small_images), TASKS, job().continual, 1e-2, ("test",), 500, "class")
        for task, classes in enumerate(TASKS):
            learner.learn(task, torch.from_numpy(np.flatnonzero(np.isin(small_images.y_train, classes))))
        found.append(learner.scores(torch.arange(20)))
    torch.testing.assert_close(*found, rtol=0, atol=0)


def test_a_large_ewc_weight_holds_the_weights_that_matter(small_images: ImageSet) -> None:
    drift = []
    for weight in (0.0, 1e4):
        learner = Ewc(data(small_images), TASKS, job().continual, 1e-2, ("test",), 500, "class")
        learner.weight = weight
        learner.learn(0, torch.from_numpy(np.flatnonzero(small_images.y_train < 2)))
        weights, information = learner.anchors[0]
        learner.learn(1, torch.from_numpy(np.flatnonzero(small_images.y_train >= 2)))
        named = dict(learner.classifier.named_parameters())
        moved = sum(float((information[n] * (named[n] - weights[n]).square()).sum().detach()) for n in named)
        drift.append(moved)
    assert drift[1] < 0.1 * drift[0]


def test_replay_stores_the_asked_number_of_each_class(small_images: ImageSet) -> None:
    learner = Replay(data(small_images), TASKS, job(memory=3).continual, 1e-2, ("test",), 500, "class")
    for task, classes in enumerate(TASKS):
        learner.learn(task, torch.from_numpy(np.flatnonzero(np.isin(small_images.y_train, classes))))
    kept = torch.bincount(torch.from_numpy(small_images.y_train)[torch.cat(learner.stored)])
    assert kept.tolist() == [3, 3, 3, 3]


def test_one_step_starts_at_the_classes_that_compete(small_images: ImageSet) -> None:
    learner = Generative(data(small_images), TASKS, job().continual, 1e-2, ("test",))
    rows = torch.arange(5)
    among = torch.zeros(5, 4, dtype=torch.bool)
    among[:, :2] = True
    two = learner.one_step_scores(rows, among)
    likelihood = learner.scores(rows)
    # Between two classes the gradient's difference is that of their losses.
    torch.testing.assert_close(two[:, 0] - two[:, 1], likelihood[:, 0] - likelihood[:, 1], rtol=1e-3, atol=1e-4)


def test_forgetting_is_the_best_minus_the_last() -> None:
    rows = [
        {"after_task": after, "task": task, "accuracy": value, "part": part}
        for part in ("test", "validation")
        for after, task, value in [(1, 1, 0.9), (2, 1, 0.95), (2, 2, 0.8), (3, 1, 0.5), (3, 2, 0.7), (3, 3, 0.6)]
    ]
    about = {"repeat": 0, "data": "d", "learner": "x", "scenario": "task", "candidate": 1.0}
    found = summarise(pd.DataFrame([about | row | {"parameters": 1, "updates": 2} for row in rows])).iloc[0]
    assert found["accuracy"] == pytest.approx(0.6)
    assert found["forgetting"] == pytest.approx((0.45 + 0.1) / 2)
    assert found["chosen"]


def test_classes_that_do_not_divide_into_tasks_are_refused(small_images: ImageSet, tmp_path: Path) -> None:
    live = LiveState(tmp_path, {"job": "bad"})
    with pytest.raises(WhichtaskError, match="task_classes = 3"):
        run_study(small_images, job(task_classes=3), torch.device("cpu"), live)
    with pytest.raises(WhichtaskError, match="asks for 80 validation"):
        run_study(small_images, job(train_images=330), torch.device("cpu"), live)
    with pytest.raises(WhichtaskError, match="code"):
        load_config({"gbi": {"continual": {"network": {"code": 0}}}})


def test_the_verb(
    small_images: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small_images.save(tmp_path / "x.npz")
    command = ["whichtask", "gbi", "continual", "--data", str(tmp_path / "x.npz"), "--out", str(tmp_path / "out")]
    extra = ["--job", job().model_dump_json(), "--results", str(tmp_path), "--threads", "1"]
    monkeypatch.setattr(sys, "argv", command + extra)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (0, None), capsys.readouterr()
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"accuracy.csv", "summary.csv", "config.yaml"}
    assert not list((tmp_path / ".state").iterdir())
