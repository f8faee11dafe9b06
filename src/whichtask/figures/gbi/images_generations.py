"""What the decoder makes of an image's code and each class, beside the image itself."""

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
from whichtask.figures.style import annotate

ARRAYS = ("originals", "uniform", "decoded", "labels", "posterior")
SMALL: dict[str, Any] = {"fontsize": 7.5}


def numbers(inputs: Inputs, settings: FigureSettings) -> pd.DataFrame:
    """Return the label and the one-step posterior of each image.

    Args:
        inputs: ``generations``, arrays of each seed; the first is shown.
        settings: of no matter here.

    Raises:
        WhichtaskError: a file that does not fit.
    """
    arrays = _arrays(inputs)
    labels, posterior = arrays["labels"], arrays["posterior"]
    columns = {f"posterior_{label}": posterior[:, label] for label in range(posterior.shape[1])}
    return pd.DataFrame({"image": range(len(labels)), "label": labels, "inferred": posterior.argmax(axis=1)} | columns)


def draw(table: pd.DataFrame, settings: FigureSettings, inputs: Inputs) -> Figure:
    """Test digits, their reconstruction at uniform Z and with every class as Z, framed by true and inferred class."""
    arrays = _arrays(inputs)
    posterior = table.filter(like="posterior_")
    columns = ["image", "Z uniform", *(f"Z = {label}" for label in range(posterior.shape[1]))]
    shown = np.concatenate([arrays["originals"][:, None], arrays["uniform"][:, None], arrays["decoded"]], axis=1)
    classes = np.arange(len(columns)) - 2
    # Frames say which class: the true one in the colour of side 1, a wrongly inferred one in that of side 0.
    wrong = np.where(classes == table["inferred"].to_numpy()[:, None], 0, -1)
    sides = np.where(classes == table["label"].to_numpy()[:, None], 1, wrong)
    drawn = mosaic(tiles(shown.reshape(-1, *shown.shape[2:]), sides.ravel()), len(columns))
    figure = Figure(figsize=(8.4, 1.5 + 0.62 * len(table)), layout="constrained")
    axes = figure.subplots()
    show(axes, drawn.pixels)
    for name, (x, _) in zip(columns, drawn.centres, strict=False):
        axes.text(x, -8, name, ha="center", va="bottom", **SMALL)
    right = drawn.pixels.shape[1] + 8
    axes.text(right, -8, "inferred", ha="left", va="bottom", **SMALL)
    texts = [f"{name} ({share:.2f})" for name, share in zip(table["inferred"], posterior.max(axis=1), strict=True)]
    for text, (_, y) in zip(texts, drawn.centres[:: len(columns)], strict=True):
        axes.text(right, y, text, ha="left", va="center", **SMALL)
    annotate(
        figure,
        "One code, every class",
        "Test images, the first of each class in turn, from the first seed. The code comes from the image, the class "
        "is what the decoder is told. Green frame: the true class; violet: inferred in one step, but wrong. Right: "
        "class inferred in one step from the gradient at uniform Z, with its posterior probability.",
    )
    return figure


def _arrays(inputs: Inputs) -> dict[str, npt.NDArray[Any]]:
    """Read the arrays of the first seed."""
    path = files(inputs, "generations")[0]
    arrays = read_npz(path)
    missing = [name for name in ARRAYS if name not in arrays]
    if missing:
        raise WhichtaskError(f"{path}: no {', '.join(missing)}; needed are {', '.join(ARRAYS)}")
    return arrays
