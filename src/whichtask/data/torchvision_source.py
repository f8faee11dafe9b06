"""MNIST and FashionMNIST through torchvision: it knows the addresses, checks MD5 sums and reads the format.

FashionMNIST's address is plain http: the catalogue compares the SHA-256 of what came with the published one. CIFAR is
read without torchvision, which would unpickle it (``cifar``).
"""

import socket
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any

import numpy as np

from whichtask.data.imageset import Images, ImageSet
from whichtask.data.torchvision_shim import datasets
from whichtask.errors import WhichtaskError

STALL_SECONDS = 20.0  # for connecting and for each read: a slow line goes on, a dead one ends


@contextmanager
def _stall_limit(seconds: float) -> Iterator[None]:
    """Limit every new socket's waits: torchvision opens its downloads without a time limit of its own."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def download(dataset: str, name: str, folder: Path) -> ImageSet:
    """Download a data set and read it.

    Args:
        dataset: the class of ``torchvision.datasets``: "MNIST" or "FashionMNIST".
        name: the name of the result.
        folder: where the archives go.

    Raises:
        WhichtaskError: the network or the server does not answer, or what came is damaged.
    """
    try:
        with _stall_limit(STALL_SECONDS):
            return read(dataset, name, folder, fetch_missing=True)
    except (OSError, HTTPException, RuntimeError, EOFError, tarfile.TarError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise WhichtaskError(f"torchvision could not download {dataset}: {reason}") from error


def read(dataset: str, name: str, folder: Path, *, fetch_missing: bool = False) -> ImageSet:
    """Read the files that torchvision keeps in ``folder`` as one image set; the arguments are those of ``download``."""
    train, test = (getattr(datasets, dataset)(folder, train=flag, download=fetch_missing) for flag in (True, False))
    return ImageSet(
        name=name,
        x_train=_images(train.data),
        y_train=np.asarray(train.targets, dtype=np.int64),
        x_test=_images(test.data),
        y_test=np.asarray(test.targets, dtype=np.int64),
        class_names=class_names(train.classes),
    )


def class_names(classes: Iterable[str]) -> tuple[str, ...]:
    """Return torchvision's class names, MNIST's "0 - zero" shortened to "0"."""
    return tuple(name.split(" - ")[0] for name in classes)


def _images(data: Any) -> Images:
    """Give the grey images, a tensor [N, H, W], their channel axis."""
    return np.asarray(data, dtype=np.uint8)[..., None]
