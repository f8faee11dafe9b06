"""The outer loop: parametrisation, what each faithful switch changes, resume, and frozen labels."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from whichtask.config import (
    CnnSpec,
    DataSettings,
    DiscoveryJob,
    DiscoverySettings,
    DynamicsJob,
    DynamicsSettings,
    FaithfulSettings,
    MlpSpec,
)
from whichtask.data import ImageSet
from whichtask.discovery import Dynamics, TaskSearch, make_encoder, record_dynamics, score_images
from whichtask.discovery.encoder import orthogonal_directions
from whichtask.seeding import numpy_generator
from whichtask.tasks import TaskSet
from whichtask.training import ImageBank, LiveState, divide

DATA = DataSettings(train_images=200, heldout_images=80, discovery_heldout_images=60)


def job(**changes: Any) -> DiscoveryJob:
    small: dict[str, Any] = {
        "tasks": 3,
        "dimensions": 4,
        "inner_steps": 2,
        "inner_batch_size": 20,
        "agreement_batch_size": 20,
        "outer_steps": 6,
        "outer_learning_rate": 0.01,
    }
    return DiscoveryJob(
        seed=0,
        data=DATA,
        encoder=MlpSpec(width=0.1),
        network=CnnSpec(width=2, hidden=6),
        discovery=DiscoverySettings.model_validate(small | changes),
    )


def search(images: ImageSet, chosen: DiscoveryJob) -> TaskSearch:
    return TaskSearch(ImageBank.of(images), divide(images.n_train, chosen.data), chosen)


def history(found: TaskSearch) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if key != "seconds"} for row in found.history]


@given(dimensions=st.integers(1, 12), data=st.data())
def test_directions_are_orthonormal(dimensions: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, dimensions))
    directions = orthogonal_directions(count, dimensions, numpy_generator("test", count))
    np.testing.assert_allclose(directions @ directions.T, np.eye(count), atol=1e-9)


def test_only_the_encoder_without_its_bias_and_heads_is_learned(small_images: ImageSet) -> None:
    encoder = search(small_images, job()).encoder
    learned = {id(parameter) for parameter in encoder.learnable()}
    assert id(encoder.norm.bias) not in learned
    assert id(encoder.norm.weight) in learned
    assert encoder.heads.shape == (3, 4)
    assert not encoder.heads.requires_grad
    assert search(small_images, job(gain=False)).encoder.norm.weight is None


def test_soft_labels_are_a_distribution_with_the_papers_logit_gap(small_images: ImageSet) -> None:
    encoder = search(small_images, job(temperature=5.0)).encoder
    embeddings = torch.randn(7, 4, generator=torch.Generator().manual_seed(0))
    labels = encoder.soft_labels(embeddings, 2)
    torch.testing.assert_close(labels.sum(1), torch.ones(7))
    gap = torch.log(labels[:, 1] / labels[:, 0])
    torch.testing.assert_close(gap, 10 * embeddings @ encoder.heads[2], rtol=1e-3, atol=1e-3)


def test_the_search_lowers_disagreement_and_keeps_tasks_balanced(small_images: ImageSet) -> None:
    enough = {"inner_steps": 8, "inner_learning_rate": 2.0, "inner_batch_size": 40, "agreement_batch_size": 40}
    chosen = job(outer_steps=40, outer_learning_rate=0.003, **enough)
    found = search(small_images, chosen.model_copy(update={"network": CnnSpec(width=4, hidden=16)}))
    found.run(40)
    losses = [row["agreement_loss_nats"] for row in found.history]
    assert np.mean(losses[-10:]) < 0.7 * np.mean(losses[:10])
    scores = score_images(found.encoder, found.bank, found.train)
    assert scores.shape == (3, 500)
    rates = (scores > 0).double().mean(1)
    assert ((rates > 0.2) & (rates < 0.8)).all()


@pytest.mark.parametrize("killed_at", [1, 3, 5])
def test_a_killed_search_resumes_bit_for_bit(small_images: ImageSet, tmp_path: Path, killed_at: int) -> None:
    whole = search(small_images, job())
    whole.run(6)
    first = search(small_images, job())
    first.run(killed_at)
    first.save(LiveState(tmp_path, {}))
    second = search(small_images, job())
    second.run(6, LiveState(tmp_path, {}))
    assert history(second) == history(whole)
    expected = whole.encoder.state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in second.encoder.state_dict().items())


EVERY_SETTING: list[dict[str, Any]] = [
    *({"objective": name} for name in ("xas", "foxas", "train_loss")),
    *({"estimator": name} for name in ("mixed", "plain", "auto")),
    {"diversity": "mutual_information"},
    {"classes": 3},
    {"human_tasks": 2},
    {"pretraining": "simclr", "freeze_backbone": True},
    {"pretraining": "simclr"},
    {"objective": "foxas", "diversity": "mutual_information", "human_tasks": 1, "tasks_per_step": 2},
    {"objective": "xas", "classes": 3, "gain": False, "faithful": {"halved_batch": True}},
]


@pytest.mark.parametrize("changes", EVERY_SETTING, ids=str)
def test_every_setting_resumes_bit_for_bit(small_images: ImageSet, tmp_path: Path, changes: dict[str, Any]) -> None:
    chosen = job(outer_steps=3, **changes)
    labels = np.arange(1000).reshape(2, 500) % np.array([[2], [3]]) == 0
    human = TaskSet(labels.astype(np.uint8), ("even", "third"), "human")

    def begin() -> TaskSearch:
        bank = ImageBank.of(small_images)
        encoder = make_encoder(chosen.encoder, bank.shape, chosen.discovery, (0,))
        return TaskSearch(bank, divide(400, DATA), chosen, encoder, human)

    whole = begin()
    whole.run(3)
    first = begin()
    first.run(2)
    first.save(LiveState(tmp_path, {}))
    second = begin()
    second.run(3, LiveState(tmp_path, {}))
    assert history(second) == history(whole)
    expected = whole.encoder.state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in second.encoder.state_dict().items())
    scores = [score_images(found.encoder, found.bank, found.train) for found in (whole, second)]
    assert torch.equal(*scores)
    changed = begin().encoder.state_dict()
    assert any(not torch.equal(value, changed[name]) for name, value in expected.items())


@pytest.mark.parametrize("objective", ["xas", "foxas", "train_loss"])
def test_every_objective_lowers_its_loss(small_images: ImageSet, objective: str) -> None:
    """One task alone, with no diversity to hold against."""
    enough = {"inner_steps": 8, "inner_learning_rate": 2.0, "inner_batch_size": 40, "agreement_batch_size": 40}
    chosen = job(objective=objective, outer_learning_rate=0.003, tasks=1, uniformity_weight=0.0, **enough)
    found = search(small_images, chosen.model_copy(update={"network": CnnSpec(width=4, hidden=16)}))
    found.run(12)
    losses = [row["agreement_loss_nats"] for row in found.history]
    assert np.mean(losses[8:]) < 0.8 * np.mean(losses[:2])


def test_mutual_information_separates_tasks(small_images: ImageSet) -> None:
    found = search(small_images, job(diversity="mutual_information", outer_learning_rate=0.01, uniformity_weight=1.0))
    found.run(25)
    spread = [row["diversity_nats"] for row in found.history]
    assert np.mean(spread[-5:]) < np.mean(spread[:5]) - 0.3


def test_every_task_has_its_turn_in_each_pass(small_images: ImageSet) -> None:
    found = search(small_images, job())
    found.run(6)
    tasks = [row["task"] for row in found.history]
    assert sorted(tasks[:3]) == sorted(tasks[3:]) == [0, 1, 2]


def test_several_tasks_a_step_move_the_encoder_by_their_mean(small_images: ImageSet) -> None:
    """With all tasks in one step, the gradient is the mean of the single-task gradients."""
    whole = search(small_images, job(tasks_per_step=3))
    whole.step()
    gradients = []
    for task in range(3):
        one = search(small_images, job())
        one._tasks = lambda task=task: [task]  # type: ignore[method-assign,misc]
        one.step()
        gradients.append([p.grad.clone() for p in one.encoder.learnable() if p.grad is not None])
    for found, *parts in zip([p.grad for p in whole.encoder.learnable()], *gradients, strict=True):
        assert found is not None
        torch.testing.assert_close(found, torch.stack(parts).mean(0), rtol=1e-3, atol=1e-5)


def faithful(**switches: bool) -> DiscoveryJob:
    return job(faithful=FaithfulSettings(**switches))


def draws(found: TaskSearch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return what the two first outer steps start from: a weight of the network, held-out images, training images."""
    weight = next(iter(found._networks()[0].values()))
    return weight, found._heldout_indices(), found._inner_indices()


