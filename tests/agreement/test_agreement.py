"""The agreement score: definitions, the protocol, resume, and errors that name the task."""

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from whichtask.agreement import chance_agreement, score_tasks
from whichtask.config import AgreementJob, AgreementSettings, CnnSpec, DataSettings
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.tasks import TaskSet, human_tasks, random_tasks
from whichtask.training import GroupFit

TIMED = ["seconds", "images_per_s"]


def job(**changes: Any) -> AgreementJob:
    settings = {"pairs": 2, "images": 200, "epochs": 30, "batch_size": 50, "bootstrap": 100}
    return AgreementJob(
        seed=0,
        data=DataSettings(train_images=250, heldout_images=100, discovery_heldout_images=50),
        network_name="cnn",
        network=CnnSpec(width=4, hidden=32),
        agreement=AgreementSettings.model_validate(settings | changes),
    )


def score(images: ImageSet, tasks: TaskSet, results: Path, chosen: AgreementJob, **options: Any) -> pd.DataFrame:
    return score_tasks(images, tasks, tasks.kind, chosen, device=torch.device("cpu"), results=results, **options)


@pytest.fixture
def human(small_images: ImageSet) -> TaskSet:
    return human_tasks(small_images.labels, small_images.class_names)


def test_networks_agree_on_a_human_task_and_less_on_a_random_one(
    small_images: ImageSet, human: TaskSet, tmp_path: Path
) -> None:
    easy = score(small_images, human, tmp_path, job(epochs=60), first=1)
    hard = score(small_images, random_tasks(500, 1, 0), tmp_path, job(epochs=60))
    assert easy["agreement"].mean() > 0.9
    assert hard["agreement"].mean() < easy["agreement"].mean() - 0.2
    assert hard["test_accuracy"].mean() == pytest.approx(0.5, abs=0.15)
    assert hard["train_accuracy"].min() > 0.8, "a random task must be memorised before its score means something"


def test_the_table_is_consistent(small_images: ImageSet, human: TaskSet, tmp_path: Path) -> None:
    table = score(small_images, human, tmp_path, job(epochs=3))
    assert len(table) == 2 * len(human.names)
    assert (table["agreement_low"] <= table["agreement"]).all()
    assert (table["agreement"] <= table["agreement_high"]).all()
    for name in ("train_accuracy", "test_accuracy"):
        np.testing.assert_allclose(table[name], (table[f"{name}_1"] + table[f"{name}_2"]) / 2)
    # Two networks that are right on shares a and b of the images agree on at least |a + b - 1| of them.
    assert (table["agreement"] >= (table["test_accuracy_1"] + table["test_accuracy_2"] - 1).abs() - 1e-9).all()
    assert set(table["images_train"]) == {200}
    assert set(table["images_heldout"]) == {100}


def test_scores_do_not_depend_on_the_other_tasks_of_the_set(
    small_images: ImageSet, human: TaskSet, tmp_path: Path
) -> None:
    whole = score(small_images, human, tmp_path, job(epochs=2))
    alone = score(small_images, human.subset([1]), tmp_path, job(epochs=2))
    of_task = whole[whole["task"] == human.names[1]].reset_index(drop=True)
    pd.testing.assert_frame_equal(of_task.drop(columns=TIMED), alone.drop(columns=TIMED))


def test_looped_and_batched_networks_score_alike(small_images: ImageSet, human: TaskSet, tmp_path: Path) -> None:
    """Not bit for bit: sums are taken in another order, and training amplifies rounding."""
    loop, batched = (
        score(small_images, human, tmp_path, job(epochs=20, execution=execution), first=1)
        for execution in ("loop", "batched")
    )
    np.testing.assert_allclose(loop["agreement"], batched["agreement"], atol=0.1)
    np.testing.assert_allclose(loop["train_accuracy"], batched["train_accuracy"], atol=0.1)


def test_all_pairs_among_the_networks_of_a_group(small_images: ImageSet, human: TaskSet, tmp_path: Path) -> None:
    """The first two networks of a group are the paper's pair; the others are compared with each of them."""
    settings: dict[str, Any] = {"epochs": 3, "stop_train_accuracy": None}
    pairs = score(small_images, human, tmp_path, job(**settings, pairs=1), first=1)
    both = score(small_images, human, tmp_path, job(**settings, pairs=2), first=1)
    whole = score(small_images, human, tmp_path, job(**settings, pairs=2, group=4), first=1)
    assert whole["pair"].tolist() == list(range(12))
    assert whole["group"].tolist() == [0] * 6 + [1] * 6
    sides = list(zip(whole["network_1"], whole["network_2"], strict=True))
    assert sides == [*combinations(range(4), 2), *combinations(range(4, 8), 2)]
    same = ["agreement", "train_accuracy_1", "train_accuracy_2", "test_accuracy_1", "test_accuracy_2", "epochs"]
    for chosen, rows in ((whole.iloc[[0]], pairs), (whole.iloc[[0, 6]], both)):
        np.testing.assert_array_equal(chosen[same], rows[same])
    # One network is the same wherever it is compared.
    assert set(whole.loc[[1, 2], "test_accuracy_1"]) == {whole.loc[0, "test_accuracy_1"]}
    assert set(whole.loc[[2, 4], "test_accuracy_2"]) == {whole.loc[5, "test_accuracy_2"]}


