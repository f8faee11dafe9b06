"""What a user's own images must have so that anything can be learned of them, and what to know before one tries."""

import hashlib
from collections import Counter
from collections.abc import Sequence

import numpy as np

from whichtask.config import DataSettings
from whichtask.data.division import Indices, divide
from whichtask.data.imageset import Images, ImageSet
from whichtask.errors import WhichtaskError


def require_learnable(images: ImageSet) -> ImageSet:
    """Return a set of images that are not all the same, each test image of a class that training images have.

    Raises:
        WhichtaskError: they are not; or all training images are of one class, or two classes have one name.
    """
    where = f"data set {images.name!r}"
    require_distinct(images.class_names, where)
    require_varied(images.x_train, where, "training images")
    classes = np.unique(images.y_train)
    if len(classes) < 2:
        raise WhichtaskError(
            f"{where}: all training images are of the class {images.class_names[classes[0]]!r}; at least two are needed"
        )
    unknown = np.setdiff1d(images.y_test, classes)
    if len(unknown):
        names = ", ".join(images.class_names[label] for label in unknown[:5]) + (", ..." if len(unknown) > 5 else "")
        raise WhichtaskError(f"{where} has test images of classes without training images: {names}")
    return images


def require_distinct(class_names: Sequence[str], where: str) -> None:
    """Refuse two classes of one name.

    Raises:
        WhichtaskError: there are such.
    """
    repeated = [name for name, count in Counter(class_names).items() if count > 1]
    if repeated:
        raise WhichtaskError(f"{where}: several classes are called {', '.join(repeated[:5])}; names must be distinct")


def require_varied(images: Images, where: str, what: str) -> None:
    """Refuse images [N, H, W, C] in which there is nothing to see.

    Raises:
        WhichtaskError: all are equal, or their levels were cast to 0 and 1.
    """
    if all(np.array_equal(image, images[0]) for image in images):
        raise WhichtaskError(f"{where}: all {what} are equal, so nothing can be learned; were they cast?")
    if images.max() <= 1:
        raise WhichtaskError(f"{where}: the {what} hold 0 and 1 only, of levels 0 to 255; multiply by 255")


def count_copies(images: ImageSet) -> tuple[int, int]:
    """Count exact copies.

    Returns:
        How many training images equal an earlier training image, and how many test images equal a training image.
    """
    train, test = np.split(np.arange(len(images.images)), [images.n_train])
    return images.n_train - len(_digests(images, train)), count_shared(images, test, train)


def count_held_out_copies(images: ImageSet, settings: DataSettings) -> int:
    """Count images on which networks or a search are judged, although they learn from an exact copy.

    Raises:
        WhichtaskError: there are too few images for this division.
    """
    division = divide(images.n_train, settings)
    return count_shared(images, np.concatenate([division.heldout, division.discovery_heldout]), division.train)


def count_shared(images: ImageSet, judged: Indices, learned: Indices) -> int:
    """Count images that are judged although an exact copy of them is learned from.

    Args:
        images: the data set.
        judged: indices of images on one side of a cut.
        learned: indices of those on the other side.

    Returns:
        How many of the judged images equal one of the others.
    """
    others = _digests(images, learned)
    return sum(count for digest, count in _digests(images, judged).items() if digest in others)


def _digests(images: ImageSet, indices: Indices) -> Counter[bytes]:
    return Counter(hashlib.blake2b(images.images[index].tobytes(), digest_size=16).digest() for index in indices)
