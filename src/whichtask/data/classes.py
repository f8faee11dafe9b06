"""How many classes a data set has, before it is read: a plan needs to know how many tasks there will be."""

from pathlib import Path

from whichtask.artifacts import read_npz
from whichtask.config import KNOWN_DATA


def count_classes(name: str) -> int:
    """Return the number of classes of a known data set, a folder of images, CelebA's folder or an ``.npz``.

    Raises:
        WhichtaskError: the ``.npz`` is damaged.
    """
    if name in KNOWN_DATA:
        return KNOWN_DATA[name].classes
    path = Path(name)
    if path.suffix == ".npz":
        arrays = read_npz(path)
        return len(arrays["class_names"]) if "class_names" in arrays else int(arrays["y_train"].max()) + 1
    if any((place / "img_align_celeba").is_dir() for place in (path, path / "celeba")):
        return 2
    classes = path / "train" if (path / "train").is_dir() else path
    return sum(child.is_dir() and not child.name.startswith(".") for child in classes.iterdir())
