"""What a user's own images must have so that anything can be learned of them, and what to know before one tries."""

import hashlib
from collections import Counter

import numpy as np
import numpy.typing as npt

from whichtask.data.imageset import ImageSet
from whichtask.errors import WhichtaskError

Indices = npt.NDArray[np.int64]


def require_learnable(images: ImageSet) -> ImageSet:
    """Return a set of images that are not all the same, each test image of a class that training images have.

    Raises:
        WhichtaskError: they are not; or all training images are of one class, or two classes have one name.
    """
    where = f"data set {images.name!r}"
    repeated = [name for name, count in Counter(images.class_names).items() if count > 1]
    if repeated:
        raise WhichtaskError(f"{where}: several classes are called {', '.join(repeated[:5])}; names must be distinct")
    first = images.x_train[0]
    if all(np.array_equal(image, first) for image in images.x_train):
        raise WhichtaskError(f"{where}: all training images are equal, so nothing can be learned; were they cast?")
    if images.x_train.max() <= 1:
        raise WhichtaskError(f"{where}: the training images hold 0 and 1 only, of levels 0 to 255; multiply by 255")
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


def count_copies(images: ImageSet) -> tuple[int, int]:
    """Count exact copies.

    Returns:
        How many training images equal an earlier training image, and how many test images equal a training image.
    """
    train, test = np.split(np.arange(len(images.images)), [images.n_train])
    return images.n_train - len(_digests(images, train)), count_shared(images, test, train)


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
