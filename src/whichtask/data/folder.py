"""Image sets from a folder of image files, one subfolder a class."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from tqdm import tqdm

from whichtask.data.imageset import Images, ImageSet, Labels
from whichtask.data.torchvision_shim import datasets
from whichtask.errors import WhichtaskError
from whichtask.seeding import numpy_generator

_EXTENSIONS = datasets.folder.IMG_EXTENSIONS
PICTURES = ("JPEG", "PNG", "PPM", "BMP", "TIFF", "WEBP", "GIF")
"""What a file may hold, whatever its name says. Pillow knows more formats, and hands some to other programs: EPS to
Ghostscript, which runs what is written in it."""
_GREY_MODES = frozenset({"1", "L", "LA", "I;16"})
_TEST_SPLITS = ("test", "val")
_HELD_OUT = 6  # one image of every six

Sample = tuple[Path, int]  # file and class index


def load_folder(folder: Path, *, image_size: int = 32) -> ImageSet:
    """Read ``FOLDER/train/CLASS/*`` and ``FOLDER/test/CLASS/*`` (or ``val``), or ``FOLDER/CLASS/*``.

    A folder without splits holds out one sixth of every class for testing, by a fixed seed. Images are turned as their
    EXIF data say, cropped to the central square and resized. The set is grey when every file is.

    Args:
        folder: the folder; classes are its subfolders in alphabetical order, hidden ones ignored.
        image_size: height and width in pixels of the result.

    Raises:
        WhichtaskError: no classes or only one, a class without images, a test class that training lacks, or an image
            that cannot be read.
    """
    if image_size < 1:
        raise WhichtaskError(f"image_size {image_size}: allowed is 1 pixel or more")
    train_folder = folder / "train"
    if train_folder.is_dir():
        test_folder = next((folder / name for name in _TEST_SPLITS if (folder / name).is_dir()), None)
        if test_folder is None:
            raise WhichtaskError(f"{folder} has train but neither test nor val; name the held-out images' folder test")
        class_names = _class_names(train_folder)
        train, test = _samples(train_folder, class_names), _samples(test_folder, class_names)
    else:
        class_names = _class_names(folder)
        train, test = _split(_samples(folder, class_names), folder)
    grey = all(_is_grey(path) for path, _ in train + test)
    x_train, y_train = _read(train, image_size, grey=grey)
    x_test, y_test = _read(test, image_size, grey=grey)
    return ImageSet(
        name=folder.resolve().name,
        x_train=x_train,
        y_train=y_train,
        x_test=x_test,
        y_test=y_test,
        class_names=class_names,
        provenance={"source": "a folder of images", "image_size": image_size},
    )


def _class_names(folder: Path) -> tuple[str, ...]:
    names = tuple(sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")))
    if len(names) < 2:
        found = f"only the class {names[0]!r}" if names else "no subfolders"
        raise WhichtaskError(
            f"{folder} has {found}; one subfolder of images for each of at least two classes is needed"
        )
    return names


def _samples(folder: Path, class_names: Sequence[str]) -> list[Sample]:
    """List the image files of each class, sorted by class and path."""
    unknown = set(_class_names(folder)) - set(class_names)
    if unknown:
        raise WhichtaskError(f"{folder} has classes without training images: {', '.join(sorted(unknown))}")
    indices = {name: index for index, name in enumerate(class_names) if (folder / name).is_dir()}
    try:
        found = datasets.folder.make_dataset(str(folder), indices, extensions=_EXTENSIONS)
    except FileNotFoundError as error:
        raise WhichtaskError(f"{folder}: {error}") from error
    return [(Path(path), label) for path, label in found]


def _split(samples: list[Sample], folder: Path) -> tuple[list[Sample], list[Sample]]:
    """Hold out one sixth of every class, at least one image; what remains keeps its order."""
    labels = np.array([label for _, label in samples])
    held_out: set[int] = set()
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        if len(members) < 2:
            raise WhichtaskError(
                f"{folder}: the class of {samples[members[0]][0]} has one image; two or more are needed to hold one out"
            )
        order = numpy_generator("folder-split", int(label)).permutation(members)
        held_out.update(order[: max(1, len(members) // _HELD_OUT)].tolist())
    train = [sample for index, sample in enumerate(samples) if index not in held_out]
    return train, [samples[index] for index in sorted(held_out)]


def _is_grey(path: Path) -> bool:
    try:
        with Image.open(path, formats=PICTURES) as image:  # reads the header only
            return image.mode in _GREY_MODES
    except (OSError, Image.DecompressionBombError) as error:
        raise WhichtaskError(f"cannot read the image {path}: {error}") from error


def _read(samples: list[Sample], image_size: int, *, grey: bool) -> tuple[Images, Labels]:
    """Read, crop and resize; returns uint8 [n, size, size, 1 or 3] and labels [n]."""
    images = np.empty((len(samples), image_size, image_size, 1 if grey else 3), np.uint8)
    for row, (path, _) in zip(images, tqdm(samples, desc="images", disable=None, leave=False), strict=True):
        try:
            with Image.open(path, formats=PICTURES) as image:
                pixels = ImageOps.fit(_flat(ImageOps.exif_transpose(image), grey=grey), (image_size, image_size))
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise WhichtaskError(f"cannot read the image {path}: {error}") from error
        row[:] = np.asarray(pixels).reshape(row.shape)
    return images, np.array([label for _, label in samples], dtype=np.int64)


def _flat(image: Image.Image, *, grey: bool) -> Image.Image:
    """Convert to 8-bit grey or RGB, transparent parts on white."""
    if image.mode == "I;16":  # Pillow would clip 16-bit grey levels at 255 instead of scaling them
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("L" if grey else "RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("L" if grey else "RGB")
