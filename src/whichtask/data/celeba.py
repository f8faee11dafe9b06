"""CelebA from the user's own folder: aligned photographs of faces with 40 binary attributes each.

The layout is that of ``torchvision.datasets.CelebA``, or that of the CSV files that others publish. Two of its text
files are read here instead, because that class refuses a folder that lacks the identities, boxes and landmarks, none of
which is needed.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from whichtask.data.checks import require_learnable
from whichtask.data.imageset import Factors, Images, ImageSet
from whichtask.data.pictures import read_square, require_side, room_for
from whichtask.errors import WhichtaskError

TARGET = "Blond_Hair"  # what the paper attacks
PHOTOGRAPHS, ATTRIBUTES, PARTITION = "img_align_celeba", "list_attr_celeba", "list_eval_partition"
ENDINGS = (".txt", ".csv")  # words with spaces between them, or with commas and below a header
TEST = 2  # parts 0 and 1 are the original training and validation images
_CHUNK = 2_048  # images whose reading is under way at once
_READERS = 4  # threads: decoding and resizing release the interpreter's lock

Names = list[str]


def find_celeba(folder: Path) -> Path | None:
    """Return the folder that holds ``img_align_celeba``, ``folder`` itself or its ``celeba``; None without one."""
    return next((place for place in (folder, folder / "celeba") if (place / PHOTOGRAPHS).is_dir()), None)


def load_celeba(folder: Path, target: str = TARGET, *, image_size: int = 64) -> ImageSet:
    """Read CelebA with one attribute as the label and all attributes as factors.

    Training images are those of the original training and validation parts, as in the authors' re-split; test images
    are the original test part's, both in the order of the list. Each photograph is cropped to its central square and
    resized. At 64 pixels the 202,599 images take 2.5 GB, and twice that for a moment while the set is put together.

    Args:
        folder: it or its ``celeba`` holds ``img_align_celeba/*.jpg`` (or once more ``img_align_celeba`` in it),
            ``list_attr_celeba`` and ``list_eval_partition``, each as ``.txt`` or ``.csv``.
        target: the attribute that becomes the label, 0 "not TARGET" or 1 "TARGET".
        image_size: height and width in pixels of the result.

    Returns:
        RGB images named ``celeba``; the factors are 0 (absent) or 1 (present) for each attribute.

    Raises:
        WhichtaskError: a file is missing, a line is malformed, the lists contradict each other, there is no such
            attribute, a part is empty, or an image is missing or cannot be read.
    """
    require_side(image_size)
    place = find_celeba(folder)
    if place is None:
        raise WhichtaskError(
            f"{folder} is no CelebA folder: it has no {PHOTOGRAPHS} (nor celeba/{PHOTOGRAPHS}); needed are "
            f"{PHOTOGRAPHS}/*.jpg, {ATTRIBUTES}.txt and {PARTITION}.txt, or both as .csv"
        )
    listed, divided = (_table(place, name) for name in (ATTRIBUTES, PARTITION))
    names, attribute_names, attributes = _read_attributes(listed)
    if target not in attribute_names:
        raise WhichtaskError(f"{listed} has no attribute {target!r}; it has {', '.join(attribute_names)}")
    in_test = _read_partition(divided, names) == TEST
    for part, chosen in (("training", ~in_test), ("test", in_test)):
        if not chosen.any():
            raise WhichtaskError(f"{divided} has no {part} image; 0 and 1 mean training, {TEST} means test")
    photographs = place / PHOTOGRAPHS
    if (photographs / PHOTOGRAPHS).is_dir():  # as one publisher packs it
        photographs /= PHOTOGRAPHS
    _check_present(photographs, names)
    labels = attributes[:, attribute_names.index(target)].astype(np.int64)
    paths = np.array([str(photographs / name) for name in names])
    images = ImageSet(
        name="celeba",
        x_train=_read_images(paths[~in_test].tolist(), image_size, "training images"),
        y_train=labels[~in_test],
        x_test=_read_images(paths[in_test].tolist(), image_size, "test images"),
        y_test=labels[in_test],
        class_names=(f"not {target}", target),
        factors_train=attributes[~in_test],
        factors_test=attributes[in_test],
        factor_names=tuple(attribute_names),
        provenance={
            "source": "a CelebA folder",
            "target": target,
            "image_size": image_size,
            "note": "training images are the original training and validation parts",
        },
    )
    return require_learnable(images)


def _table(folder: Path, name: str) -> Path:
    return next((path for ending in ENDINGS if (path := folder / f"{name}{ending}").exists()), folder / f"{name}.txt")


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """Return the words of each line that has any, with the line's number from 1."""
    try:
        # Some editors begin a file with a mark of its encoding, which belongs to no word.
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise WhichtaskError(f"cannot read {path}, which a CelebA folder needs: {error}") from error
    separator = "," if path.suffix == ".csv" else None
    return [
        (number, [word.strip() for word in line.split(separator)])
        for number, line in enumerate(lines, start=1)
        if line.strip()
    ]


def _read_attributes(path: Path) -> tuple[Names, Names, Factors]:
    """Read the names [N] of the images, those [F] of the attributes, and the attributes as 0 or 1, int8 [N, F]."""
    rows = _rows(path)
    if path.suffix == ".csv":
        if len(rows) < 2 or len(rows[0][1]) < 2:
            raise WhichtaskError(f"{path}: line 1 must be image_id and the attributes, separated by commas")
        attribute_names, rows = rows[0][1][1:], rows[1:]
    else:
        if len(rows) < 3 or len(rows[0][1]) != 1 or not rows[0][1][0].isdecimal():
            raise WhichtaskError(
                f"{path}: line 1 must be the number of images, line 2 the names of the attributes, and each further "
                "line an image with its values"
            )
        count, attribute_names, rows = int(rows[0][1][0]), rows[1][1], rows[2:]
        if len(rows) != count:
            raise WhichtaskError(f"{path}: line 1 says {count} images, but {len(rows)} follow; is the file whole?")
    names: dict[str, None] = {}  # a dictionary keeps the order and finds repetitions quickly
    values = np.empty((len(rows), len(attribute_names)), np.int8)
    allowed = {"1": 1, "-1": 0}
    for i, (number, (name, *words)) in enumerate(rows):
        if len(words) != len(attribute_names) or not allowed.keys() >= set(words):
            raise WhichtaskError(
                f"{path}, line {number}: {' '.join([name, *words])[:60]!r} is no image with {len(attribute_names)} "
                "values, each 1 or -1"
            )
        if name in names:
            raise WhichtaskError(f"{path}, line {number}: {name} is listed twice")
        names[name] = None
        values[i] = [allowed[word] for word in words]
    return list(names), attribute_names, values


def _read_partition(path: Path, names: Names) -> npt.NDArray[np.int8]:
    """Read the part, 0, 1 or 2, of each named image, [N]."""
    parts: dict[str, int] = {}
    rows = _rows(path)
    for number, (name, *words) in rows[1:] if path.suffix == ".csv" else rows:
        if len(words) != 1 or words[0] not in {"0", "1", "2"}:
            raise WhichtaskError(
                f"{path}, line {number}: {' '.join([name, *words])[:60]!r} is no image with its part, 0, 1 or 2"
            )
        if name in parts:
            raise WhichtaskError(f"{path}, line {number}: {name} is listed twice")
        parts[name] = int(words[0])
    apart = sorted(set(names) ^ set(parts))
    if apart:
        raise WhichtaskError(
            f"{path} and {ATTRIBUTES} must list the same images, but {len(apart)} stand in one only, first {apart[0]}"
        )
    return np.array([parts[name] for name in names], np.int8)


def _check_present(folder: Path, names: Names) -> None:
    # Listing the folder once is far quicker than asking for two hundred thousand files.
    there = {path.name for path in folder.iterdir()}
    missing = [name for name in names if name not in there]
    if missing:
        raise WhichtaskError(f"{folder} lacks {len(missing)} of the {len(names)} listed images, first {missing[0]}")


def _read_images(paths: list[str], image_size: int, what: str) -> Images:
    """Read, crop and resize; returns uint8 [n, size, size, 3]."""

    def read(path: str) -> Images:
        return read_square(path, image_size, grey=False)

    images = room_for(len(paths), image_size, 3)
    with ThreadPoolExecutor(_READERS) as pool, tqdm(total=len(paths), desc=what, disable=None, leave=False) as bar:
        for start in range(0, len(paths), _CHUNK):
            for i, pixels in enumerate(pool.map(read, paths[start : start + _CHUNK]), start):
                images[i] = pixels
                bar.update()
    return images
