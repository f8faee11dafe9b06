"""The contents of software packages, fetched with the system's own tools into an empty folder and never installed.

Archives are read as streams: nothing in them can name a path to write to, and nothing in them is run.
"""

import io
import os
import shutil
import tarfile
import zlib
from fnmatch import fnmatch
from pathlib import Path

from whichtask.data.packages import run
from whichtask.data.unpack import MOST_BYTES, read_member
from whichtask.errors import WhichtaskError

Members = dict[str, bytes]
"""File contents by path inside a package."""
_APT = ("-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20", "-o", "Acquire::https::Timeout=20")


class Packages:
    """Fetches packages.

    Args:
        folder: an empty folder to work in.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lists_updated = False

    def debian(self, package: str, *patterns: str) -> Members:
        """Return the files of a Debian package that match any of the patterns; those in ``.gz`` unpacked.

        Raises:
            WhichtaskError: no apt-get, no network, no such package, or none of its files matches.
        """
        place = self.folder / package
        place.mkdir()
        argv = ["apt-get", *_APT, "download", package]
        try:
            run(argv, place)
        except WhichtaskError:
            if self._lists_updated or shutil.which("apt-get") is None or os.geteuid() != 0:
                raise
            self._lists_updated = True
            run(["apt-get", *_APT, "update"], place)  # fresh containers come with empty package lists
            run(argv, place)
        archive = _only(place, "*.deb")
        return members(run(["dpkg-deb", "--fsys-tarfile", archive.name], place), patterns, package)

    def npm(self, package: str, *patterns: str) -> Members:
        """Return the files of an npm package, ``NAME@VERSION``, that match any of the patterns.

        Raises:
            WhichtaskError: no npm, no network, no such package, or none of its files matches.
        """
        place = self.folder / package.replace("/", "-")
        place.mkdir()
        run(["npm", "pack", package, "--silent", "--fetch-retries=1", "--fetch-timeout=20000"], place)
        return members(_only(place, "*.tgz").read_bytes(), patterns, package)


def members(archive: bytes, patterns: tuple[str, ...], package: str) -> Members:
    """Return the regular files of a tar archive whose paths match any of the patterns, sorted by path.

    Raises:
        WhichtaskError: a damaged archive, or no such file.
    """
    found: Members = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            for entry in tar:
                name = entry.name.removeprefix("./")
                if not entry.isreg() or not any(fnmatch(name, pattern) for pattern in patterns):
                    continue
                found[name] = read_member(tar, entry, MOST_BYTES - sum(map(len, found.values())))
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise WhichtaskError(f"the package {package} cannot be read: {error}") from error
    if not found:
        raise WhichtaskError(f"the package {package} holds no file {' or '.join(patterns)}")
    return dict(sorted(found.items()))


def _only(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise WhichtaskError(f"the package tool left {len(found)} files {pattern}, expected one")
    return found[0]
