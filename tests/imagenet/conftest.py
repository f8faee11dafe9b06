"""A tiny ImageNet: four classes of twelve photographs of various sizes."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from whichtask.config import ImageNetJob, ImageNetSettings

CLASSES = ("n01", "n02", "n03", "n04")
EACH = 12


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Images in ``imagenet/train/CLASS``; a class has a colour, an image a brightness and noise."""
    rng = np.random.default_rng(0)
    root = tmp_path / "imagenet"
    for c, name in enumerate(CLASSES):
        (root / "train" / name).mkdir(parents=True)
        for i in range(EACH):
            height, width = rng.integers(40, 60, 2)
            pixels = rng.integers(0, 60, (height, width, 3)) + rng.integers(0, 100)
            pixels[..., c % 3] += 40 + 20 * c
            Image.fromarray(pixels.astype(np.uint8)).save(root / "train" / name / f"{name}_{i}.JPEG")
    (root / "train" / "README.txt").write_text("no class")
    (root / "val").mkdir()
    return root


@pytest.fixture
def job() -> ImageNetJob:
    """Two epochs of ResNet-18 on 32x32 crops."""
    return ImageNetJob(
        seed=0,
        imagenet=ImageNetSettings(network="resnet18", epochs=2, batch_size=8, learning_rate=0.05, image_size=32),
    )
