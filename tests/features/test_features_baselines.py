"""Tasks that nobody searched for: balanced, distinct, repeatable, and made from training images only."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from whichtask.cli import app
from whichtask.config import CnnSpec
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.networks import build
from whichtask.tasks import TaskSet, agreement_similarity, simple_features
from whichtask.tasks.baselines import feature_tasks, kmeans_tasks, network_tasks, pca_tasks

SPEC = CnnSpec(arch="cnn", width=4, hidden=8)
MAKERS: dict[str, Callable[[ImageSet, int], TaskSet]] = {
    "network": lambda images, count: network_tasks(images, SPEC, count, seed=3),
    "kmeans": lambda images, count: kmeans_tasks(images, count, seed=3),
    "pca": lambda images, count: pca_tasks(images, count, seed=3),
    "feature": feature_tasks,
}
kinds = pytest.mark.parametrize("kind", MAKERS)


@kinds
def test_tasks_are_of_their_kind_and_repeatable(kind: str, small_images: ImageSet) -> None:
    tasks, again = MAKERS[kind](small_images, 3), MAKERS[kind](small_images, 3)
    assert tasks.kind == kind
    assert len(tasks.names) == 3
    assert all(name.startswith(f"{kind}_") for name in tasks.names)
    assert tasks.sha256 == again.sha256
    assert (agreement_similarity(tasks.labels)[np.triu_indices(3, k=1)] < 0.9).all()


@pytest.mark.parametrize("kind", ["network", "pca", "feature"])
def test_tasks_are_balanced_on_training_images(kind: str, small_images: ImageSet) -> None:
    tasks = MAKERS[kind](small_images, 3)
    assert tasks.labels[:, : small_images.n_train].mean(axis=1) == pytest.approx(0.5, abs=0.01)


@kinds
def test_test_images_change_no_label_of_a_training_image(kind: str, small_images: ImageSet) -> None:
    changed = replace(small_images, x_test=255 - small_images.x_test)
    first, second = (MAKERS[kind](images, 2).labels[:, : small_images.n_train] for images in (small_images, changed))
    for before, after in zip(first, second, strict=True):
        # Polarity is that of all images.
        assert (before != after).mean() in {0.0, 1.0}


@pytest.mark.parametrize("kind", ["network", "feature"])
def test_more_tasks_begin_with_the_fewer(kind: str, small_images: ImageSet) -> None:
    few, many = MAKERS[kind](small_images, 2), MAKERS[kind](small_images, 4)
    assert many.subset(range(2)).sha256 == few.sha256


def test_a_network_labels_each_image_alone(small_images: ImageSet) -> None:
    tasks = network_tasks(small_images, SPEC, 1, seed=3)
    network = build(SPEC, small_images.shape, 1, seed=("task network", 3, 0))
    mean, std = (torch.tensor(part * 255, dtype=torch.float32).reshape(-1, 1, 1) for part in small_images.mean_std())
    pixels = (torch.from_numpy(small_images.images).permute(0, 3, 1, 2) - mean) / std
    torch.optim.swa_utils.update_bn([pixels[:400]], network)
    network.eval()
    with torch.no_grad():
        logits = torch.cat([network(image[None]) for image in pixels])[:, 0].numpy()
    labels = logits > np.median(logits[:400])
    assert max((labels == tasks.labels[0]).mean(), (labels != tasks.labels[0]).mean()) > 0.99


def test_clusters_are_found() -> None:
    rng = np.random.default_rng(0)
    bright = rng.random(300) < 0.4
    images = (rng.integers(0, 20, (300, 4, 4, 1)) + 200 * bright[:, None, None, None]).astype(np.uint8)
    data = ImageSet("two", images[:200], bright[:200].astype(int), images[200:], bright[200:].astype(int), ("a", "b"))
    assert np.array_equal(kmeans_tasks(data, 1, seed=0).labels[0], bright)


def test_features_are_cut_in_turn(small_images: ImageSet) -> None:
    tasks = feature_tasks(small_images, 100)
    assert tasks.names[:4] == ("feature_brightness", "feature_deviation", "feature_edge_x", "feature_centre_x")
    assert len(tasks.names) == len(simple_features(small_images.images).names)
    brightness = simple_features(small_images.images).values[:, 0]
    above = brightness > np.median(brightness[:400])
    assert max((above == tasks.labels[0]).mean(), (above != tasks.labels[0]).mean()) == 1


def test_features_and_components_that_there_are_not_are_left_out(small_images: ImageSet) -> None:
    images = np.zeros_like(small_images.images[:, :2, :2])
    images[:, 0, 0] = small_images.images[:, 0, 0]
    labels, few = small_images.labels, images[:5] * 0
    data = ImageSet("corner", images[:400], labels[:400], images[400:], labels[400:], tuple("abcd"))
    names = feature_tasks(data, 100).names
    assert "feature_brightness" in names
    assert "feature_strong_edges" not in names
    assert pca_tasks(data, 100, seed=0).names == ("pca_000",)
    blank = ImageSet("blank", few, labels[:5], few, labels[:5], tuple("abcd"))
    with pytest.raises(WhichtaskError, match="at least one task"):
        feature_tasks(blank, 3)


@kinds
def test_the_verb_makes_the_tasks(kind: str, small_images: ImageSet, tmp_path: Path) -> None:
    small_images.save(tmp_path / "data.npz")
    job = f'{{"seed": 3, "kind": "{kind}", "tasks": {{"baseline": 2}}'
    job += ', "network": {"arch": "cnn", "width": 4, "hidden": 8}}' if kind == "network" else "}"
    call = ["tasks", "make", kind, "--data", str(tmp_path / "data.npz"), "--out", str(tmp_path / "tasks.npz")]
    result = CliRunner().invoke(app, [*call, "--job", job], catch_exceptions=False)
    assert result.exit_code == 0
    assert TaskSet.load(tmp_path / "tasks.npz").sha256 == MAKERS[kind](small_images, 2).sha256
