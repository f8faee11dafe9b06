"""Linear tasks: the gradient of a direction, which way it moves, resume, and the tasks that come out."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from whichtask.config import CnnSpec, DataSettings, DiscoverySettings, LinearJob, MlpSpec
from whichtask.data import ImageSet
from whichtask.discovery import ESTIMATORS, make_encoder
from whichtask.discovery.draws import fresh_pair, inner_batches
from whichtask.discovery.inner import InnerProblem
from whichtask.discovery.labelling import embed_images
from whichtask.discovery.meta import MetaGradient
from whichtask.errors import WhichtaskError
from whichtask.networks import build, without_running_stats
from whichtask.studies.linear import LinearSearch
from whichtask.training import ImageBank, LiveState, divide

DATA = DataSettings(train_images=200, heldout_images=80, discovery_heldout_images=60)


def job(steps: int = 3, **changes: Any) -> LinearJob:
    small: dict[str, Any] = {
        "tasks": 3,
        "dimensions": 4,
        "inner_steps": 2,
        "inner_batch_size": 20,
        "agreement_batch_size": 20,
    }
    return LinearJob(
        seed=0,
        data=DATA,
        encoder=MlpSpec(width=0.1),
        network=CnnSpec(width=2, hidden=6),
        discovery=DiscoverySettings.model_validate(small | changes),
        steps=steps,
    )


def search(images: ImageSet, chosen: LinearJob) -> LinearSearch:
    bank, division = ImageBank.of(images), divide(images.n_train, chosen.data)
    encoder = make_encoder(chosen.encoder, bank.shape, chosen.discovery, (0,))
    return LinearSearch(embed_images(encoder, bank, torch.from_numpy(division.train)), bank, division, chosen)


def test_gradient_of_a_direction_against_finite_differences(small_images: ImageSet) -> None:
    chosen = job()
    found = search(small_images, chosen)
    bank = ImageBank(found.bank.pixels, found.bank.mean.double(), found.bank.std.double())
    found.embeddings = found.embeddings.double()
    skeleton = without_running_stats(build(chosen.network, bank.shape, 2, seed=("skeleton",))).double()
    first, second = fresh_pair(chosen.network, bank, 2, "weights")
    initial = {k: v.double() for k, v in first.items()}, {k: v.double() for k, v in second.items()}
    indices = inner_batches(found.train, 2, 20, "batches")
    images = bank.batch(indices.flatten()).unflatten(0, indices.shape)

    def measured(direction: torch.Tensor) -> tuple[torch.Tensor, MetaGradient]:
        labels = found.soft_labels(direction, indices)
        heldout = bank.batch(found.heldout)
        problem = InnerProblem(skeleton, initial, images, labels.detach(), heldout, 0.5)
        return labels, ESTIMATORS["unrolled"](problem)

    direction = torch.tensor([0.6, -0.5, 0.3, 0.2], dtype=torch.float64, requires_grad=True)
    labels, outcome = measured(direction)
    (slope,) = torch.autograd.grad((labels * outcome.labels).sum(), direction)
    for i in range(4):
        step = torch.zeros(4, dtype=torch.float64)
        step[i] = 1e-5
        up, down = (measured(direction.detach() + sign * step)[1].loss.item() for sign in (1, -1))
        assert slope[i].item() == pytest.approx((up - down) / 2e-5, rel=1e-4, abs=1e-9)
    assert (slope @ direction).item() == pytest.approx(0, abs=1e-9), "the length of a direction is of no account"


def test_best_descends_and_worst_ascends_on_the_sphere(small_images: ImageSet, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a loss that is known, -(mean label 1 weighted by the first coordinate), the way is known."""
    found = search(small_images, job(steps=15))

    def known(problem: InnerProblem) -> MetaGradient:
        weight = known_weights[: problem.labels[..., 1].numel()].reshape(problem.labels.shape[:-1])
        slope = torch.stack([torch.zeros_like(weight), -weight], dim=-1)
        loss = (slope * problem.labels).sum()
        return MetaGradient(loss, torch.tensor(0.5), slope, problem.initial)

    known_weights = torch.ones(0)
    monkeypatch.setattr(found, "estimator", known)
    for _ in range(15):
        at = ("linear inner batches", 0, found.steps_done)
        known_weights = found.embeddings[inner_batches(found.train, 2, 20, *at)].flatten(0, -2)[:, 0]
        found.step()
    for name, direction in found.directions.items():
        assert direction.norm().item() == pytest.approx(1, abs=1e-5)
        moved = (direction - found.starts[name])[0].item()
        assert moved > 0 if name.startswith("best") else moved < 0
    table = found.table()
    assert list(table["task"].unique()) == ["best_0", "best_1", "worst_0", "worst_1"]
    assert table.groupby("task").size().tolist() == [15] * 4
    assert (table[table["step"] == 0]["degrees_from_start"] < 0.1).all()
    assert (table[table["step"] == 14]["degrees_from_start"] > 1).all()


def test_a_resumed_search_is_the_uninterrupted_one(small_images: ImageSet, tmp_path: Path) -> None:
    whole = search(small_images, job(steps=4))
    whole.run()
    killed = search(small_images, job(steps=3))
    live = LiveState(tmp_path, {"job": "linear"}, every=0.0)
    killed.run(live)  # keeps its state after two steps
    resumed = search(small_images, job(steps=4))
    resumed.run(live)
    for name, direction in whole.directions.items():
        assert torch.equal(direction, resumed.directions[name])
    drop = ["seconds"]
    assert whole.table().drop(columns=drop).equals(resumed.table().drop(columns=drop))


def test_tasks_are_the_sides_of_their_directions(small_images: ImageSet) -> None:
    found = search(small_images, job(steps=1))
    found.run()
    tasks = found.tasks({"seed": 0})
    assert tasks.names == ("best_0", "best_1", "worst_0", "worst_1", *(f"random_{i}" for i in range(4)))
    assert tasks.kind == "discovered"
    for name, labels in zip(tasks.names, tasks.labels, strict=True):
        direction = torch.tensor(tasks.provenance["directions"][name])
        side = (found.embeddings @ direction > 0).numpy()
        assert np.array_equal(labels, side) or np.array_equal(labels, ~side)
    assert (tasks.positive_rate() > 0.2).all()
    others = search(small_images, job(steps=2)).tasks({})
    assert np.array_equal(others.labels[4:], tasks.labels[4:]), "random directions do not depend on the search"


def test_a_direction_that_leaves_all_images_on_one_side_is_refused(small_images: ImageSet) -> None:
    found = search(small_images, job())
    found.embeddings = F.normalize(torch.ones_like(found.embeddings), dim=1)
    with pytest.raises(WhichtaskError, match="task 'best_0' is a task with one class only"):
        found.tasks({})
