"""Training on a split: what is held equal, that a killed run resumes bit for bit, and that the tables agree."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import nn

from whichtask.config import ImageNetJob
from whichtask.errors import WhichtaskError
from whichtask.studies.imagenet import Photographs, TrainedNetwork, list_photographs, train_network
from whichtask.studies.imagenet.train import _Tested, _Training, controlled

CPU = torch.device("cpu")
Bools = npt.NDArray[np.bool_]


def small_network(num_classes: int) -> nn.Module:
    """Return a network with batch norm that takes no time; the test of the verbs trains a real one."""
    layers: list[nn.Module] = []
    for inputs, outputs in ((3, 8), (8, 16)):
        layers += [nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, num_classes))


@pytest.fixture(autouse=True)
def _small_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whichtask.studies.imagenet.train.models", SimpleNamespace(resnet18=small_network))


@pytest.fixture
def photographs(folder: Path) -> Photographs:
    return list_photographs(folder)


@pytest.fixture
def in_train(photographs: Photographs) -> Bools:
    """Seven of the twelve images of each class."""
    return np.arange(len(photographs.paths)) % 12 < 7


def train(
    photographs: Photographs, in_train: Bools, job: ImageNetJob, results: Path, control: str = "adversarial"
) -> TrainedNetwork:
    return train_network(photographs, in_train, control, job, device=CPU, workers=0, results=results)


def test_the_control_has_as_many_images_of_each_class(photographs: Photographs, in_train: Bools) -> None:
    in_train = in_train.copy()
    in_train[3] = False
    drawn = controlled(photographs, in_train, "random", 0)
    for c in range(4):
        assert drawn[photographs.targets == c].sum() == in_train[photographs.targets == c].sum()
    assert (drawn != in_train).any()
    np.testing.assert_array_equal(drawn, controlled(photographs, in_train, "random", 0))
    assert (drawn != controlled(photographs, in_train, "random", 1)).any()
    np.testing.assert_array_equal(in_train, controlled(photographs, in_train, "adversarial", 0))
    with pytest.raises(WhichtaskError, match="unknown control 'rnadom'; allowed: adversarial, random"):
        controlled(photographs, in_train, "rnadom", 0)


def test_the_tables_agree_with_each_other_and_with_the_network(
    photographs: Photographs, in_train: Bools, job: ImageNetJob, tmp_path: Path
) -> None:
    got = train(photographs, in_train, job, tmp_path)
    row = got.accuracies.iloc[0]
    assert (row["images_train"], row["images_test"], row["n_classes"], row["epochs"]) == (28, 20, 4, 2)
    assert (row["split"], row["network"]) == ("adversarial", "resnet18")
    assert got.confusion.dtype == np.int32
    assert got.confusion.sum(1).tolist() == [5, 5, 5, 5]
    assert row["top1_accuracy"] == got.confusion.trace() / 20 == got.history["test_top1"].iloc[-1]
    assert row["top5_accuracy"] == 1.0, "four classes are all among the first five"
    of_class = got.confusion.diagonal() / 5
    assert row["worst_class_accuracy"] == of_class.min()
    assert photographs.class_names[int(of_class.argmin())] == row["worst_class"]
    # The weights that are kept are those that were tested.
    network = small_network(4)
    network.load_state_dict(got.weights)
    test, learned = np.flatnonzero(~in_train), np.flatnonzero(in_train)
    for indices, share in ((test, row["top1_accuracy"]), (learned, row["train_accuracy"])):
        ((images, targets),) = photographs.batches(indices, image_size=32, batch_size=64, workers=0, device=CPU)
        with torch.no_grad():
            right = network.eval()(images).argmax(1) == targets
        assert right.double().mean().item() == share


def test_the_step_size_falls_tenfold_in_each_third(
    photographs: Photographs, in_train: Bools, job: ImageNetJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = job.imagenet.model_copy(update={"epochs": 6, "learning_rate": 0.1})
    monkeypatch.setattr(_Training, "_batches", lambda *_: iter([(torch.ones(2, 3, 8, 8), torch.tensor([0, 1]))]))
    monkeypatch.setattr(_Training, "count", lambda *_: _Tested(torch.eye(4), 4))
    got = train(photographs, in_train, job.model_copy(update={"imagenet": settings}), tmp_path)
    assert got.history["learning_rate"].tolist() == pytest.approx([0.1, 0.1, 0.01, 0.01, 0.001, 0.001])


def test_a_network_learns_colours(photographs: Photographs, in_train: Bools, job: ImageNetJob, tmp_path: Path) -> None:
    settings = job.imagenet.model_copy(update={"epochs": 15})
    got = train(photographs, in_train, job.model_copy(update={"imagenet": settings}), tmp_path, "random")
    assert min(got.accuracies[name].item() for name in ("train_accuracy", "top1_accuracy")) > 0.9
    loss = got.history["train_loss"].to_numpy()
    assert loss[-1] < loss[0]


@pytest.mark.parametrize("killed_in", ["training", "test", "the count of training images"])
def test_a_killed_run_ends_bit_for_bit_as_an_uninterrupted_one(
    photographs: Photographs,
    in_train: Bools,
    job: ImageNetJob,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    killed_in: str,
) -> None:
    whole = train(photographs, in_train, job, tmp_path / "whole")
    monkeypatch.setattr("whichtask.training.live.SAVE_EVERY_SECONDS", 0.0)
    number, name = {"training": (2, "_epoch"), "test": (2, "count")}.get(killed_in, (3, "count"))
    original, calls = getattr(_Training, name), 0

    def dying(*arguments: object) -> object:
        nonlocal calls
        calls += 1
        if calls == number:
            raise KeyboardInterrupt
        return original(*arguments)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(_Training, name, dying)
        train(photographs, in_train, job, tmp_path / "killed")
    assert list(tmp_path.glob("killed/.state/*"))
    again = train(photographs, in_train, job, tmp_path / "killed")
    assert not list(tmp_path.glob("killed/.state/*"))
    for name, tensor in whole.weights.items():
        assert torch.equal(tensor, again.weights[name]), name
    np.testing.assert_array_equal(whole.confusion, again.confusion)
    assert whole.history.equals(again.history)
    assert whole.accuracies.drop(columns="seconds").equals(again.accuracies.drop(columns="seconds"))


def test_the_order_of_images_depends_on_seed_and_epoch_only(
    photographs: Photographs, in_train: Bools, job: ImageNetJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[int]] = []

    def one_batch(_self: _Training, indices: npt.NDArray[np.int64], _what: str) -> Iterator[object]:
        seen.append(indices.tolist())
        return iter([(torch.ones(2, 3, 8, 8), torch.tensor([0, 1]))])

    monkeypatch.setattr(_Training, "_batches", one_batch)
    for seed, epoch in ((0, 0), (0, 1), (0, 1), (1, 1)):
        seeded = job.model_copy(update={"seed": seed})
        _Training(photographs, in_train, seeded, device=CPU, workers=0)._epoch(epoch)
    assert seen[1] == seen[2]
    assert seen[0] != seen[1] != seen[3]
    assert all(sorted(order) == np.flatnonzero(in_train).tolist() for order in seen)


def test_a_last_batch_of_one_image_is_left_out(
    photographs: Photographs, in_train: Bools, job: ImageNetJob, tmp_path: Path
) -> None:
    settings = job.imagenet.model_copy(update={"epochs": 1, "batch_size": 9, "image_size": 2})
    assert in_train.sum() % 9 == 1
    got = train(photographs, in_train, job.model_copy(update={"imagenet": settings}), tmp_path)
    assert np.isfinite(got.history["train_loss"].item())
    with pytest.raises(WhichtaskError, match="batch_size is 1; batch norm needs"):
        single = settings.model_copy(update={"batch_size": 1})
        train(photographs, in_train, job.model_copy(update={"imagenet": single}), tmp_path)
