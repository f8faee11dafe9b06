"""Somebody's .npz: what labels and levels mean, what a file is that is none, and the same words before and after."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whichtask.artifacts import read_csv, read_npz, read_tensors, write_npz
from whichtask.data.classes import count_classes
from whichtask.data.describe import describe
from whichtask.data.keras_npz import load_npz
from whichtask.data.load import load_images
from whichtask.errors import WhichtaskError

N = 8


def arrays(**changes: Any) -> dict[str, Any]:
    """Eight training and four test images of two classes."""
    images = np.random.default_rng(0).integers(0, 256, (N, 4, 4, 3), np.uint8)
    given = {"x_train": images, "y_train": np.arange(N) % 2, "x_test": images[:4] // 2, "y_test": np.arange(4) % 2}
    return {name: value for name, value in {**given, **changes}.items() if value is not None}


def write(folder: Path, **changes: Any) -> Path:
    np.savez(folder / "mine.npz", **arrays(**changes))
    return folder / "mine.npz"


LABELS: dict[str, tuple[Any, Any, tuple[str, ...]]] = {
    "0 and 5": ([0, 5], [5, 0], ("0", "5")),
    "1 to 4": ([1, 2, 3, 4], [4, 1], ("1", "2", "3", "4")),
    "0 and 255": (np.array([0, 255], np.uint8), np.array([255], np.uint8), ("0", "255")),
    "large": ([10**9, 3, 2**62], [3], ("3", str(10**9), str(2**62))),
    "unsigned": (np.array([7, 2**63 - 1], np.uint64), np.array([7], np.int8), ("7", str(2**63 - 1))),
    "as usual": ([0, 1, 2], [2, 1], ("0", "1", "2")),
    "a column": (np.array([[4], [6]]), np.array([[6]]), ("4", "6")),
}


@pytest.mark.parametrize("case", LABELS)
def test_label_values_are_named_classes(tmp_path: Path, case: str) -> None:
    train, test, names = LABELS[case]
    labels = [np.resize(np.asarray(part), (n, *np.asarray(part).shape[1:])) for part, n in ((train, N), (test, 4))]
    path = write(tmp_path, y_train=labels[0], y_test=labels[1])
    got = load_npz(path)
    assert got.class_names == names
    assert [int(got.class_names[label]) for label in got.y_train] == labels[0].ravel().tolist()
    assert [int(got.class_names[label]) for label in got.y_test] == labels[1].ravel().tolist()
    assert count_classes(str(path)) == len(names)
    assert ("named by the" in describe(got)) == (case != "as usual")


# What both `data fetch` and a dry run say, which reads no images.
BEFORE = [
    ({"x_train": None, "train_images": np.zeros(3)}, "has no array x_train; x_train, .* found train_images, x_test"),
    ({"y_test": None}, "has no array y_test"),
    ({"y_train": np.array(["cat", "dog"] * 4)}, "y_train has dtype <U3; labels are class numbers"),
    ({"y_train": np.array([b"cat", b"dog"] * 4)}, r"y_train has dtype \|S3"),
    ({"y_train": np.array([0, np.nan] * 4)}, "y_train has dtype float64"),
    ({"y_test": np.zeros(4, bool)}, "y_test has dtype bool"),
    ({"y_train": np.array([-1, 0] * 4)}, "y_train: labels from -1 to 0; class numbers are 0 or more"),
    ({"y_train": np.array([0, 2**64 - 1] * 4, np.uint64)}, "labels from 0 to 18446744073709551615"),
    ({"y_train": np.eye(N, dtype=int)}, r"y_train: shape \(8, 8\); labels are one class number an image"),
    ({"y_test": np.array([0, 7, 8, 1])}, "y_test has labels that y_train lacks: 7, 8"),
    ({"x_train": np.zeros((0, 4, 4, 3), np.uint8)}, r"x_train has the shape \(0, 4, 4, 3\); at least one image"),
    ({"y_train": np.zeros(0, int)}, r"y_train has the shape \(0,\); at least one image"),
    ({"x_train": np.float32(3)}, r"x_train has the shape \(\); at least one image"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "message"), BEFORE)
def test_a_dry_run_says_what_fetching_says(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    path = write(tmp_path, **changes)
    said = []
    for read in (load_npz, lambda path: count_classes(str(path))):
        with pytest.raises(WhichtaskError, match=rf"mine\.npz.*{message}") as caught:
            read(path)
        said.append(str(caught.value))
    assert said[0] == said[1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_train": np.full((N, 4, 4, 3), 7, np.uint8)}, "all training images are equal"),
        ({"x_train": np.random.default_rng(0).random((N, 4, 4, 3)).round().astype(int)}, "hold 0 and 1 only"),
        ({"y_train": np.full(N, 3), "y_test": np.full(4, 3)}, "all training images are of the class '3'"),
        ({"x_train": np.random.default_rng(0).random((N, 4, 4, 3))}, "x_train has dtype float64; .* multiply by 255"),
        ({"x_train": np.full((N, 4, 4, 3), np.nan)}, "x_train holds values from nan to nan"),
        ({"x_train": np.full((N, 4, 4, 3), 12.5)}, "levels between whole ones; round them"),
        ({"x_test": np.full((4, 4, 4, 3), 255.5)}, "x_test holds values from 255.5"),
        ({"x_train": np.full((N, 4, 4, 3), -1)}, "x_train holds values from -1"),
        ({"x_train": np.full((N, 4, 4, 3), 1j)}, "x_train has dtype complex128; images are whole levels"),
        ({"x_train": np.full((N, 4, 4, 3), "x")}, "x_train has dtype <U1"),
        ({"x_train": np.full((N, 3, 4, 4), 9, np.uint8)}, r"x_train: shape \(8, 3, 4, 4\); allowed is .N, height"),
        ({"class_names": np.array(["a", "a"])}, "several classes are called a; names must be distinct"),
        ({"class_names": np.array(["a"])}, "labels from 0 to 1; with 1 class names"),
        ({"class_names": np.array(["a", "b", "c"]), "y_test": np.full(4, 2)}, "without training images: c"),
    ],
)  # fmt: skip
def test_what_cannot_be_learned_or_is_no_level_is_refused(tmp_path: Path, changes: Any, message: str) -> None:
    with pytest.raises(WhichtaskError, match=message):
        load_npz(write(tmp_path, **changes))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int16, np.uint64, ">i4"])
def test_whole_levels_of_any_dtype_are_taken_as_such(tmp_path: Path, dtype: Any) -> None:
    wanted = arrays()["x_train"]
    assert np.array_equal(load_npz(write(tmp_path, x_train=wanted.astype(dtype))).x_train, wanted)


def test_more_images_than_are_converted_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whichtask.data.keras_npz._CHUNK", 3)
    wanted = arrays()["x_train"]
    assert np.array_equal(load_npz(write(tmp_path, x_train=wanted.astype(np.float32))).x_train, wanted)


def test_names_of_bytes_are_text(tmp_path: Path) -> None:
    path = write(tmp_path, class_names=np.array([b"cat", b"dog"]))
    assert load_npz(path).class_names == ("cat", "dog")


@pytest.mark.parametrize("name", ["IMAGES.NPZ", "images.Npz"])
def test_the_case_of_the_ending_does_not_matter(tmp_path: Path, name: str) -> None:
    write(tmp_path).rename(tmp_path / name)
    assert load_images(tmp_path / name).n_train == N
    assert count_classes(str(tmp_path / name)) == 2


def one_array() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.arange(3))
    return stream.getvalue()


def lying(shape: str) -> bytes:
    """An archive with one array whose header promises more than there is."""
    stream = io.BytesIO()
    content = one_array().replace(b"(3,), }" + b" " * len(shape), f"({shape},), }}".encode() + b" ")
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("x_train.npy", content)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "it is a Git LFS pointer, .*git lfs pull"),
        (one_array(), r"it is one array \(\.npy\), not an archive"),
        (b"\n<!DOCTYPE html>\n<html>", "it is a web page"),
        (b"", "it is empty"),
        (b"PK\x03\x04 not really", "."),
        (b"anything else", "it is no archive of arrays"),
        (lying("3000000000000"), "its array 'x_train' of shape .* is cut off"),
    ],
)  # fmt: skip
def test_what_is_no_npz_says_what_it_is(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "mine.npz"
    path.write_bytes(content)
    for read in (load_npz, lambda path: count_classes(str(path))):
        with pytest.raises(WhichtaskError, match=rf"mine\.npz as an \.npz of plain arrays: {message}") as caught:
            read(path)
        assert "allow_pickle" not in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("read", [read_csv, read_tensors])
def test_other_files_say_what_they_are_too(tmp_path: Path, read: Any) -> None:
    (tmp_path / "x").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(WhichtaskError, match="x.*: it is a Git LFS pointer"):
        read(tmp_path / "x")


def test_objects_are_refused_without_bad_advice(tmp_path: Path) -> None:
    np.savez(tmp_path / "mine.npz", allow_pickle=True, **arrays(class_names=np.array(["a", "b"], object)))
    with pytest.raises(WhichtaskError, match="'class_names' holds Python objects, which are not read") as caught:
        load_npz(tmp_path / "mine.npz")
    assert "allow_pickle" not in str(caught.value)


def test_unread_arrays_keep_shape_and_dtype(tmp_path: Path) -> None:
    write_npz(tmp_path / "a.npz", {"big": np.ones((3, 2), np.int8), "small": np.arange(2)})
    got = read_npz(tmp_path / "a.npz", unread=("big",))
    assert (got["big"].shape, got["big"].dtype.name, got["big"].strides) == ((3, 2), "int8", (0, 0))
    assert got["small"].tolist() == [0, 1]


@pytest.mark.parametrize("reader", ["load_npz", "count_npz_classes"])
def test_memory_is_that_of_the_file_and_not_of_its_labels(tmp_path: Path, reader: str) -> None:
    path = write(tmp_path, y_train=np.resize([0, 3_000_000_000], N), y_test=np.array([0, 0, 0, 3_000_000_000]))
    code = (
        "import sys, resource; from pathlib import Path\n"
        f"from whichtask.data.keras_npz import {reader}\n"
        "used = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + 2**27,) * 2)\n"
        f"{reader}(Path(sys.argv[1]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, path], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