@pytest.mark.parametrize(("killed_after", "group"), [(1, 2), (3, 2), (7, 2), (4, 3)])
def test_a_killed_run_ends_with_the_same_table(
    small_images: ImageSet,
    human: TaskSet,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    killed_after: int,
    group: int,
) -> None:
    monkeypatch.setattr("whichtask.training.live.SAVE_EVERY_SECONDS", 0.0)
    chosen = job(epochs=3, group=group)
    expected = score(small_images, human, tmp_path / "whole", chosen)
    epochs = 0

    class Killed(Exception):
        pass

    original = GroupFit._epoch

    def dying(self: GroupFit) -> torch.Tensor:
        nonlocal epochs
        if epochs == killed_after:
            raise Killed
        epochs += 1
        return original(self)

    monkeypatch.setattr(GroupFit, "_epoch", dying)
    with pytest.raises(Killed):
        score(small_images, human, tmp_path, chosen)
    monkeypatch.setattr(GroupFit, "_epoch", original)
    assert any((tmp_path / ".state").iterdir())
    found = score(small_images, human, tmp_path, chosen)
    pd.testing.assert_frame_equal(found.drop(columns=TIMED), expected.drop(columns=TIMED))
    assert not any((tmp_path / ".state").iterdir()), "the state of a finished job is removed"


def test_a_task_with_one_class_where_networks_train_is_named(small_images: ImageSet, tmp_path: Path) -> None:
    labels = np.zeros((1, 500), np.uint8)
    labels[0, 450:] = 1  # test images only
    tasks = TaskSet(labels, ("lopsided",), "user")
    with pytest.raises(WhichtaskError, match="'lopsided' has one class only on the 200 training images"):
        score(small_images, tasks, tmp_path, job())


def test_tasks_of_other_images_are_refused(small_images: ImageSet, tmp_path: Path) -> None:
    with pytest.raises(WhichtaskError, match="labels 300 images, but quadrants has 500"):
        score(small_images, random_tasks(300, 1, 0), tmp_path, job())


@given(first=st.lists(st.integers(0, 3), min_size=1, max_size=30), seed=st.integers(0, 9))
def test_chance_is_the_mean_agreement_over_all_pairings(first: list[int], seed: int) -> None:
    a = torch.tensor(first)
    b = torch.from_numpy(np.random.default_rng(seed).integers(0, 4, len(first)))
    every = (a[:, None] == b[None, :]).double().mean().item()
    assert chance_agreement(a, b) == pytest.approx(every)
    assert chance_agreement(3 - a, 3 - b) == pytest.approx(every)
    p, q = (a > 1).double().mean().item(), (b > 1).double().mean().item()
    assert chance_agreement((a > 1).byte(), (b > 1).byte()) == pytest.approx(p * q + (1 - p) * (1 - q), abs=1e-12)


def test_a_task_of_four_classes_is_learned(small_images: ImageSet, tmp_path: Path) -> None:
    tasks = TaskSet(np.stack([small_images.labels, small_images.labels > 1]), ("four", "two"), "user")
    four, two = score(small_images, tasks, tmp_path, job(epochs=40, pairs=1)).to_dict("records")
    assert (four["n_classes"], two["n_classes"]) == (4, 2)
    assert four["test_accuracy"] > 0.9
    assert four["agreement"] > 0.9
    assert four["chance_agreement"] == pytest.approx(0.25, abs=0.03)
    assert two["chance_agreement"] == pytest.approx(0.5, abs=0.03)
    assert four["positive_rate"] == pytest.approx(0.75, abs=0.1)


@pytest.mark.parametrize("execution", ["loop", "batched"])
def test_sources_of_chance(small_images: ImageSet, tmp_path: Path, execution: str) -> None:
    """Without either source both networks are the same bit for bit; each source alone makes them differ."""
    tasks = random_tasks(500, 1, 0)
    found = {}
    for order in (True, False):
        for initialisation in (True, False):
            switches = {"shared_order": order, "shared_initialisation": initialisation}
            row = score(small_images, tasks, tmp_path, job(epochs=15, pairs=1, execution=execution, **switches)).iloc[0]
            assert (row["shared_order"], row["shared_initialisation"]) == (order, initialisation)
            found[order, initialisation] = row
    same = found[True, True]
    assert same["agreement"] == 1
    assert same["train_accuracy_1"] == same["train_accuracy_2"]
    assert all(row["agreement"] < 1 for switches, row in found.items() if switches != (True, True))
    # The first network of a pair is the same one whatever the second does.
    assert len({row["test_accuracy_1"] for row in found.values()}) == 1 or execution == "batched"
