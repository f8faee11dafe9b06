"""Encoders beyond the paper's: more classes, learned heads, human tasks beside, a pre-trained or frozen backbone."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from whichtask.artifacts import write_tensors
from whichtask.config import CnnSpec, DataSettings, DiscoveryJob, DiscoverySettings, MlpSpec
from whichtask.data import ImageSet
from whichtask.discovery import TaskEncoder, TaskSearch, classes_of, load_backbone, make_encoder, settle
from whichtask.discovery.encoder import plane_directions
from whichtask.errors import WhichtaskError
from whichtask.networks import build
from whichtask.seeding import numpy_generator
from whichtask.tasks import TaskSet
from whichtask.training import ImageBank, divide

SHAPE = (8, 8, 1)
CNN = CnnSpec(width=2, hidden=6)
FROZEN = {"pretraining": "simclr", "freeze_backbone": True}


def settings(**changes: Any) -> DiscoverySettings:
    small: dict[str, Any] = {"tasks": 3, "dimensions": 4, "inner_steps": 2, "inner_batch_size": 20}
    return DiscoverySettings.model_validate(small | {"agreement_batch_size": 20} | changes)


def encoder(**changes: Any) -> TaskEncoder:
    return make_encoder(CNN, SHAPE, settings(**changes), (0,))


def search(
    images: ImageSet, made: TaskEncoder | None = None, human: TaskSet | None = None, **changes: Any
) -> TaskSearch:
    parts = DataSettings(train_images=200, heldout_images=80, discovery_heldout_images=60)
    job = DiscoveryJob(seed=0, data=parts, encoder=CNN, network=CNN, discovery=settings(**changes))
    return TaskSearch(ImageBank.of(images), divide(images.n_train, parts), job, made, human)


def normal(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@given(classes=st.integers(2, 6), dimensions=st.integers(2, 9))
def test_plane_directions_are_equally_spaced_in_a_plane(classes: int, dimensions: int) -> None:
    found = plane_directions(classes, dimensions, numpy_generator("test", classes, dimensions))
    steps = np.arange(classes)
    np.testing.assert_allclose(found @ found.T, np.cos(2 * np.pi * (steps[:, None] - steps) / classes), atol=1e-9)
    np.testing.assert_allclose(found.sum(0), 0, atol=1e-9)


def test_labels_with_three_classes() -> None:
    made = encoder(classes=3, temperature=4.0)
    embeddings = normal(50, 4)
    assert made.heads.shape == (3, 3, 4)
    assert not torch.allclose(made.heads[0], made.heads[1])  # each task has its own plane
    scores = made.scores(embeddings)
    assert scores.shape == (3, 50, 3)
    hard = made.hard_labels(embeddings)
    assert hard.dtype == torch.uint8
    assert hard.shape == (3, 50)
    for task in range(3):
        soft = made.soft_labels(embeddings, task)
        torch.testing.assert_close(soft, torch.softmax(4 * embeddings @ made.heads[task].T, 1))
        torch.testing.assert_close(scores[task], embeddings @ made.heads[task].T)
        assert torch.equal(soft.argmax(1), hard[task].long())
    assert not any(parameter is made.heads for parameter in made.learnable())


def test_two_classes_are_the_two_sides_of_a_direction() -> None:
    made = encoder()
    embeddings = normal(50, 4)
    assert torch.equal(made.hard_labels(embeddings), (made.heads @ embeddings.T > 0).to(torch.uint8))
    assert classes_of(torch.tensor([[0.0, 1.0, -1.0]])).tolist() == [[0, 1, 0]]


def test_heads_and_offsets_are_learned_with_mutual_information_only(small_images: ImageSet) -> None:
    made = encoder(diversity="mutual_information")
    assert torch.equal(made.heads, encoder().heads)
    assert made.offsets is not None
    assert {id(made.heads), id(made.offsets)} <= {id(parameter) for parameter in made.learnable()}
    made.offsets.data = torch.tensor([0.5, 0.0, -0.5])
    embeddings = normal(7, 4)
    torch.testing.assert_close(made.scores(embeddings), encoder().scores(embeddings) + made.offsets[:, None])
    found = made.soft_labels(embeddings, 2)
    torch.testing.assert_close(found[:, 1], torch.sigmoid(2 * made.temperature * made.scores(embeddings)[2]))
    running = search(small_images, diversity="mutual_information")
    before = copy.deepcopy(running.encoder.heads)
    running.step()
    assert not torch.equal(running.encoder.heads, before)


def quadrants(images: ImageSet) -> TaskSet:
    """Return two human tasks of the quadrants: below the middle, right of the middle."""
    classes = np.concatenate([images.y_train, images.y_test])
    return TaskSet(np.stack([classes // 2, classes % 2]).astype(np.uint8), ("lower", "right"), "human")


def test_the_embedding_learns_to_predict_human_tasks(small_images: ImageSet) -> None:
    human = quadrants(small_images)
    running = search(small_images, human=human, human_tasks=2, outer_learning_rate=0.01, human_weight=5.0)
    running.run(30)
    settle(running.encoder, [running.bank.batch(running.train)])
    assert running.encoder.human is not None
    with torch.no_grad():
        logits = running.encoder.human(running.encoder(running.bank.batch(running.heldout)))
    right = (logits.T > 0).numpy() == human.labels[:, running.heldout.numpy()]
    assert (right.mean(1) > 0.9).all()


def test_human_tasks_of_no_weight_change_nothing(small_images: ImageSet) -> None:
    alone = search(small_images)
    beside = search(small_images, human=quadrants(small_images), human_tasks=1, human_weight=0.0)
    for running in (alone, beside):
        running.run(2)
    expected = dict(alone.encoder.named_parameters())
    for name, found in beside.encoder.named_parameters():
        assert name.startswith("human.") or torch.equal(found, expected[name])


def test_wrong_human_tasks_are_refused(small_images: ImageSet) -> None:
    human = quadrants(small_images)
    with pytest.raises(WhichtaskError, match=r"human_tasks = 1 needs a task set"):
        search(small_images, human_tasks=1)
    with pytest.raises(WhichtaskError, match=r"human_tasks = 3, but the task set has 2 tasks"):
        search(small_images, human=human, human_tasks=3)
    with pytest.raises(WhichtaskError, match=r"label 400 images, but there are 500"):
        short = TaskSet(human.labels[:, :400], human.names, "human")
        search(small_images, human=short, human_tasks=1)
    with pytest.raises(WhichtaskError, match=r"two classes"):
        three = TaskSet((np.arange(500) % 3)[None].astype(np.uint8), ("three",), "human")
        search(small_images, human=three, human_tasks=1)


def backbone_state(seed: int = 1) -> dict[str, torch.Tensor]:
    """Return the state of a backbone whose batch norm has seen images."""
    network = build(CNN, SHAPE, 2, seed=("pretrained", seed))
    network.features(3 * normal(40, 1, 8, 8) + 1)
    return {name: value for name, value in network.state_dict().items() if not name.startswith("head.")}


def test_a_saved_backbone_is_loaded_whole(tmp_path: Path) -> None:
    state = backbone_state()
    write_tensors(tmp_path / "backbone.safetensors", state)
    made = encoder(pretraining="simclr")
    load_backbone(made, tmp_path / "backbone.safetensors")
    found = made.backbone.state_dict()
    assert found.keys() == state.keys()
    assert all(torch.equal(found[name], value) for name, value in state.items())


def test_a_backbone_of_another_network_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "backbone.safetensors"
    state = backbone_state()
    first = next(iter(state))
    write_tensors(path, {name: value for name, value in state.items() if name != first} | {"head.weight": normal(2, 6)})
    with pytest.raises(WhichtaskError, match=rf"missing: {first}; unknown: head.weight"):
        load_backbone(encoder(pretraining="simclr"), path)
    write_tensors(path, state | {first: normal(3)})
    with pytest.raises(WhichtaskError, match=rf"{first} \(3,\) instead of \(2, 1, 3, 3\)"):
        load_backbone(encoder(pretraining="simclr"), path)
    with pytest.raises(WhichtaskError, match="cannot read"):
        load_backbone(encoder(pretraining="simclr"), tmp_path / "nothing.safetensors")
    other = make_encoder(MlpSpec(width=0.02), SHAPE, settings(pretraining="simclr"), (0,))
    write_tensors(path, state)
    with pytest.raises(WhichtaskError, match="missing"):
        load_backbone(other, path)


def test_a_search_with_pretraining_needs_its_encoder(small_images: ImageSet) -> None:
    with pytest.raises(WhichtaskError, match="needs a pre-trained backbone"):
        search(small_images, pretraining="simclr")


@pytest.mark.parametrize("freeze", [True, False])
def test_a_frozen_backbone_keeps_weights_and_statistics(small_images: ImageSet, tmp_path: Path, freeze: bool) -> None:
    state = backbone_state()
    write_tensors(tmp_path / "backbone.safetensors", state)
    changes: dict[str, Any] = {"pretraining": "simclr", "freeze_backbone": freeze}
    made = encoder(**changes)
    load_backbone(made, tmp_path / "backbone.safetensors")
    running = search(small_images, made, **changes)
    projection = made.projection.weight.clone()
    running.run(2)
    assert not torch.equal(made.projection.weight, projection)
    settle(made, [running.bank.batch(running.train)])
    found = made.backbone.state_dict()
    assert all(torch.equal(found[name], value) for name, value in state.items()) == freeze
    assert any(parameter is next(made.backbone.parameters()) for parameter in made.learnable()) != freeze
    with torch.no_grad():
        projected = made.projection(made.backbone.features(running.bank.batch(running.train)))
    if freeze:  # nothing before the norm depends on the batch, so these are the very numbers that it was settled on
        torch.testing.assert_close(made.norm.running_mean, projected.mean(0), rtol=1e-4, atol=1e-6)
        torch.testing.assert_close(made.norm.running_var, projected.var(0), rtol=1e-3, atol=0)
