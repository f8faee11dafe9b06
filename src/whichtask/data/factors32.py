"""factors32: 32x32 RGB images with complete ground truth, ten independent factors drawn by formula.

One object (6 shapes, 8 hues, 4 sizes, 4 orientations, 4 fills, outline or not, 4x4 places) on a background (8 hues,
4 textures): 3,145,728 combinations. Shapes are signed distance functions, whose value in pixels, clipped to half a
pixel on both sides of the edge, is the coverage: anti-aliasing without supersampling. Every half/half split of one
factor's values is a binary task with a known meaning, 99 in all (``tasks.factor_tasks``).

Draws come from one stream for each purpose, image after image. So the bytes do not depend on the chunk size, and the
first images of a larger set are the images of a smaller one. 60,000 images take about 20 s on one core.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from whichtask.data.factors32_shapes import SHAPES, signed_distance
from whichtask.data.imageset import Factors, Images, ImageSet
from whichtask.errors import WhichtaskError
from whichtask.seeding import numpy_generator

Floats = npt.NDArray[np.float64]

N_TRAIN, N_TEST = 50_000, 10_000
SIZE = 32  # pixels

#: Each factor's number of values, in the order of the factor table's columns.
FACTORS: Mapping[str, int] = MappingProxyType(
    {
        "shape": len(SHAPES),
        "hue": 8,
        "scale": 4,
        "orient": 4,
        "fill": 4,
        "bg_hue": 8,
        "bg_tex": 4,
        "pos_x": 4,
        "pos_y": 4,
        "outline": 2,
    }
)

_CENTRES = np.array([-6.0, -2.0, 2.0, 6.0])  # pixels from the middle of the image
_RADII = np.array([6.0, 8.0, 10.0, 12.0])  # pixels
# Nuisance: the largest deviation of each jitter, uniform on both sides.
_JITTERS = {"x": 0.7, "y": 0.7, "radius": 0.04, "angle": 0.07, "hue": 0.018, "bg_hue": 0.018}
_NOISE = 0.02  # standard deviation of the Gaussian pixel noise, image values 0..1
_ROWS, _COLUMNS = np.mgrid[:SIZE, :SIZE]  # integer pixel coordinates


class Nuisance(NamedTuple):
    """What varies between images of the same ten values.

    Attributes:
        jitter: uniform in [-1, 1), [n, 6], scaled by the table of deviations.
        texture: uniform in [0, 1), [n, 32, 32], the noise texture of backgrounds that have it.
        noise: standard normal, [n, 32, 32, 3].
    """

    jitter: Floats
    texture: npt.NDArray[np.float32]
    noise: npt.NDArray[np.float32]


def make(n_train: int = N_TRAIN, n_test: int = N_TEST, *, seed: int = 0) -> ImageSet:
    """Generate training images from ``seed`` and test images from ``seed + 1``; the class is the shape.

    Args:
        n_train: number of training images, at least 1.
        n_test: number of test images, at least 1.
        seed: chooses factors and nuisance.

    Raises:
        WhichtaskError: fewer than one image.
    """
    x_train, factors_train = generate(n_train, seed)
    x_test, factors_test = generate(n_test, seed + 1)
    return ImageSet(
        name="factors32",
        x_train=x_train,
        y_train=factors_train[:, 0].astype(np.int64),
        x_test=x_test,
        y_test=factors_test[:, 0].astype(np.int64),
        class_names=tuple(SHAPES),
        factors_train=factors_train,
        factors_test=factors_test,
        factor_names=tuple(FACTORS),
        provenance={"seed": seed},
    )


def generate(n: int, seed: int, *, chunk: int = 500) -> tuple[Images, Factors]:
    """Draw ``n`` images.

    Args:
        n: number of images, at least 1.
        seed: chooses factors and nuisance.
        chunk: images rendered at a time; changes memory (0.3 MB an image) but no byte of the result.

    Returns:
        Images uint8 [n, 32, 32, 3] and their factor values int8 [n, 10].

    Raises:
        WhichtaskError: n is below 1.
    """
    if n < 1:
        raise WhichtaskError(f"factors32: {n} images were asked for; at least 1 is needed in each split")
    images = np.empty((n, SIZE, SIZE, 3), np.uint8)
    factors = np.empty((n, len(FACTORS)), np.int8)
    with tqdm(total=n, desc="factors32", unit=" images", disable=None, leave=False) as progress:
        for start, values, nuisance in _draws(n, seed, chunk):
            stop = start + len(values)
            factors[start:stop] = values
            images[start:stop] = render(values, nuisance)
            progress.update(len(values))
    return images, factors


def _draws(n: int, seed: int, chunk: int) -> Iterator[tuple[int, Factors, Nuisance]]:
    """Yield (first index, factor values, nuisance) chunk by chunk, the same numbers for every chunk size."""
    streams = {what: numpy_generator("factors32", seed, what) for what in ("factors", *Nuisance._fields)}
    for start in range(0, n, chunk):
        m = min(chunk, n - start)
        # floor(u * k) of a uniform u takes exactly one draw a value, which bounded integers do not promise.
        values = (streams["factors"].random((m, len(FACTORS))) * list(FACTORS.values())).astype(np.int8)
        nuisance = Nuisance(
            jitter=streams["jitter"].uniform(-1, 1, (m, len(_JITTERS))),
            texture=streams["texture"].random((m, SIZE, SIZE), np.float32),
            noise=streams["noise"].standard_normal((m, SIZE, SIZE, 3), np.float32),
        )
        yield start, values, nuisance


def render(factors: Factors, nuisance: Nuisance) -> Images:
    """Draw images from factor values, nothing random.

    Args:
        factors: [n, 10], columns in the order of ``FACTORS``.
        nuisance: for the same n images.

    Returns:
        uint8 [n, 32, 32, 3].
    """
    f = {name: factors[:, column] for column, name in enumerate(FACTORS)}
    jitter = {name: nuisance.jitter[:, column] * size for column, (name, size) in enumerate(_JITTERS.items())}
    distance = _object_distance(f, jitter)
    background = _hsv(f["bg_hue"] / 8 + 1 / 16 + jitter["bg_hue"], 0.45, 0.70)[:, None, None]
    background = background * _background_texture(f["bg_tex"], nuisance.texture)[..., None]
    colour = _hsv(f["hue"] / 8 + jitter["hue"], 0.85, 0.95)[:, None, None]
    colour = colour * (1 - 0.6 * _FILLS[f["fill"]][..., None])
    coverage = np.clip(0.5 - distance, 0, 1)[..., None]
    image = background * (1 - coverage) + colour * coverage
    line = np.clip(1 - np.abs(distance + 0.2) / 1.1, 0, 1)[..., None]  # black, about a pixel wide
    image *= 1 - f["outline"][:, None, None, None] * line
    image += _NOISE * nuisance.noise
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def _object_distance(f: Mapping[str, Factors], jitter: Mapping[str, Floats]) -> Floats:
    """Signed distance in pixels, [n, 32, 32], of each pixel's centre from the object's edge (negative inside)."""
    centre_x = SIZE / 2 + _CENTRES[f["pos_x"]] + jitter["x"]
    centre_y = SIZE / 2 + _CENTRES[f["pos_y"]] + jitter["y"]
    radius = (_RADII[f["scale"]] * (1 + jitter["radius"]))[:, None, None]
    angle = (np.pi / 4 * f["orient"] + jitter["angle"])[:, None, None]
    dx = _COLUMNS + 0.5 - centre_x[:, None, None]
    dy = _ROWS + 0.5 - centre_y[:, None, None]
    u = (dx * np.cos(angle) + dy * np.sin(angle)) / radius
    v = (dx * np.sin(angle) - dy * np.cos(angle)) / radius  # upwards in the object, as image rows count downwards
    return signed_distance(f["shape"], u, v) * radius


# How dark each fill is where, [4, 32, 32]: solid, stripes of 2 pixels, checks of 3 pixels, dots of 2 pixels.
_FILLS = np.stack(
    [
        np.zeros((SIZE, SIZE)),
        _ROWS // 2 % 2,
        (_COLUMNS // 3 + _ROWS // 3) % 2,
        (_COLUMNS % 4 < 2) & (_ROWS % 4 < 2),
    ]
)

# Brightness of the regular background textures, [3, 32, 32]: flat, vertical gradient, stripes of 4 pixels.
_TEXTURES = np.stack(
    [np.ones((SIZE, SIZE)), 0.6 + 0.4 * (_ROWS + 0.5) / SIZE, np.where(_COLUMNS // 4 % 2 == 0, 1.0, 0.5)]
)


def _background_texture(kind: Factors, texture: npt.NDArray[np.float32]) -> Floats:
    """Brightness factor of each background pixel, [n, 32, 32]; kind 3 is pixel noise."""
    noisy = (kind == len(_TEXTURES))[:, None, None]
    return np.where(noisy, 1 - 0.5 * texture, _TEXTURES[np.minimum(kind, len(_TEXTURES) - 1)])


def _hsv(hue: Floats, saturation: float, value: float) -> Floats:
    """Convert hues [n] (turns) with one saturation and value to RGB [n, 3] in 0..1."""
    k = (np.array([5.0, 3.0, 1.0]) + hue[:, None] * 6) % 6
    return value - value * saturation * np.clip(np.minimum(k, 4 - k), 0, 1)
