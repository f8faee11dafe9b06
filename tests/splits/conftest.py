"""Images with a shortcut: a brightness that has nothing to do with the class."""

import numpy as np
import pytest

from whichtask.data import ImageSet
from whichtask.tasks import TaskSet


@pytest.fixture(scope="session")
def shortcut_images(small_images: ImageSet) -> ImageSet:
    """Images of four classes with a brightness that has nothing to do with the class: an easy shortcut.

    Their factors are the class, the brightness, and a noisy copy of the brightness.
    """
    rng = np.random.default_rng(1)
    bright = rng.integers(0, 2, 500)
    pixels = np.clip(small_images.images * 0.25 + 140 * bright[:, None, None, None], 0, 255).astype(np.uint8)
    y = small_images.labels
    noisy = np.where(rng.random(500) < 0.8, bright, 1 - bright)
    factors = np.stack([y, bright, noisy], axis=1).astype(np.int8)
    names = ("quadrant", "brightness", "noisy")
    classes = ("a", "b", "c", "d")
    parts = (pixels[:400], y[:400], pixels[400:], y[400:])
    return ImageSet("shortcut", *parts, classes, factors[:400], factors[400:], names)


@pytest.fixture(scope="session")
def brightness(shortcut_images: ImageSet) -> TaskSet:
    """Return the shortcut as a discovered task."""
    bright = (shortcut_images.images.mean((1, 2, 3)) > 110).astype(np.uint8)
    return TaskSet(bright[None], ("bright",), "discovered")
