"""Exact and near copies of images, and a held-out part that no copy of a training image is in."""

import hashlib

import numpy as np
import numpy.typing as npt
from PIL import Image

from whichtask.seeding import numpy_generator

Images = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]

HELD_OUT = 6  # one image of every so many
CLOSE = 8.0  # mean difference in grey levels of near copies
_SIDE = 8


def copy_groups(images: Images) -> tuple[Integers, int, int]:
    """Group images with their exact and near copies.

    Near copies have the same difference hash, across or down (whether each of 8 x 8 cells is brighter than the next),
    as the first of their group, and differ from it by at most 8 grey levels on average.

    Args:
        images: uint8 [N, H, W, C].

    Returns:
        The number of its group for each image, [N]: the first image in it; how many images are exact copies of earlier
        ones; and how many are near copies.
    """
    group = np.arange(len(images))
    first: dict[bytes, int] = {}
    exact = near = 0
    for k, image in enumerate(images):
        keys = [hashlib.blake2b(image.tobytes(), digest_size=16).digest(), *_hashes(image)]
        if keys[0] in first:
            group[k] = first[keys[0]]
            exact += 1
            continue
        for key in keys[1:]:
            other = first.get(key)
            if other is not None and np.abs(image.astype(np.int16) - images[other]).mean() <= CLOSE:
                group[k] = group[other]
                near += 1
                break
        for key in keys:
            first.setdefault(key, k)
    return group, exact, near


def _hashes(image: Images) -> list[bytes]:
    picture = Image.fromarray(image.squeeze()).convert("L")
    across = np.asarray(picture.resize((_SIDE + 1, _SIDE), Image.Resampling.BOX), np.int16)
    down = np.asarray(picture.resize((_SIDE, _SIDE + 1), Image.Resampling.BOX), np.int16)
    bits = np.diff(across, axis=1) > 0, np.diff(down, axis=0) > 0
    return [name + np.packbits(part).tobytes() for name, part in zip((b"across", b"down"), bits, strict=True)]


def hold_out(labels: Integers, group: Integers, seed: int) -> tuple[Integers, Integers]:
    """Divide images into a training and a held-out part: a sixth of every class, whole groups of copies.

    Returns:
        Indices of both parts, sorted.
    """
    leaders, members = np.unique(group, return_inverse=True)
    held = np.zeros(len(leaders), bool)
    for c in np.unique(labels[leaders]):
        own = np.flatnonzero(labels[leaders] == c)
        held[numpy_generator("held out", seed, int(c)).permutation(own)[: len(own) // HELD_OUT]] = True
    if not held.any():
        held[-1] = True
    return np.flatnonzero(~held[members]), np.flatnonzero(held[members])
