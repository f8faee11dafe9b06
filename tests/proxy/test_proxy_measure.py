"""The proxy: against a plain SGD loop, what it does not depend on, resume, and what it tells apart."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch.nn import functional as F

from whichtask.config import CnnSpec, DataSettings, DiscoverySettings, ProxyJob
from whichtask.data import ImageSet
from whichtask.discovery.draws import inner_batches
from whichtask.errors import WhichtaskError
from whichtask.networks import build, without_running_stats
from whichtask.studies import proxy
from whichtask.studies.proxy import measure_proxy, proxy_rows
from whichtask.tasks import TaskSet, human_tasks, random_tasks
from whichtask.training import ImageBank, LiveState, divide

DATA = DataSettings(train_images=200, heldout_images=80, discovery_heldout_images=61)


def job(**changes: Any) -> ProxyJob:
    settings: dict[str, Any] = {"inner_learning_rate": 0.2, "inner_batch_size": 40, "agreement_batch_size": 30}
    network = CnnSpec(width=4, hidden=16)
    options: dict[str, Any] = {"proxy_steps": [1, 3], "proxy_tasks": 2} | changes
    discovery = DiscoverySettings.model_validate(settings)
    return ProxyJob(seed=0, data=DATA, encoder=network, network=network, discovery=discovery, **options)


def measure(images: ImageSet, sets: dict[str, TaskSet], results: Path, chosen: ProxyJob) -> pd.DataFrame:
    live = LiveState(results, {"job": chosen.model_dump(mode="json"), "sets": sorted(sets)})
    return measure_proxy(images, sets, chosen, torch.device("cpu"), live)


@pytest.fixture
def sets(small_images: ImageSet) -> dict[str, TaskSet]:
    human = human_tasks(small_images.labels, small_images.class_names)
    return {"random": random_tasks(500, 3, 0), "human": human}


@pytest.mark.parametrize("classes", [2, 4])
def test_against_a_plain_loop_of_sgd(small_images: ImageSet, classes: int) -> None:
    chosen, bank = job(), ImageBank.of(small_images)
    division = divide(400, DATA)
    train, heldout = torch.from_numpy(division.train), torch.from_numpy(division.discovery_heldout)
    labels = torch.from_numpy(small_images.labels % classes).long()
    found = proxy_rows(bank, train, heldout, labels, chosen, (0, "task", 1))
    networks = [
        without_running_stats(build(chosen.network, bank.shape, classes, seed=("proxy weights", 0, "task", 1, member)))
        for member in (0, 1)
    ]
    # One optimiser over both networks and the mean of both losses, as the authors have it.
    optimizer = torch.optim.SGD([p for network in networks for p in network.parameters()], lr=0.2)
    batches = inner_batches(train, 3, 40, "proxy batches", 0, "task", 1)
    expected = []
    for step, (batch,) in enumerate(batches):
        images = bank.batch(batch)
        optimizer.zero_grad()
        torch.stack([F.cross_entropy(network(images), labels[batch]) for network in networks]).mean().backward()
        optimizer.step()
        if step in (0, 2):
            with torch.no_grad():
                # 61 images in batches of about 30: 31 and 30.
                parts = [[network(bank.batch(p)) for p in (heldout[:31], heldout[31:])] for network in networks]
                right = [(network(images).argmax(1) == labels[batch]).double().mean() for network in networks]
            first, second = (torch.cat(of_network) for of_network in parts)
            expected.append(((first.argmax(1) == second.argmax(1)).double().mean(), sum(right) / 2))
    assert [row["inner_steps"] for row in found] == [1, 3]
    for row, (agreement, accuracy) in zip(found, expected, strict=True):
        assert row["proxy_agreement"] == pytest.approx(float(agreement), abs=1.5 / 61)
        assert row["train_accuracy"] == pytest.approx(float(accuracy), abs=1.5 / 80)
        assert row["agreement_loss_nats"] > 0


def test_rows_do_not_depend_on_other_steps_tasks_or_sets(
    small_images: ImageSet, sets: dict[str, TaskSet], tmp_path: Path
) -> None:
    whole = measure(small_images, sets, tmp_path, job(proxy_steps=[1, 2, 4]))
    assert len(whole) == 2 * 2 * proxy.PAIRS * 3
    assert set(whole["configured_steps"]) == {10}
    part = measure(small_images, {"human": sets["human"].subset([0])}, tmp_path, job(proxy_steps=[2]))
    same = whole[(whole["task"] == part["task"][0]) & (whole["inner_steps"] == 2)].reset_index(drop=True)
    pd.testing.assert_frame_equal(same.drop(columns="seconds"), part.drop(columns="seconds"))


def test_a_killed_run_ends_with_the_same_table(
    small_images: ImageSet, sets: dict[str, TaskSet], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whichtask.training.live.SAVE_EVERY_SECONDS", 0.0)
    whole = measure(small_images, sets, tmp_path / "whole", job())
    original, left = proxy.proxy_rows, iter(range(5))

    def dying(*arguments: Any) -> Any:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return original(*arguments)

    monkeypatch.setattr(proxy, "proxy_rows", dying)
    with pytest.raises(KeyboardInterrupt):
        measure(small_images, sets, tmp_path, job())
    monkeypatch.setattr(proxy, "proxy_rows", original)
    found = measure(small_images, sets, tmp_path, job())
    pd.testing.assert_frame_equal(found.drop(columns="seconds"), whole.drop(columns="seconds"))


def test_human_tasks_are_told_from_random_ones(
    small_images: ImageSet, sets: dict[str, TaskSet], tmp_path: Path
) -> None:
    table = measure(small_images, sets, tmp_path, job(proxy_steps=[20]))
    mean = table.groupby("set")["proxy_agreement"].mean()
    assert mean["human"] > mean["random"] + 0.1


def test_bad_tasks_are_named(small_images: ImageSet, tmp_path: Path) -> None:
    with pytest.raises(WhichtaskError, match="set 'short' labels 300 images, but quadrants has 500"):
        measure(small_images, {"short": random_tasks(300, 1, 0)}, tmp_path, job())
    labels = np.zeros((1, 500), np.uint8)
    labels[0, 400:] = 1  # test images only
    with pytest.raises(WhichtaskError, match="'lopsided' of own has one class only on the 200 training images"):
        measure(small_images, {"own": TaskSet(labels, ("lopsided",), "user")}, tmp_path, job())
