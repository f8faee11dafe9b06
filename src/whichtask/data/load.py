"""One door to every image set: a known name, a folder of images or a file."""

from pathlib import Path

from whichtask.data.catalogue import DATASETS, fetch
from whichtask.data.celeba import TARGET, find_celeba, load_celeba
from whichtask.data.folder import load_folder
from whichtask.data.imageset import ImageSet
from whichtask.data.keras_npz import is_npz, load_npz
from whichtask.data.sources import Size


def load_images(
    where: str | Path, *, images: Size | None = None, image_size: int = 32, target: str = TARGET
) -> ImageSet:
    """Get images by name, from a folder or from an ``.npz``.

    Args:
        where: a key of ``DATASETS`` (a name wins over a folder that is called the same; write ``./NAME`` or pass a
            Path for the folder), a folder in ImageFolder layout or CelebA's, or an ``.npz`` with Keras's names.
        images: numbers of training and test images, a fixed random draw; None for all.
        image_size: height and width in pixels to which a folder's images are brought; known data sets and ``.npz``
            files keep their own size.
        target: the attribute that labels the images of a CelebA folder.

    Raises:
        WhichtaskError: nothing of that name, or what is there cannot be used; the message says why.
    """
    path = Path(where)
    if isinstance(where, str) and where in DATASETS:
        return fetch(where, images=images)
    if find_celeba(path):
        imageset = load_celeba(path, target, image_size=image_size)
    elif path.is_dir():
        imageset = load_folder(path, image_size=image_size)
    elif is_npz(path):
        imageset = load_npz(path)
    else:
        return fetch(str(where), images=images)  # raises the error that lists what is allowed
    return imageset if images is None else imageset.subset(*images)
