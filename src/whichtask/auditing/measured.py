"""Low-level measurements of images in families: what cameras, scanners, editors and codecs leave behind.

Each family is small enough that a linear map of it means something to a person (`colour`, `frequency`, ...).
"""

from itertools import pairwise
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from scipy.fft import dctn

Images = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Scalar = TypeVar("Scalar", bound=np.generic)

CHUNK = 1_000  # images at a time
MOST_PIXELS = 1_024  # levels of an image; a map of more takes too long to fit
BLOCK = 8  # of JPEG
LEVELS = (1, 5, 25, 50, 75, 95, 99)  # percentiles
ENDS = (0, 0.01, 0.03)  # shares of the pixels
BIN = 15  # levels
CELLS = 8  # a side
BANDS = 8  # of spatial frequency, at most


def families(images: Images) -> dict[str, Floats]:
    """Measure images.

    Args:
        images: uint8 [N, H, W, C], at least 8 pixels a side.

    Returns:
        [N, F] for each family:
        * ``colour``: percentiles of brightness, channels and their differences; mean and deviation of each.
        * ``extremes``: of each channel the lowest and highest levels, and how often they and the ends of the scale
          occur: edits of all levels leave gaps and heaps there.
        * ``layout``: means and deviations of 8 x 8 cells in each channel, of the frame one and two pixels wide, and
          the slopes of brightness, by least squares and between medians of halves.
        * ``frequency``: logarithms of energy in bands of spatial frequency, and the three finest waves.
        * ``compression``: by cosine wave of 8 x 8 blocks: how often it is nearly 0, and its mean size; steps of
          brightness across block borders against others.
        * ``pixels``: all levels, of images of few.
    """
    parts = [_measure(images[start : start + CHUNK]) for start in range(0, len(images), CHUNK)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _measure(images: Images) -> dict[str, Floats]:
    values = images.astype(np.float32)
    grey = values.mean(axis=3)
    measured = {
        "colour": _colour(values, grey),
        "extremes": _extremes(values),
        "layout": _layout(values, grey),
        "frequency": _frequency(grey),
        "steps": _steps(grey),
        "compression": _compression(values, grey),
    }
    if values[0].size <= MOST_PIXELS:
        measured["pixels"] = values.reshape(len(values), -1)
    return {name: np.nan_to_num(part).astype(np.float32) for name, part in measured.items()}


def _colour(values: Floats, grey: Floats) -> Floats:
    planes = [grey]
    if values.shape[3] == 3:
        red, green, blue = np.moveaxis(values, 3, 0)
        planes += [red, green, blue, red - green, green - blue, red - blue]
    flat = np.stack(planes, 1).reshape(len(values), len(planes), -1)
    found = [*np.percentile(flat, LEVELS, axis=2), flat.mean(2), flat.std(2)]
    histograms = [_histogram(flat[:, k], -256, 256, 32) for k in range(len(planes))]
    ends = [np.sqrt((flat[:, : values.shape[3] if values.shape[3] == 1 else 4] == end).mean(2)) for end in (0, 255)]
    return np.concatenate([*found, *histograms, *ends], axis=1)


def _extremes(values: Floats) -> Floats:
    flat = values.reshape(len(values), -1, values.shape[3])
    ordered = np.sort(flat, axis=1)
    low, high = ordered[:, :1], ordered[:, -1:]
    ranks = [int(share * flat.shape[1]) for share in ENDS]
    found = [ordered[:, at] for rank in ranks for at in (rank, -1 - rank)]
    found += [np.sqrt((flat == level).mean(1)) for level in (0, 255, low, high)]
    inside = np.concatenate([low[:, 0] > BIN, high[:, 0] < 255 - BIN], axis=1)
    return np.concatenate([*found, inside.astype(np.float32)], axis=1)


def _histogram(values: Floats, low: int, high: int, bins: int) -> Floats:
    """Return the roots of the shares of values [n, P] in equal bins, [n, bins]; roots of counts vary alike."""
    n = len(values)
    places = ((values - low) * bins / (high - low)).astype(np.int64).clip(0, bins - 1) + bins * np.arange(n)[:, None]
    counts = np.bincount(places.ravel(), minlength=n * bins).reshape(n, bins)
    roots: Floats = np.sqrt(counts / values.shape[1]).astype(np.float32)
    return roots


def _steps(grey: Floats) -> Floats:
    found = []
    for axis in (1, 2):
        steps = np.diff(grey, axis=axis).reshape(len(grey), -1)
        found += [_histogram(steps, -8, 8, 33), np.percentile(steps, (25, 40, 50, 60, 75), axis=1).T]
    return np.concatenate(found, axis=1)


def cells(images: npt.NDArray[Scalar]) -> list[npt.NDArray[Scalar]]:
    """Return views of 8 x 8 cells of images [N, H, W, ...], row by row."""
    rows, columns = (np.array_split(np.arange(size), CELLS) for size in images.shape[1:3])
    return [images[:, row[0] : row[-1] + 1, column[0] : column[-1] + 1] for row in rows for column in columns]


def _layout(values: Floats, grey: Floats) -> Floats:
    height, width = grey.shape[1:]
    found = [measured for cell in cells(values) for measured in (cell.mean((1, 2)), cell.std((1, 2)))]
    depth = np.minimum.reduce(
        np.meshgrid(*(np.minimum(np.arange(n), np.arange(n)[::-1]) for n in (height, width)), indexing="ij")
    )
    for ring in (0, 1):
        frame = values[:, depth == ring]
        found += [frame.mean(1), frame.std(1)]
    for axis, n in ((1, height), (2, width)):
        profile = grey.mean(axis=3 - axis)
        at = np.linspace(-1, 1, n, dtype=np.float32)
        middle = np.median(grey, axis=3 - axis)
        halves = np.array_split(middle, 2, axis=1)
        found += [(profile @ at)[:, None] / n, (halves[0].mean(1) - halves[1].mean(1))[:, None]]
    return np.concatenate(found, axis=1)


def _frequency(grey: Floats) -> Floats:
    height, width = grey.shape[1:]
    power = np.abs(np.fft.rfft2(grey - grey.mean((1, 2), keepdims=True))) ** 2 / (height * width)
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    edges = np.linspace(0, 0.5, min(BANDS, min(height, width) // 2) + 1)
    bands = [power[:, (radius > low) & (radius <= high)].mean(1) for low, high in pairwise(edges)]
    bands.append(power[:, radius > edges[-1]].mean(1))
    rows, columns = np.indices((height, width))
    waves = [np.abs((grey * (1 - 2 * (sign % 2))).mean((1, 2))) for sign in (rows, columns, rows + columns)]
    logarithms: Floats = np.log1p(np.stack([*bands, *waves], axis=1))
    return logarithms


def _compression(values: Floats, grey: Floats) -> Floats:
    height, width = (n // BLOCK * BLOCK for n in grey.shape[1:])
    blocks = grey[:, :height, :width].reshape(len(grey), height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    waves = np.abs(dctn(blocks, axes=(2, 4), norm="ortho")).transpose(0, 1, 3, 2, 4).reshape(len(grey), -1, BLOCK**2)
    found = [(waves < 1.5).mean(1), np.log1p(waves.mean(1))]
    for axis in (1, 2):
        steps = np.abs(np.diff(grey, axis=axis)).mean(axis=3 - axis)
        across = np.arange(steps.shape[1]) % BLOCK == BLOCK - 1
        if across.any():
            found.append(
                np.log1p(steps[:, across].mean(1, keepdims=True)) - np.log1p(steps[:, ~across].mean(1, keepdims=True))
            )
    return np.concatenate(found, axis=1)
