"""CIFAR-10 and CIFAR-100 from their author's page, in the binary form: plain bytes.

The form that torchvision reads is pickled, and whoever unpickles a file runs what is written in it.
"""

import hashlib
from dataclasses import dataclass
from http.client import HTTPException
from urllib.request import urlopen

import numpy as np
import numpy.typing as npt

from whichtask.data.imageset import Images, ImageSet
from whichtask.data.text.packages import members
from whichtask.data.torchvision_source import STALL_SECONDS
from whichtask.errors import WhichtaskError

ADDRESS = "https://www.cs.toronto.edu/~kriz/"
_SIDE = 32
_PIXELS = 3 * _SIDE**2


@dataclass(frozen=True)
class Archive:
    """One of the two archives."""

    name: str
    """Of the result."""
    file: str
    """Below ``ADDRESS``."""
    sha256: str
    """Of the archive, as others have published it too (the catalogues of TensorFlow's and Julia's data sets)."""
    train: str
    """Pattern of the files in it that hold training images."""
    test: str
    class_names: str
    labels: int
    """Bytes of an image that are labels; the last of them is taken (CIFAR-100: coarse, then fine)."""


CIFAR10 = Archive(
    "cifar10",
    "cifar-10-binary.tar.gz",
    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    "cifar-10-batches-bin/data_batch_?.bin",
    "cifar-10-batches-bin/test_batch.bin",
    "cifar-10-batches-bin/batches.meta.txt",
    labels=1,
)
CIFAR100 = Archive(
    "cifar100",
    "cifar-100-binary.tar.gz",
    "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
    "cifar-100-binary/train.bin",
    "cifar-100-binary/test.bin",
    "cifar-100-binary/fine_label_names.txt",
    labels=2,
)


def download(archive: Archive) -> ImageSet:
    """Download an archive (about 170 MB), compare it with its digest and read it.

    Raises:
        WhichtaskError: the network or the server does not answer, or what came is not the published archive.
    """
    address = f"{ADDRESS}{archive.file}"
    try:
        with urlopen(address, timeout=STALL_SECONDS) as stream:  # noqa: S310  # a fixed address, and https
            content: bytes = stream.read()
    except (OSError, HTTPException) as error:
        raise WhichtaskError(f"{address} could not be downloaded: {error}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != archive.sha256:
        raise WhichtaskError(f"{address} is not the published archive: SHA-256 {found}, expected {archive.sha256}")
    return read(archive, content)


def read(archive: Archive, content: bytes) -> ImageSet:
    """Read the bytes of an archive as an image set, in the archive's order.

    Raises:
        WhichtaskError: a file is missing, or holds something else than images of this kind.
    """
    (names,) = members(content, (archive.class_names,), archive.file).values()
    try:
        x_train, y_train = _images(archive, members(content, (archive.train,), archive.file))
        x_test, y_test = _images(archive, members(content, (archive.test,), archive.file))
        class_names = tuple(names.decode("ascii").split())
    except ValueError as error:
        raise WhichtaskError(f"{archive.file} does not hold the expected files: {error}") from error
    return ImageSet(archive.name, x_train, y_train, x_test, y_test, class_names)


def _images(archive: Archive, files: dict[str, bytes]) -> tuple[Images, npt.NDArray[np.uint8]]:
    rows = np.frombuffer(b"".join(files.values()), np.uint8).reshape(-1, archive.labels + _PIXELS)
    images = rows[:, archive.labels :].reshape(-1, 3, _SIDE, _SIDE).transpose(0, 2, 3, 1)
    return images, rows[:, archive.labels - 1]
