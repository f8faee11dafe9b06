"""Image sets from a folder of image files, one subfolder a class."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from whichtask.artifacts import printable
from whichtask.data.checks import require_learnable
from whichtask.data.imageset import Images, ImageSet, Labels
from whichtask.data.layout import Classes, find_parts, list_classes
from whichtask.data.pictures import is_grey, read_square, require_side, room_for
from whichtask.errors import WhichtaskError
from whichtask.seeding import numpy_generator

_HELD_OUT = 6  # one image of every six

Sample = tuple[str, int]  # file and class index


def load_folder(folder: Path, *, image_size: int = 32) -> ImageSet:
    """Read ``FOLDER/train/CLASS/*`` and ``FOLDER/test/CLASS/*`` (or another usual name), or ``FOLDER/CLASS/*``.

    A folder without splits holds out one sixth of every class for testing, by a fixed seed. Images are turned as their
    EXIF data say, cropped to the central square and resized. The set is grey when every file is.

    Args:
        folder: the folder; see ``layout`` for what counts as a part, a class and an image.
        image_size: height and width in pixels of the result.

    Returns:
        The images; the provenance says under ``left_out`` what the folder has beside them.

    Raises:
        WhichtaskError: no classes or only one, a class without images, a test class that training lacks, equal images,
            or an image that cannot be read.
    """
    require_side(image_size)
    parts = find_parts(folder)
    classes = list_classes(parts.train)
    left_out = [*parts.left_out, *classes.left_out]
    train = _samples(classes, classes.names)
    if parts.test is None:
        train, test = _split(train, folder)
    else:
        held_out = list_classes(parts.test)
        left_out += held_out.left_out
        unknown = sorted(set(held_out.names) - set(classes.names))
        if unknown:
            raise WhichtaskError(f"{parts.test} has classes without training images: {', '.join(unknown)}")
        test = _samples(held_out, classes.names)
    grey = all(is_grey(path) for path, _ in train + test)
    x_train, y_train = _read(train, image_size, grey=grey)
    x_test, y_test = _read(test, image_size, grey=grey)
    said = {"left_out": "; ".join(left_out)} if left_out else {}
    images = ImageSet(
        name=folder.resolve().name,
        x_train=x_train,
        y_train=y_train,
        x_test=x_test,
        y_test=y_test,
        class_names=classes.names,
        provenance={"source": "a folder of images", "image_size": image_size, **said},
    )
    return require_learnable(images)


def _samples(classes: Classes, names: Sequence[str]) -> list[Sample]:
    """Return the image files of each class in turn, each with the index of its class among ``names``."""
    numbers = {name: number for number, name in enumerate(names)}
    return [(path, numbers[name]) for name, paths in classes.files.items() for path in paths]


def _split(samples: list[Sample], folder: Path) -> tuple[list[Sample], list[Sample]]:
    """Hold out one sixth of every class, at least one image; what remains keeps its order."""
    labels = np.array([label for _, label in samples])
    held_out: set[int] = set()
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        if len(members) < 2:
            raise WhichtaskError(
                f"{folder}: the class of {printable(samples[members[0]][0])} has one image; two or more are needed to "
                "hold one out"
            )
        order = numpy_generator("folder-split", int(label)).permutation(members)
        held_out.update(order[: max(1, len(members) // _HELD_OUT)].tolist())
    train = [sample for index, sample in enumerate(samples) if index not in held_out]
    return train, [samples[index] for index in sorted(held_out)]


def _read(samples: list[Sample], image_size: int, *, grey: bool) -> tuple[Images, Labels]:
    """Read, crop and resize; returns uint8 [n, size, size, 1 or 3] and labels [n]."""
    images = room_for(len(samples), image_size, 1 if grey else 3)
    for row, (path, _) in zip(images, tqdm(samples, desc="images", disable=None, leave=False), strict=True):
        row[:] = read_square(path, image_size, grey=grey)
    return images, np.array([label for _, label in samples], dtype=np.int64)
