"""What lies in a folder of the user's: its files without the droppings of file systems and programs, and a digest."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from whichtask.artifacts import printable
from whichtask.errors import WhichtaskError

_DROPPINGS = frozenset(
    {
        "thumbs.db",
        "ehthumbs.db",
        "desktop.ini",
        "__macosx",
        "@eadir",
        "$recycle.bin",
        "system volume information",
        "lost+found",
    }
)
_TEMPORARY = ("~", ".tmp", ".part", ".crdownload", ".swp")


def is_dropping(name: str) -> bool:
    """Say whether a file or folder of this name is hidden, temporary, or left behind by a file system."""
    return name.startswith(".") or name.lower() in _DROPPINGS or name.lower().endswith(_TEMPORARY)


def contents(folder: str | Path) -> tuple[list[str], list[str]]:
    """Return the sorted names of the folders and of everything else in a folder, without droppings.

    Raises:
        WhichtaskError: the folder cannot be listed.
    """
    folders: list[str] = []
    files: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if not is_dropping(entry.name):
                    is_folder = os.path.isdir(entry.path) if entry.is_symlink() else entry.is_dir()  # noqa: PTH112
                    (folders if is_folder else files).append(entry.name)
    except OSError as error:
        raise WhichtaskError(f"cannot list the folder {printable(folder)}: {error.strerror}") from error
    return sorted(folders), sorted(files)


def walk(folder: str | Path) -> Iterator[tuple[str, list[str]]]:
    """Yield every folder from the given one downwards with the sorted names of its files, without droppings.

    Links are followed, but each folder is entered once, and a link to a folder that holds the given one or itself
    never: it would count files again.

    Raises:
        WhichtaskError: a folder cannot be listed.
    """
    top = os.path.realpath(os.path.dirname(os.path.abspath(folder)))  # noqa: PTH100,PTH120  # a million files: plain text
    entered: set[tuple[int, int]] = set()

    def below(place: str) -> Iterator[tuple[str, list[str]]]:
        status = os.stat(place)  # noqa: PTH116
        if (status.st_dev, status.st_ino) in entered:
            return
        entered.add((status.st_dev, status.st_ino))
        folders, files = contents(place)
        yield place, files
        paths = [os.path.join(place, name) for name in folders]  # noqa: PTH118
        for path in sorted(paths, key=os.path.islink):
            if not os.path.islink(path) or not _holds(os.path.realpath(path), top, os.path.realpath(place)):  # noqa: PTH114
                yield from below(path)

    try:
        yield from below(str(folder))
    except OSError as error:
        raise WhichtaskError(f"cannot list the folder {printable(folder)}: {error.strerror}") from error


def _holds(folder: str, *places: str) -> bool:
    return any(os.path.commonpath([folder, place]) == folder for place in places)


def listing_digest(folder: Path) -> str:
    """Return the SHA-256 (hex) of the paths, sizes and times of change of all files below a folder.

    No file is read, so that a million of them take seconds; droppings do not count.

    Raises:
        WhichtaskError: a folder cannot be listed.
    """
    sha = hashlib.sha256()
    for place, names in walk(folder):
        for name in names:
            path = os.path.join(place, name)  # noqa: PTH118
            try:
                status = os.stat(path)  # noqa: PTH116
                facts = f"{status.st_size} {status.st_mtime_ns}"
            except OSError:  # a link to nothing
                facts = ""
            sha.update(os.fsencode(f"{path[len(str(folder)) :]}\0{facts}\0"))
    return sha.hexdigest()
