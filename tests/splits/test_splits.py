"""Adversarial and matched random splits: definition, what is held equal, and that all arrays belong together."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from whichtask.config import AgreementSettings, CnnSpec, DataSettings, SplitJob, SplitSettings
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.splits import (
    Source,
    SplitResults,
    Target,
    adversarial_split,
    class_matched_split,
    random_split,
    run_splits,
)
from whichtask.tasks import TaskSet, human_tasks, random_tasks
from whichtask.training import GroupFit


def job(**changes: object) -> SplitJob:
    settings = {"epochs": 40, "batch_size": 25, "stop_train_accuracy": 0.99} | changes
    return SplitJob(
        seed=0,
        data=DataSettings(train_images=300, heldout_images=50, discovery_heldout_images=50),
        network_name="cnn",
        network=CnnSpec(width=4, hidden=32),
        agreement=AgreementSettings.model_validate(settings),
        splits=SplitSettings(images=300, tasks=1, pairs=1, random_networks=1),
    )


def run(
    images: ImageSet, found: TaskSet, results: Path, chosen: SplitJob, target: str = "0", source: str = "discovered"
) -> SplitResults:
    human = human_tasks(images.labels, images.class_names)
    name: Any = source
    attackers = None if source == "random_network" else found
    attacked = Target.of_task(human, target, images)
    return run_splits(images, attacked, Source(name, attackers), chosen, device=torch.device("cpu"), results=results)


@given(
    target=arrays.arrays(np.int64, 60, elements=st.integers(0, 2)),
    discovered=arrays.arrays(np.int64, 60, elements=st.integers(0, 1)),
    sides=st.sampled_from([(0, 0, 1), (0, 1, 0), (1, 0, 1)]),
)
def test_in_training_the_discovered_label_tells_the_side_and_in_test_it_tells_the_other(
    target: np.ndarray, discovered: np.ndarray, sides: tuple[int, int, int]
) -> None:
    try:
        in_train = adversarial_split(target, sides, discovered, ("a", "b", "c"))
    except WhichtaskError:
        return
    of_image = np.array(sides)[target]
    assert (of_image[in_train] == discovered[in_train]).all()
    assert (of_image[~in_train] == 1 - discovered[~in_train]).all()
    # The other polarity of the discovered task exchanges the two sides.
    assert (adversarial_split(target, sides, 1 - discovered, ("a", "b", "c")) == ~in_train).all()


@given(target=arrays.arrays(np.int64, 40, elements=st.integers(0, 3)), seed=st.integers(0, 99))
def test_a_matched_split_has_as_many_images_of_every_class(target: np.ndarray, seed: int) -> None:
    in_train = np.random.default_rng(seed).random(40) < 0.6
    drawn = class_matched_split(target, in_train, np.random.default_rng(seed + 1))
    for c in range(4):
        assert drawn[target == c].sum() == in_train[target == c].sum()
    assert random_split(in_train, np.random.default_rng(seed + 2)).sum() == in_train.sum()


def test_bad_splits_are_one_clear_error_that_says_which() -> None:
    target, discovered = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1])
    with pytest.raises(WhichtaskError, match="test side of the split has no image of class 'cat'"):
        adversarial_split(target, (0, 1), discovered, ("dog", "cat"))
    with pytest.raises(WhichtaskError, match="training side of the split has no image of class 'cat'"):
        adversarial_split(target, (0, 1), np.array([0, 1, 0, 0]), ("dog", "cat"))
    with pytest.raises(WhichtaskError, match=r"\[0, 0\] is no partition"):
        adversarial_split(target, (0, 0), discovered, ("dog", "cat"))
    with pytest.raises(WhichtaskError, match=r"\[0, 2\] is no partition"):
        adversarial_split(target, (0, 2), discovered, ("dog", "cat"))
    with pytest.raises(WhichtaskError, match="no image of class 'cat' among the 2"):
        adversarial_split(target[:2], (0, 1), discovered[:2], ("dog", "cat"))


def test_a_shortcut_makes_networks_fail_on_the_adversarial_split_only(
    shortcut_images: ImageSet, brightness: TaskSet, tmp_path: Path
) -> None:
    outcome = run(shortcut_images, brightness, tmp_path, job())
    table = outcome.accuracies
    assert len(table) == 2 * 3 * 2, "kinds x splits x networks"
    means = table.groupby(["kind", "split"])["test_accuracy"].mean()
    for kind in ("binary", "classes"):
        for control in ("random", "class_matched"):
            assert means[kind, "adversarial"] < means[kind, control] - 0.3
    sizes = table.groupby(["kind", "target"])["images_train"].nunique()
    assert (sizes == 1).all(), "all splits of a target train on equally many images"


def test_images_labels_predictions_and_accuracies_belong_together(
    shortcut_images: ImageSet, brightness: TaskSet, tmp_path: Path
) -> None:
    outcome = run(shortcut_images, brightness, tmp_path, job(epochs=2))
    for r, row in outcome.accuracies.iterrows():
        i = int(str(r))
        tested = ~outcome.in_train[i]
        assert (outcome.predictions[i][~tested] == -1).all()
        right = outcome.predictions[i][tested] == outcome.labels[i][tested]
        assert right.mean() == pytest.approx(row["test_accuracy"])
        assert row["images_train"] + row["images_test"] == len(outcome.pool) == 300
        if row["kind"] == "classes":
            assert (outcome.labels[i] == shortcut_images.labels[outcome.pool]).all()
            of_class = [right[outcome.labels[i][tested] == c].mean() for c in range(4)]
            assert min(of_class) == pytest.approx(row["worst_class_accuracy"])
            assert shortcut_images.class_names[int(np.argmin(of_class))] == row["worst_class"]


def test_a_task_that_follows_the_classes_is_skipped_and_alone_it_is_an_error(
    shortcut_images: ImageSet, brightness: TaskSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    human = human_tasks(shortcut_images.labels, shortcut_images.class_names)
    with pytest.raises(WhichtaskError, match="no adversarial split can be made:\n  binary target human_000"):
        run(shortcut_images, human.subset([0]), tmp_path, job(epochs=1))
    both = TaskSet(np.concatenate([human.labels[2:3], brightness.labels]), ("classes_again", "bright"), "discovered")
    chosen = job(epochs=1)
    chosen = chosen.model_copy(update={"splits": chosen.splits.model_copy(update={"tasks": 2})})
    outcome = run(shortcut_images, both, tmp_path, chosen)
    by_kind = outcome.accuracies.groupby("kind")["task"].unique().map(set)
    assert by_kind["classes"] == {"bright"}
    assert by_kind["binary"] == {"bright", "classes_again"}
    assert "skipped: classes target human_000 by classes_again: the " in capsys.readouterr().out


def same(first: SplitResults, second: SplitResults) -> bool:
    """Say whether two runs ended alike, but for the time they took."""
    tables = [outcome.accuracies.drop(columns="seconds") for outcome in (first, second)]
    arrays = ("pool", "in_train", "labels", "predictions")
    return tables[0].equals(tables[1]) and all(
        np.array_equal(getattr(first, name), getattr(second, name)) for name in arrays
    )


@pytest.mark.parametrize(("source", "killed_after"), [("discovered", 1), ("discovered", 9), ("random_network", 3)])
def test_a_killed_run_ends_with_the_same_results(
    shortcut_images: ImageSet,
    brightness: TaskSet,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    killed_after: int,
) -> None:
    monkeypatch.setattr("whichtask.training.live.SAVE_EVERY_SECONDS", 0.0)
    expected = run(shortcut_images, brightness, tmp_path / "whole", job(epochs=2), source=source)
    original, epochs = GroupFit._epoch, 0

    def dying(self: GroupFit) -> torch.Tensor:
        nonlocal epochs
        if epochs == killed_after:
            raise KeyboardInterrupt
        epochs += 1
        return original(self)

    monkeypatch.setattr(GroupFit, "_epoch", dying)
    with pytest.raises(KeyboardInterrupt):
        run(shortcut_images, brightness, tmp_path, job(epochs=2), source=source)
    monkeypatch.setattr(GroupFit, "_epoch", original)
    assert same(run(shortcut_images, brightness, tmp_path, job(epochs=2), source=source), expected)


def test_a_target_has_the_same_results_whatever_attacks_it_besides_and_whatever_its_number(
    shortcut_images: ImageSet, brightness: TaskSet, tmp_path: Path
) -> None:
    random = random_tasks(500, 1, 0)
    both = TaskSet(np.concatenate([random.labels, brightness.labels]), ("coin", "bright"), "discovered")
    more = job(epochs=1).model_copy(update={"splits": SplitSettings(images=300, tasks=2)})
    alone = run(shortcut_images, brightness, tmp_path, job(epochs=1), target="1").accuracies
    beside = run(shortcut_images, both, tmp_path, more, target="human_001").accuracies
    of_both = beside[beside["task"] == "bright"].reset_index(drop=True)
    pd.testing.assert_frame_equal(of_both.drop(columns="seconds"), alone.drop(columns="seconds"))
