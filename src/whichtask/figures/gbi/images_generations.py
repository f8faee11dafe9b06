"""What the decoder makes of an image's code and each class, beside the image itself."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from whichtask.artifacts import read_npz
from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.images import mosaic, show, tiles
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.style import annotate, save, styled

ARRAYS = ("originals", "uniform", "decoded", "labels", "posterior")
WHITE = 255


@styled()
def draw_generations(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw test images in rows: the image, its reconstruction at uniform Z, and with each class as Z.

    Args:
        inputs: ``generations``, arrays of each seed; the first is drawn.
        out: the PNG.
        settings: resolution.

    Raises:
        WhichtaskError: a file that does not fit.
    """
    path = files(inputs, "generations")[0]
    arrays = read_npz(path)
    missing = [name for name in ARRAYS if name not in arrays]
    if missing:
        raise WhichtaskError(f"{path}: no {', '.join(missing)}; needed are {', '.join(ARRAYS)}")
    labels, posterior, decoded = arrays["labels"], arrays["posterior"], arrays["decoded"]
    count, classes = posterior.shape
    inferred = posterior.argmax(axis=1)
    pictures = []
    for row in range(count):
        # Frames say which class: the true one in the colour of side 1, a wrongly inferred one in that of side 0.
        plain = _framed(np.stack([arrays["originals"][row], arrays["uniform"][row]]))
        framed = [
            tiles(image[None], [1 if label == labels[row] else 0])
            if label in {labels[row], inferred[row]}
            else _framed(image[None])
            for label, image in enumerate(decoded[row])
        ]
        pictures.append(np.concatenate([plain, *framed]))
    drawn = mosaic(np.concatenate(pictures), classes + 2)
    figure = Figure(figsize=(8.4, 1.5 + 0.62 * count), layout="constrained")
    axes = figure.subplots()
    show(axes, drawn.pixels)
    names = ["image", "Z uniform", *(f"Z = {label}" for label in range(classes))]
    for name, (x, _) in zip(names, drawn.centres, strict=False):
        axes.text(x, -8, name, ha="center", va="bottom", fontsize=7.5)
    for row in range(count):
        _, y = drawn.centres[row * (classes + 2)]
        text = f"{inferred[row]} ({posterior[row].max():.2f})"
        axes.text(drawn.pixels.shape[1] + 8, y, text, ha="left", va="center", fontsize=7.5)
    axes.text(drawn.pixels.shape[1] + 8, -8, "inferred", ha="left", va="bottom", fontsize=7.5)
    annotate(
        figure,
        "One code, every class",
        "Test images, the first of each class in turn, from the first seed. The code comes from the image, the class "
        "is what the decoder is told. Green frame: the true class; violet: inferred in one step, but wrong. Right: "
        "class inferred in one step from the gradient at uniform Z, with its posterior probability.",
    )
    save(figure, _table(labels, posterior), out, settings)


def _framed(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return tiles with a white frame, as large as those with a coloured one."""
    plain, framed = tiles(images), tiles(images[:1], [0])
    edge = (framed.shape[1] - plain.shape[1]) // 2
    return np.pad(plain, ((0, 0), (edge, edge), (edge, edge), (0, 0)), constant_values=WHITE)


def _table(labels: npt.NDArray[Any], posterior: npt.NDArray[Any]) -> pd.DataFrame:
    """Return the one-step posterior of each image."""
    columns = {f"posterior_{label}": posterior[:, label] for label in range(posterior.shape[1])}
    return pd.DataFrame({"image": range(len(labels)), "label": labels, "inferred": posterior.argmax(axis=1)} | columns)
