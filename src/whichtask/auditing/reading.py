"""What people have: a folder of classes, a table of files and labels, or arrays; and what of it cannot be read."""

import csv
import hashlib
import os
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unicodedata import normalize

import numpy as np
import numpy.typing as npt
from PIL import Image
from tqdm import tqdm

from whichtask.artifacts import kind_of, one_line, printable, read_npz
from whichtask.data.checks import require_distinct, require_varied
from whichtask.data.keras_npz import is_npz, load_npz
from whichtask.data.layout import find_parts
from whichtask.data.listing import walk
from whichtask.data.pictures import is_grey, is_picture, opened, read_square, room_for
from whichtask.errors import WhichtaskError

OWN_SIDE, OTHER_SIDE = 64, 32
"""Pixels: images that all have one size up to the first keep it; others are brought to the second."""
LEAST_SIDE = 8
LEAST_IMAGES = 40
MOST_UNREADABLE = 0.2  # of the image files

Sample = tuple[str, str]  # file as the user would name it, and label
Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Given:
    """Labelled images, ready to be audited."""

    name: str
    images: npt.NDArray[np.uint8]
    """[N, H, W, C]."""
    labels: npt.NDArray[np.int64]
    """[N]."""
    class_names: tuple[str, ...]
    files: tuple[str, ...]
    """N, as the user would name them; numbers where the images come from arrays."""
    properties: Mapping[str, Array] = field(default_factory=dict)
    """[N] facts about the files that pixels do not show."""
    unreadable: tuple[tuple[str, str], ...] = ()
    """Files that were skipped, and why."""

    def __post_init__(self) -> None:
        if len(self.labels) < LEAST_IMAGES:
            raise WhichtaskError(f"{self.name} has {len(self.labels)} images; an audit needs at least {LEAST_IMAGES}")
        counts = np.bincount(self.labels, minlength=len(self.class_names))
        if np.count_nonzero(counts) < 2:
            raise WhichtaskError(
                f"{self.name}: all images are of the class {self.class_names[int(counts.argmax())]!r}; an audit needs "
                "at least two classes"
            )
        require_distinct(self.class_names, self.name)
        require_varied(self.images, self.name, "images")
        if min(self.images.shape[1:3]) < LEAST_SIDE:
            raise WhichtaskError(f"{self.name}: images must have at least {LEAST_SIDE} pixels a side")


def read(where: Path, labels: Path | None = None, image_size: int | None = None) -> Given:
    """Read what is to be audited.

    Args:
        where: a folder with one subfolder a class, itself or in parts such as train and test; an ``.npz`` with
            ``images`` and ``labels``, or ``x_train`` and so on; or a CSV with the columns ``file`` and ``label``.
        labels: a CSV with the labels of the files in a folder.
        image_size: side in pixels that files are brought to; by default their own where they share one.

    Raises:
        WhichtaskError: there is nothing that can be audited; the message says why.
    """
    if labels and not where.is_dir():
        raise WhichtaskError(f"--labels goes with a folder of images, and {printable(where)} is none")
    if where.is_dir():
        samples = _labelled(where, labels) if labels else _folder(where)
        return _of_files(where, samples, image_size)
    if not where.is_file():
        raise WhichtaskError(f"there is no {printable(where)}; give a folder of images, an .npz or a .csv")
    if is_npz(where):
        return _arrays(where)
    if where.suffix.lower() == ".csv":
        return _of_files(where.parent, _checked(_table(where), where, where.parent), image_size)
    raise WhichtaskError(f"{printable(where)} is neither a folder of images nor an .npz nor a .csv")


