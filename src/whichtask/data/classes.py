"""How many classes a data set has, before it is read: a plan needs to know how many tasks there will be."""

from pathlib import Path

from whichtask.config import KNOWN_DATA
from whichtask.data.celeba import find_celeba
from whichtask.data.keras_npz import count_npz_classes, is_npz
from whichtask.data.layout import class_folders, find_parts
from whichtask.data.sources import unknown_data


def count_classes(name: str) -> int:
    """Return the number of classes of a known data set, a folder of images, CelebA's folder or an ``.npz``.

    Raises:
        WhichtaskError: there is no such data set, or it cannot be read, as far as that shows without its images.
    """
    if name in KNOWN_DATA:
        return KNOWN_DATA[name].classes
    path = Path(name)
    if find_celeba(path):
        return 2
    if path.is_dir():
        return len(class_folders(find_parts(path).train)[0])
    if is_npz(path):
        return count_npz_classes(path)
    raise unknown_data(name)
