"""What is left of a search: frozen labels, embeddings, and tasks that say nothing."""

from typing import Any

import numpy as np
import pytest
import torch

from whichtask.config import CnnSpec, DiscoverySettings
from whichtask.data import ImageSet
from whichtask.discovery import TaskEncoder, embed_images, freeze, make_encoder, score_images
from whichtask.errors import WhichtaskError
from whichtask.training import ImageBank

TRAIN = torch.arange(300)


def made(images: ImageSet, **changes: Any) -> tuple[TaskEncoder, ImageBank, DiscoverySettings]:
    settings = DiscoverySettings.model_validate({"tasks": 3, "dimensions": 4} | changes)
    bank = ImageBank.of(images)
    return make_encoder(CnnSpec(width=2, hidden=6), bank.shape, settings, (0,)), bank, settings


def test_labels_logits_and_embeddings_speak_of_the_same_images(small_images: ImageSet) -> None:
    encoder, bank, settings = made(small_images, temperature=3.0)
    found = freeze(encoder, bank, TRAIN, settings, {"note": "test"})
    assert found.tasks.names == ("discovered_00", "discovered_01", "discovered_02")
    assert found.tasks.kind == "discovered"
    assert found.tasks.provenance == {"note": "test", "dropped": []}
    assert found.kept.tolist() == [0, 1, 2]
    assert found.embeddings.shape == (500, 4)
    assert found.embeddings.dtype == found.logits.dtype == np.float32
    expected = 2 * 3.0 * encoder.heads.numpy() @ found.embeddings.T
    np.testing.assert_allclose(found.logits, expected, rtol=1e-4, atol=1e-4)
    same = ((found.logits > 0) == found.tasks.labels).mean(axis=1)
    assert set(same.tolist()) <= {0.0, 1.0}  # up to polarity


def test_a_task_that_gives_all_images_one_label_is_left_out(small_images: ImageSet) -> None:
    encoder, bank, settings = made(small_images)
    encoder.heads[1] = 0
    found = freeze(encoder, bank, TRAIN, settings, {})
    assert found.tasks.names == ("discovered_00", "discovered_02")
    assert found.dropped == ("discovered_01",)
    assert found.tasks.provenance["dropped"] == ["discovered_01"]
    assert found.kept.tolist() == [0, 2]
    assert found.logits.shape == (3, 500)
    encoder.heads[:] = 0
    with pytest.raises(WhichtaskError, match="each of the 3 tasks found gives all images one label"):
        freeze(encoder, bank, TRAIN, settings, {})


def test_three_classes_are_kept_apart_and_a_class_without_images_leaves_no_gap(small_images: ImageSet) -> None:
    encoder, bank, settings = made(small_images, classes=3, temperature=3.0)
    encoder.heads[2, 1] = 0  # never the largest beside two opposite directions
    encoder.heads[2, 2] = -encoder.heads[2, 0]
    found = freeze(encoder, bank, TRAIN, settings, {})
    assert found.logits.shape == (3, 500, 3)
    assert found.tasks.n_classes == (3, 3, 2)
    with torch.no_grad():
        expected = 3 * encoder.scores(torch.from_numpy(found.embeddings))
    np.testing.assert_allclose(found.logits, expected.numpy(), rtol=1e-4, atol=1e-4)
    for logits, labels in zip(found.logits, found.tasks.labels, strict=True):
        pairs = {(int(a), int(b)) for a, b in zip(logits.argmax(1), labels, strict=True)}
        assert len(pairs) == labels.max() + 1  # one new number for each class
    assert score_images(encoder, bank, TRAIN).shape == (3, 500, 3)


def test_batch_labels_leave_the_embeddings_settled(small_images: ImageSet) -> None:
    encoder, bank, settings = made(small_images, faithful={"batch_statistics_labels": True})
    found = freeze(encoder, bank, TRAIN, settings, {})
    batchwise = score_images(encoder, bank, TRAIN, batch_statistics=True).numpy()
    np.testing.assert_allclose(found.logits, 2 * settings.temperature * batchwise, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(found.embeddings, embed_images(encoder, bank, TRAIN).numpy())


def test_tasks_of_a_pretrained_encoder_are_called_regulated(small_images: ImageSet) -> None:
    encoder, bank, settings = made(small_images, pretraining="simclr", freeze_backbone=True)
    found = freeze(encoder, bank, TRAIN, settings, {})
    assert found.tasks.kind == "regulated"
    assert found.tasks.names[0] == "regulated_00"