def input_digest(where: Path, labels: Path | None = None) -> str:
    """Return the SHA-256 (hex) of what an audit reads, without reading images: names, sizes and times of change."""
    sha = hashlib.sha256()
    files = [one for one in (where, labels) if one and one.is_file()]
    for file in files:
        sha.update(file.read_bytes())
    if where.is_dir():
        names = [os.path.join(place, name) for place, found in walk(where) for name in found]  # noqa: PTH118
    else:
        names = [str(where.parent / name) for name, _ in _table(where)] if where.suffix.lower() == ".csv" else []
    for name in names:
        try:
            status = os.stat(name)  # noqa: PTH116  # a million files: plain text
            facts = f"{status.st_size} {status.st_mtime_ns}"
        except OSError:
            facts = ""
        sha.update(os.fsencode(f"{name}\0{facts}\0"))
    return sha.hexdigest()


def _folder(folder: Path) -> list[Sample]:
    """List the files below a folder with their classes.

    A class is a folder below the part, whose own folders belong to it; where that holds folders only, as in
    ``animals/cats``, each of them is one.
    """
    parts = find_parts(folder)
    samples: list[Sample] = []
    for part in filter(None, (parts.train, parts.test)):
        found = [(Path(place).relative_to(part), names) for place, names in walk(part) if names]
        first = {place.parts[0] for place, _ in found if len(place.parts) == 1}
        for place, names in found:
            if place.parts:
                label = normalize("NFC", place.parts[0] if place.parts[0] in first else place.as_posix())
                samples += [(str((part / place / name).relative_to(folder)), label) for name in names]
    if not any(is_picture(folder / name) for name, _ in samples):
        raise WhichtaskError(f"{printable(folder)} has no images in subfolders; one subfolder a class is needed")
    return samples


def _labelled(folder: Path, labels: Path) -> list[Sample]:
    """Give the images of a folder the labels of a table, which names each of them."""
    samples = _checked(_table(labels), labels, folder)
    named = {os.path.normpath(name) for name, _ in samples}
    there = [str((Path(place) / name).relative_to(folder)) for place, names in walk(folder) for name in names]
    missing = [name for name in there if name not in named and is_picture(folder / name)]
    if missing:
        raise WhichtaskError(f"{printable(labels)} has no label for {_few(missing)} in {printable(folder)}")
    return samples


def _checked(samples: list[Sample], table: Path, folder: Path) -> list[Sample]:
    absent = [name for name, _ in samples if not (folder / name).is_file()]
    if absent:
        raise WhichtaskError(f"{printable(table)} names {_few(absent)}, which {printable(folder)} does not have")
    repeated = [name for name, count in Counter(name for name, _ in samples).items() if count > 1]
    if repeated:
        raise WhichtaskError(f"{printable(table)} names {_few(repeated)} more than once")
    return samples


def _few(names: Sequence[str]) -> str:
    shown = ", ".join(repr(printable(name)) for name in names[:3])
    return f"{len(names):,} files ({shown}{', ...' if len(names) > 3 else ''})" if len(names) > 1 else shown


