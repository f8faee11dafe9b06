"""Attackers from random networks, attribute splits with groups, targets and partitions of the user, many classes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from whichtask.config import AgreementSettings, CnnSpec, DataSettings, SplitJob, SplitSettings
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.networks import build
from whichtask.splits import Source, SplitResults, Target, confounder, lowest_halves, run_splits
from whichtask.splits.attackers import Labelling, random_network_attackers, worst_group
from whichtask.tasks import TaskSet, factor_tasks, human_tasks
from whichtask.training import ImageBank, divide


def job(images: int = 300, random_networks: int = 1, **changes: Any) -> SplitJob:
    settings = {"epochs": 1, "batch_size": 25, "stop_train_accuracy": 0.99} | changes
    return SplitJob(
        seed=0,
        data=DataSettings(train_images=images, heldout_images=50, discovery_heldout_images=50),
        network_name="cnn",
        network=CnnSpec(width=4, hidden=32),
        agreement=AgreementSettings.model_validate(settings),
        splits=SplitSettings(images=images, tasks=1, pairs=1, random_networks=random_networks),
    )


def run(images: ImageSet, target: Target, source: Source, results: Path, chosen: SplitJob) -> SplitResults:
    return run_splits(images, target, source, chosen, device=torch.device("cpu"), results=results)


@given(
    logits=arrays.arrays(np.float32, 50, elements=st.floats(-2, 2, width=16)),
    classes=arrays.arrays(np.int64, 50, elements=st.integers(0, 4)),
)
def test_the_lowest_half_of_every_class_is_labelled_one(logits: np.ndarray, classes: np.ndarray) -> None:
    labels = lowest_halves(logits, classes)
    for c in np.unique(classes):
        of_class, values = labels[classes == c], logits[classes == c]
        assert of_class.sum() == len(of_class) // 2
        if of_class.sum() > 0:
            assert values[of_class == 1].max() <= values[of_class == 0].min()


def test_random_networks_are_those_of_the_job_in_evaluation_mode(shortcut_images: ImageSet) -> None:
    bank, pool = ImageBank.of(shortcut_images), np.arange(0, 300, 2)
    classes = shortcut_images.labels[pool]
    first, second = random_network_attackers(bank, pool, classes, job(random_networks=2))
    assert (first.name, second.name) == ("random_network_00", "random_network_01")
    assert 0.02 < (first.labels != second.labels).mean() < 0.98
    network = build(job().network, bank.shape, 1, seed=("random network task", 0, 1)).eval()
    with torch.no_grad():
        # One image at a time: an image's logit does not depend on the others.
        logits = torch.cat([network(bank.batch(torch.tensor([index]))) for index in pool.tolist()])[:, 0].numpy()
    low = second.labels == 1
    for c in range(4):
        assert logits[low & (classes == c)].max() <= logits[~low & (classes == c)].min() + 1e-5


def test_random_network_splits_are_balanced_in_every_class(shortcut_images: ImageSet, tmp_path: Path) -> None:
    human = human_tasks(shortcut_images.labels, shortcut_images.class_names)
    target = Target.of_task(human, "human_001", shortcut_images)
    outcome = run(shortcut_images, target, Source("random_network"), tmp_path, job())
    table = outcome.accuracies
    assert table.groupby(["kind", "task", "split"]).ngroups == 2 * 3
    assert set(table["source"]) == {"random_network"}
    classes = shortcut_images.labels[outcome.pool]
    for row in np.flatnonzero(table["split"].isin(["adversarial", "class_matched"]) & (table["kind"] == "classes")):
        for c in range(4):
            of_class = outcome.in_train[row][classes == c]
            assert abs(2 * of_class.sum() - len(of_class)) <= 1


def test_groups_are_named_and_the_worst_is_counted_right(
    shortcut_images: ImageSet, brightness: TaskSet, tmp_path: Path
) -> None:
    human = human_tasks(shortcut_images.labels, shortcut_images.class_names)
    target = Target.of_task(human, "0", shortcut_images)
    outcome = run(shortcut_images, target, Source("attribute", brightness), tmp_path, job(epochs=3))
    table = outcome.accuracies
    assert set(table["kind"]) == {"attribute"}
    # The factor that the attacker is most like; the class decides the target, so it names no groups.
    assert set(table["group"]) == {"brightness_0"}
    assert shortcut_images.factors is not None
    factors = factor_tasks(shortcut_images.factors, shortcut_images.factor_names)
    bright = factors.labels[factors.names.index("brightness_0"), outcome.pool]
    for row, values in table.iterrows():
        i = int(str(row))
        tested = ~outcome.in_train[i]
        right = outcome.predictions[i] == outcome.labels[i]
        groups = {
            f"human_000={t} & brightness_0={g}": right[members].mean()
            for t in (0, 1)
            for g in (0, 1)
            if (members := tested & (outcome.labels[i] == t) & (bright == g)).any()
        }
        assert values["worst_group_accuracy"] == pytest.approx(min(groups.values()))
        assert groups[values["worst_group"]] == pytest.approx(min(groups.values()))


def test_a_second_attribute_can_be_given(shortcut_images: ImageSet, brightness: TaskSet, tmp_path: Path) -> None:
    assert shortcut_images.factors is not None
    factors = factor_tasks(shortcut_images.factors, shortcut_images.factor_names)
    target = Target.of_task(factors, "quadrant_0-1", shortcut_images)
    given = Source("attribute", brightness, (factors, "noisy_0"))
    assert set(run(shortcut_images, target, given, tmp_path, job()).accuracies["group"]) == {"noisy_0"}
    with pytest.raises(WhichtaskError, match="no task 'hue' to name groups by; allowed: quadrant_0-1"):
        run(shortcut_images, target, Source("attribute", brightness, (factors, "hue")), tmp_path, job())


def test_the_confounder_is_the_most_correlated_factor_that_does_not_decide_the_target(
    shortcut_images: ImageSet, brightness: TaskSet
) -> None:
    pool = np.arange(300)
    attacker = Labelling("bright", 1 - brightness.labels[0, pool])  # whatever its polarity
    classes = (shortcut_images.labels >= 2).astype(np.uint8)
    assert confounder(shortcut_images, classes, attacker, pool).name == "brightness_0"
    assert confounder(shortcut_images, brightness.labels[0], attacker, pool).name == "noisy_0"
    own = shortcut_images
    plain = ImageSet("plain", own.x_train, own.y_train, own.x_test, own.y_test, own.class_names)
    with pytest.raises(WhichtaskError, match="plain has no known factors to name groups by; give a second attribute"):
        confounder(plain, classes, attacker, pool)


def test_groups_without_images_are_left_out() -> None:
    right = np.array([True, True, False])
    found = worst_group(right, Labelling("t", np.array([0, 0, 1])), Labelling("g", np.array([0, 0, 1])))
    assert found == {"group": "g", "worst_group": "t=1 & g=1", "worst_group_accuracy": 0.0}


def test_a_partition_is_a_target(shortcut_images: ImageSet, brightness: TaskSet, tmp_path: Path) -> None:
    for suffix, text in (("yaml", "a: 1\nb: 0\nc: 1\nd: 1\n"), ("json", json.dumps({"a": 1, "b": 0, "c": 1, "d": 1}))):
        path = tmp_path / f"mine.{suffix}"
        path.write_text(text)
        target = Target.of_partition(path, shortcut_images)
        assert (target.name, target.sides) == ("mine", (1, 0, 1, 1))
        # Sides are taken as given, unlike the polarity of a task.
        assert (target.labels == (shortcut_images.labels != 1)).all()
    outcome = run(shortcut_images, target, Source("discovered", brightness), tmp_path, job())
    adversarial = np.flatnonzero(outcome.accuracies["split"] == "adversarial")
    for row in adversarial:
        expected = target.labels[outcome.pool] == brightness.labels[0, outcome.pool]
        assert (outcome.in_train[row] == expected).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 0\nc: 1\n", "the class 'd' is missing; each of a, b, c, d needs 0 or 1"),
        ("a: 1\nb: 0\nc: 1\nd: 0\ne: 0\n", "unknown class 'e'; the classes of shortcut are a, b, c, d"),
        ("a: 1\nb: 1\nc: 1\nd: 1\n", "all classes have side 1; both sides, 0 and 1, must occur"),
        ("a: 1\nb: 2\nc: 1\nd: 0\n", "the class 'b' has side 2; allowed: 0 and 1"),
        ("a: true\nb: 0\nc: 1\nd: 0\n", "the class 'a' has side True; allowed: 0 and 1"),
        ("[1, 0]", "must be a mapping of class names to 0 or 1"),
        ("a: [", "cannot read the partition"),
        (None, "cannot read the partition"),
    ],
)
def test_a_bad_partition_is_one_clear_error(
    text: str | None, message: str, shortcut_images: ImageSet, tmp_path: Path
) -> None:
    path = tmp_path / "mine.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(WhichtaskError, match=message):
        Target.of_partition(path, shortcut_images)


def test_targets_and_sources_that_do_not_fit_are_refused(
    shortcut_images: ImageSet, brightness: TaskSet, tmp_path: Path
) -> None:
    human = human_tasks(shortcut_images.labels, shortcut_images.class_names)
    with pytest.raises(WhichtaskError, match="no target '7'; allowed: 0 to 2, or human_000"):
        Target.of_task(human, "7", shortcut_images)
    short = TaskSet(human.labels[:, :90], human.names, "human")
    with pytest.raises(WhichtaskError, match="'human_000' labels 90 images, but shortcut has 500"):
        Target.of_task(short, "0", shortcut_images)
    united = Target.of_task(human, "0", shortcut_images)
    with pytest.raises(WhichtaskError, match="labels 90 images, but shortcut has 500"):
        run(shortcut_images, united, Source("discovered", short), tmp_path, job())
    mixed = Target.of_task(brightness, "0", shortcut_images)
    assert mixed.sides is None
    with pytest.raises(WhichtaskError, match="the target bright is no union of classes, so it parts no classes"):
        run(shortcut_images, mixed, Source("discovered", human), tmp_path, job())
    three = TaskSet((shortcut_images.labels % 3).astype(np.uint8)[None], ("three",), "discovered")
    with pytest.raises(WhichtaskError, match="the task 'three' has 3 classes; splits are made from binary tasks"):
        run(shortcut_images, united, Source("discovered", three), tmp_path, job())
    odd: Any = "odd"
    with pytest.raises(WhichtaskError, match="unknown source of splits 'odd'; allowed: discovered, random_network"):
        Source(odd, human)
    for bad in (("discovered", None), ("random_network", human)):
        with pytest.raises(WhichtaskError, match="attacking tasks go with the sources discovered and attribute"):
            Source(*bad)
    with pytest.raises(WhichtaskError, match="a second attribute goes with the source attribute, not with discovered"):
        Source("discovered", human, (human, "human_000"))


def test_a_hundred_classes_and_some_without_test_images(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    labels = rng.permutation(np.arange(800) % 100)
    images = rng.integers(0, 256, (800, 8, 8, 1)).astype(np.uint8)
    names = tuple(f"class {c}" for c in range(100))
    data = ImageSet("hundred", images[:700], labels[:700], images[700:], labels[700:], names)
    chosen = job(600)
    halves = np.zeros(800, np.uint8)
    pool = divide(700, chosen.data).train
    for c in range(100):
        halves[pool[labels[pool] == c][::2]] = 1
    target = Target.of_task(human_tasks(data.labels, names, limit=1), "0", data)
    found = TaskSet(halves[None], ("halves",), "discovered")
    outcome = run(data, target, Source("discovered", found), tmp_path, chosen)
    of_classes = outcome.accuracies[outcome.accuracies["kind"] == "classes"]
    assert set(of_classes["n_classes"]) == {100}
    assert outcome.predictions.max() > 50
    tested_classes = []
    for row, values in of_classes.iterrows():
        i = int(str(row))
        tested = ~outcome.in_train[i]
        right = outcome.predictions[i] == outcome.labels[i]
        accuracy = {c: right[tested & (outcome.labels[i] == c)].mean() for c in np.unique(outcome.labels[i][tested])}
        assert values["worst_class_accuracy"] == min(accuracy.values())
        assert accuracy[names.index(values["worst_class"])] == min(accuracy.values())
        tested_classes.append(len(accuracy))
    assert min(tested_classes) < max(tested_classes) == 100, "a random split leaves some class without test images"
