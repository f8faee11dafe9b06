"""Real images from the local mirror."""

import os
from pathlib import Path

import numpy as np
import pytest

from whichtask.data.catalogue import MNIST_SHA256, fetch

pytestmark = pytest.mark.mirror


def need(name: str) -> None:
    mirror = os.environ.get("WHICHTASK_MIRROR")
    if not mirror or not (Path(mirror) / f"{name}.npz").is_file():
        pytest.skip(f"WHICHTASK_MIRROR does not name a folder with {name}.npz")


def test_mnist_is_the_published_set() -> None:
    need("mnist")
    mnist = fetch("mnist")
    assert mnist.provenance["source"] == "local mirror"
    assert mnist.content_sha256 == MNIST_SHA256
    assert (mnist.n_train, mnist.n_test, mnist.shape) == (60_000, 10_000, (28, 28, 1))
    # Published statistics of the training images; the mean to this precision fixes the sum of all pixels.
    mean, std = mnist.mean_std()
    assert mean == pytest.approx([0.1306604762738429], abs=1e-13)
    assert std == pytest.approx([0.3081078038564626], abs=1e-12)


@pytest.mark.parametrize(("name", "k"), [("cifar10", 10), ("cifar100", 100)])
def test_cifar_has_its_classes_in_equal_parts(name: str, k: int) -> None:
    need(name)
    cifar = fetch(name)
    assert cifar.shape == (32, 32, 3)
    assert len(cifar.class_names) == k
    assert cifar.n_test == 10_000
    for labels in (cifar.y_train, cifar.y_test):
        assert len(set(np.bincount(labels))) == 1