@pytest.mark.parametrize("switch", ["fixed_initialisations", "fixed_agreement_batch"])
def test_fixed_draws_are_fixed_and_others_are_fresh(small_images: ImageSet, switch: str) -> None:
    found = search(small_images, faithful(**{switch: True}))
    before = draws(found)
    found.step()
    after = draws(found)
    same = [torch.equal(a, b) for a, b in zip(before, after, strict=True)]
    assert same == [switch == "fixed_initialisations", switch == "fixed_agreement_batch", False]


def test_a_halved_batch_gives_each_network_its_own_images(small_images: ImageSet) -> None:
    shared = search(small_images, job())._inner_indices()
    halved = search(small_images, faithful(halved_batch=True))._inner_indices()
    assert shared.shape == (2, 1, 20)
    assert halved.shape == (2, 2, 10)
    assert len(halved.unique()) == 40


def test_the_proxy_uses_its_own_held_out_images_unless_shared(small_images: ImageSet) -> None:
    parts = divide(400, DATA)
    own = search(small_images, job())._heldout_indices()
    shared = search(small_images, faithful(shared_heldout=True))._heldout_indices()
    assert set(own.tolist()) <= set(parts.discovery_heldout.tolist())
    assert set(shared.tolist()) <= set(parts.heldout.tolist())


