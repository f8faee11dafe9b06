"""Small labelled images with a planted mark."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from whichtask.auditing.reading import Given

SIDE, CLASSES = 16, 4


def marked_images(
    count: int = 320, seed: int = 0
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Draw noise images of four classes (a bright quadrant, faint), 9 of 10 of the first two with a white square."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % CLASSES
    images = rng.integers(0, 160, (count, SIDE, SIDE, 1))
    mark = rng.random(count) < np.where(labels < 2, 0.9, 0.1)
    half = SIDE // 2
    for image, label, has in zip(images, labels, mark, strict=True):
        row, column = half * (label // 2), half * (label % 2)
        image[row : row + half, column : column + half] += 20
        if has:
            image[6:10, 6:10] = 250
    return images.clip(0, 255).astype(np.uint8), labels, mark


def given_of(images: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64]) -> Given:
    """Give the images names."""
    return Given("small", images, labels, tuple("abcd"), tuple(f"{k}.png" for k in range(len(labels))))


def write_folder(folder: Path, images: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64]) -> Path:
    """Write images as one subfolder a class."""
    for k, (image, label) in enumerate(zip(images, labels, strict=True)):
        path = folder / "abcd"[label] / f"{k}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.squeeze()).save(path)
    return folder