def _table(path: Path) -> list[Sample]:
    """Read a CSV with a header that has the columns file and label."""
    try:
        with path.open("rb") as binary:
            if other := kind_of(binary.read(64)):
                raise OSError(other)  # noqa: TRY301
        with path.open(encoding="utf-8-sig", newline="") as handle:
            rows = list(csv.DictReader(handle, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise WhichtaskError(f"cannot read the table {printable(path)}: {one_line(error)}") from error
    if not rows or any(not row.get(column) for row in rows for column in ("file", "label")):
        raise WhichtaskError(f"{printable(path)} must have a header with file and label, and both in each of its rows")
    return [(row["file"], row["label"]) for row in rows]


def _of_files(folder: Path, samples: Sequence[Sample], image_size: int | None) -> Given:
    """Read files; those that are no images or cannot be read are skipped, up to a limit."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # a large image is no mistake
        return _read_files(folder, samples, image_size)


def _read_files(folder: Path, samples: Sequence[Sample], image_size: int | None) -> Given:
    skipped: list[tuple[str, str]] = []
    opening: list[tuple[Sample, tuple[Any, ...]]] = []
    images = 0
    for name, label in samples:
        if not (folder / name).is_file() or not is_picture(folder / name):
            skipped.append((name, "no image file"))
            continue
        images += 1
        try:
            with opened(folder / name) as image:
                facts = (*image.size, image.format, image.mode, is_grey(folder / name))
            opening.append(((name, label), facts))
        except WhichtaskError as error:
            skipped.append((name, str(error)))
    sides = {side for _, facts in opening for side in facts[:2]}
    own = min(sides) if len(sides) == 1 and LEAST_SIDE <= min(sides) <= OWN_SIDE else OTHER_SIDE
    side, grey = image_size or own, all(facts[4] for _, facts in opening)
    pixels = room_for(max(1, len(opening)), side, 1 if grey else 3)
    kept: list[Sample] = []
    known: list[tuple[Any, ...]] = []
    for sample, facts in tqdm(opening, desc="images", disable=None, leave=False):
        try:
            pixels[len(kept)] = read_square(folder / sample[0], side, grey=grey)
            kept.append(sample)
            known.append(facts)
        except WhichtaskError as error:
            skipped.append((sample[0], str(error)))
    if len(kept) < (1 - MOST_UNREADABLE) * images or not kept:
        raise WhichtaskError(
            f"{images - len(kept):,} of {images:,} image files in {printable(folder)} cannot be read, more than "
            f"{MOST_UNREADABLE:.0%}; the first: {skipped[0][1] if skipped else 'there is none'}"
        )
    widths, heights, formats, modes, _ = zip(*known, strict=True)
    sizes = np.array([(folder / name).stat().st_size for name, _ in kept])
    width, height = np.array(widths), np.array(heights)
    properties = {
        "width": width,
        "height": height,
        "size": np.array([f"{w} x {h} pixels" for w, h in zip(widths, heights, strict=True)]),
        "aspect ratio": np.round(width / height, 2),
        "file type": np.array(formats),
        "colour mode": np.array(modes),
        "bytes per pixel": np.round(sizes / (width * height), 3),
    }
    names, labels = np.unique([label for _, label in kept], return_inverse=True)
    return Given(
        name=Path(os.path.abspath(folder)).name,  # noqa: PTH100  # links keep their names
        images=pixels[: len(kept)],
        labels=labels.astype(np.int64),
        class_names=tuple(printable(name) for name in names),
        files=tuple(name for name, _ in kept),
        properties={name: values for name, values in properties.items() if len(np.unique(values)) > 1},
        unreadable=tuple(skipped),
    )


def _arrays(path: Path) -> Given:
    arrays = read_npz(path)
    if {"images", "labels"} <= arrays.keys():
        images, labels = arrays["images"], arrays["labels"]
        return of_arrays(images, labels, tuple(map(str, arrays.get("class_names", ()))) or None, path.stem)
    found = load_npz(path)
    return of_arrays(found.images, found.labels, found.class_names, path.stem)


def of_arrays(images: Array, labels: Array, class_names: Sequence[str] | None = None, name: str = "images") -> Given:
    """Take arrays.

    Args:
        images: uint8 [N, H, W] or [N, H, W, C], C 1 or 3.
        labels: [N] of any type; without class names the values are the names.
        class_names: names of the classes 0 to C-1.
        name: of the set.

    Raises:
        WhichtaskError: shapes or types do not fit, or nothing can be audited.
    """
    images = images[..., None] if images.ndim == 3 else images
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3):
        raise WhichtaskError(f"{name}: images are {images.dtype} {images.shape}; uint8 [N, H, W, 1 or 3] is needed")
    if labels.shape != (len(images),):
        raise WhichtaskError(f"{name}: labels have the shape {labels.shape}; {len(images)} images need one each")
    if class_names is None:
        values, labels = np.unique(labels, return_inverse=True)
        class_names = [str(value) for value in values]
    labels = labels.astype(np.int64)
    if len(labels) and not (labels.min() >= 0 and labels.max() < len(class_names)):
        raise WhichtaskError(f"{name}: labels must be 0 to {len(class_names) - 1}, as there are so many class names")
    return Given(name, images, labels, tuple(class_names), tuple(str(k) for k in range(len(images))))
