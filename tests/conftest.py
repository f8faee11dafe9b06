"""Shared fixtures: one torch thread, and a small image set on which small networks learn something."""

import numpy as np
import pytest
import torch
from hypothesis import settings

from whichtask.data import ImageSet

# How long an example takes depends on the machine's load, which is no property of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    """Test processes share the cores."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def small_images() -> ImageSet:
    """400 + 100 grey 8x8 images of four classes: a bright quadrant in noise."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 500)
    images = rng.integers(0, 100, (500, 8, 8, 1))
    for image, label in zip(images, labels, strict=True):
        row, column = 4 * (label // 2), 4 * (label % 2)
        image[row : row + 4, column : column + 4] += 120
    pixels = images.astype(np.uint8)
    return ImageSet("quadrants", pixels[:400], labels[:400], pixels[400:], labels[400:], ("a", "b", "c", "d"))
