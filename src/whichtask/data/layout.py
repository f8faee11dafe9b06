"""Which folders of a user's folder are its parts and its classes, and which files are images."""

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

from whichtask.artifacts import printable
from whichtask.data.listing import contents, walk
from whichtask.data.pictures import is_picture
from whichtask.errors import WhichtaskError

_TRAIN = frozenset({"train", "training"})
_TEST = frozenset({"test", "testing"})
_VALIDATION = frozenset({"val", "valid", "validation", "eval", "evaluation", "dev", "holdout", "heldout"})
"""Names of the held-out part where none is called test."""
_SUFFIX = re.compile(r"(set|data|images|split)*$")
_MOST_LISTED = 10


@dataclass(frozen=True)
class Parts:
    """Where the classes of a folder lie."""

    train: Path
    test: Path | None
    """None: to be held out from ``train``."""
    left_out: tuple[str, ...]
    """What else there is, in words."""


@dataclass(frozen=True)
class Classes:
    """The classes of one part."""

    files: Mapping[str, list[str]]
    """Image files by class, sorted; classes in the order of their folders' names."""
    left_out: tuple[str, ...]
    """What else there is, in words."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the classes, accents composed: some systems take them apart when they copy a folder."""
        return tuple(self.files)


def find_parts(folder: Path) -> Parts:
    """Find the training and the test part of a folder by their usual names, in any case.

    Raises:
        WhichtaskError: only one of both is there, or several folders could be one part.
    """
    folders, _ = contents(folder)
    train = _named_like(folders, _TRAIN)
    test = _named_like(folders, _TEST) or _named_like(folders, _VALIDATION)
    if not (train and test):
        # Alone and with images in it, it is a class: trains beside cars and buses.
        part = next((name for name in train + test if contents(folder / name)[0]), None)
        if part is None:
            return Parts(folder, None, ())
        if train:
            raise WhichtaskError(f"{folder} has {part} but neither test nor val; name the held-out images' folder test")
        raise WhichtaskError(f"{folder} has {part} but no train; name the folder of the training images train")
    train_folder, test_folder = _only(folder, train), _only(folder, test)
    others = sorted(set(folders) - {train[0], test[0]})
    said = (f"folders beside {train[0]} and {test[0]}: {_listed(others)}",) if others else ()
    return Parts(train_folder, test_folder, said)


def find_training(folder: Path) -> Path:
    """Return the training part of a folder, which may be the folder itself.

    Raises:
        WhichtaskError: there are several, or a held-out part without one.
    """
    folders, _ = contents(folder)
    train, held_out = _named_like(folders, _TRAIN), _named_like(folders, _TEST | _VALIDATION)
    if held_out and not train:
        raise WhichtaskError(f"{folder} has {held_out[0]} but no train; the split is made of training images")
    return _only(folder, train) if train else folder


def _only(folder: Path, names: Sequence[str]) -> Path:
    if len(names) > 1:
        raise WhichtaskError(f"{folder} has {' and '.join(names)}; only one of them can be read, so move the others")
    return folder / names[0]


def _named_like(folders: Sequence[str], names: Collection[str]) -> list[str]:
    """Return the folders that are called like one of these parts, whatever the case, the signs and words like "set"."""
    return [folder for folder in folders if _SUFFIX.sub("", re.sub(r"[\W_\d]", "", folder.lower())) in names]


def class_folders(folder: Path) -> tuple[dict[str, list[Path]], list[str]]:
    """Return the folders of each class, and the names of folders without any file, which are none.

    Raises:
        WhichtaskError: fewer than two classes, or a class that holds folders only.
    """
    found: dict[str, list[Path]] = {}
    empty = []
    for name in contents(folder)[0]:
        if not any(files for _, files in walk(folder / name)):
            empty.append(name)
            continue
        if inner := _only_folders(folder / name):
            raise WhichtaskError(
                f"{printable(folder / name)} holds folders only ({_listed(inner)}), but a class is a folder of images: "
                "name parts of the set train and test, or move the images up"
            )
        found.setdefault(unicodedata.normalize("NFC", name), []).append(folder / name)
    if len(found) < 2:
        has = f"only the class {next(iter(found))!r}" if found else "no subfolders of images"
        beside = f" beside empty folders ({_listed(empty)})" if empty else ""
        raise WhichtaskError(
            f"{folder} has {has}{beside}; one subfolder of images for each of at least two classes is needed"
        )
    return found, empty


def _only_folders(folder: Path) -> list[str]:
    """Return the several folders that a folder consists of, itself or at the end of folders one in the other."""
    inner, files = contents(folder)
    while not files and len(inner) == 1:
        folder /= inner[0]
        inner, files = contents(folder)
    return [] if files else inner


def list_classes(folder: Path) -> Classes:
    """List the image files of each class, those in folders of its own among them.

    A file is an image by its ending, or where it has none by what it holds.

    Raises:
        WhichtaskError: see ``class_folders``; or a class has files, but no image.
    """
    folders, empty = class_folders(folder)
    files = {}
    total: Counter[str] = Counter()
    for name, places in folders.items():
        other: Counter[str] = Counter()
        files[name] = [path for place in places for path in _images(place, other)]
        if not files[name]:
            raise WhichtaskError(f"{printable(places[0])} has no images that can be read: {count_endings(other)}")
        total += other
    said = [f"empty folders in {folder.name}: {_listed(empty)}"] if empty else []
    if total:
        said.append(f"files in {folder.name} that are no images or cannot be read: {count_endings(total)}")
    return Classes(files, tuple(said))


def _images(folder: Path, other: Counter[str]) -> Iterator[str]:
    """Yield the image files below a folder, sorted by folder and name, and count the endings of the others."""
    for place, names in sorted(walk(folder), key=itemgetter(0)):
        for name in names:
            path = f"{place}/{name}"
            if not os.path.isfile(path) and os.path.exists(path):  # noqa: PTH110,PTH113  # a million files: plain text
                other["special"] += 1  # whoever opens a queue waits for ever
            elif is_picture(path):
                yield path
            else:
                other[ending_of(name)] += 1


def ending_of(name: str) -> str:
    """Return the ending of a file's name in small letters, or that it has none."""
    return Path(name).suffix.lower() or "without an ending"


def count_endings(endings: Counter[str]) -> str:
    """Write numbers of files by ending, such as "2 .heic, 1 .txt", the most first."""
    ordered = sorted(endings.items(), key=lambda item: (-item[1], item[0]))
    return _listed([f"{number:,} {ending}" for ending, number in ordered])


def _listed(names: Sequence[str]) -> str:
    """Return names as they can be printed, at most ten."""
    shown = [printable(name) for name in names[:_MOST_LISTED]]
    return ", ".join(shown) + (", ..." if len(names) > len(shown) else "")