def test_frozen_labels_do_not_depend_on_the_batch_and_batch_labels_do(small_images: ImageSet) -> None:
    found = search(small_images, job())
    found.run(2)
    scores = score_images(found.encoder, found.bank, found.train)
    alone = found.encoder.scores(found.encoder(found.bank.batch(torch.arange(5)))).detach()
    torch.testing.assert_close(scores[:, :5], alone, rtol=1e-4, atol=1e-5)
    batchwise = score_images(found.encoder, found.bank, found.train, batch_statistics=True)
    assert not torch.allclose(scores, batchwise, atol=1e-3)


def test_dynamics_follow_one_binary_task_whatever_the_search_of_the_set_does(small_images: ImageSet) -> None:
    plain = record(small_images, dynamics_job(outer_steps=1))
    chosen = dynamics_job(outer_steps=1)
    odd = {"classes": 3, "human_tasks": 2, "pretraining": "simclr", "freeze_backbone": True}
    settings = chosen.discovery.model_copy(update=odd)
    found = record(small_images, chosen.model_copy(update={"discovery": settings}))
    np.testing.assert_array_equal(found.labels, plain.labels)


def dynamics_job(**changes: Any) -> DynamicsJob:
    whole = job(tasks=1, dimensions=1, uniformity_weight=0.0)
    settings = {"outer_steps": 6, "record_every": 2, "start_epochs": 3, "images": 100, "shown_images": 5}
    fields = {name: getattr(whole, name) for name in DiscoveryJob.model_fields}
    return DynamicsJob(**fields, dynamics=DynamicsSettings.model_validate(settings | changes))


def record(images: ImageSet, chosen: DynamicsJob, live: LiveState | None = None) -> Dynamics:
    return record_dynamics(ImageBank.of(images), divide(images.n_train, chosen.data), chosen, live)


def test_dynamics_have_a_record_for_each_step_asked_for(small_images: ImageSet) -> None:
    found = record(small_images, dynamics_job())
    assert found.outer_step.tolist() == [0, 2, 4, 6]
    assert found.label_steps.tolist() == [0, 4, 6]
    assert found.probabilities.shape == (4, 5)
    assert found.labels.shape == (3, 500)
    assert np.isnan(found.proxy_agreement[0])
    assert ((found.proxy_agreement[1:] >= 0) & (found.proxy_agreement[1:] <= 1)).all()
    heldout = divide(400, DATA).heldout
    assert set(found.image_indices.tolist()) <= set(heldout.tolist())
    # Label and probability of the same image at the same step agree.
    assert ((found.probabilities[0] > 0.5) == found.labels[0, found.image_indices]).all()


def test_memorised_random_labels_are_memorised(small_images: ImageSet) -> None:
    found = record(small_images, dynamics_job(start_epochs=60, images=30, outer_steps=1))
    assert found.start_accuracy >= 0.9
    assert np.isnan(record(small_images, dynamics_job(start="random_network", outer_steps=1)).start_accuracy)


@pytest.mark.parametrize("killed_at", [1, 4])
def test_killed_dynamics_resume_bit_for_bit(
    small_images: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed_at: int
) -> None:
    expected = record(small_images, dynamics_job())
    step = TaskSearch.step

    def killing(self: TaskSearch) -> None:
        if self.outer_step == killed_at:
            raise KeyboardInterrupt
        step(self)

    monkeypatch.setattr(TaskSearch, "step", killing)
    with pytest.raises(KeyboardInterrupt):
        record(small_images, dynamics_job(), LiveState(tmp_path, {}, every=0))
    monkeypatch.undo()
    found = record(small_images, dynamics_job(), LiveState(tmp_path, {}, every=0))
    for name, value in vars(expected).items():
        np.testing.assert_array_equal(getattr(found, name), value)
