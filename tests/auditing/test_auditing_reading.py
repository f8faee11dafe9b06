"""What people give: every usual shape is read, and every mistake is told in one sentence."""

import os
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from planted import marked_images, write_folder

from whichtask.auditing.copies import copy_groups, hold_out
from whichtask.auditing.reading import input_digest, of_arrays, read
from whichtask.data.folder import load_folder
from whichtask.errors import WhichtaskError


def test_folders_parts_and_nested_classes(tmp_path: Path, folder: Path) -> None:
    plain = read(folder)
    assert (plain.images.shape, plain.class_names) == ((120, 16, 16, 1), ("a", "b", "c", "d"))
    for part in ("train", "test"):
        shutil.copytree(folder, tmp_path / "parts" / part)
    assert len(read(tmp_path / "parts").labels) == 240
    shutil.copytree(folder, tmp_path / "nested" / "first")
    shutil.copytree(folder / "a", tmp_path / "nested" / "second")
    assert read(tmp_path / "nested").class_names == ("first/a", "first/b", "first/c", "first/d", "second")


def test_arrays_and_tables(tmp_path: Path, folder: Path) -> None:
    images, labels, _ = marked_images(120)
    np.savez(tmp_path / "own.npz", images=images, labels=labels)
    assert read(tmp_path / "own.npz").class_names == ("0", "1", "2", "3")
    names = np.array(["x"])
    np.savez(tmp_path / "house.npz", x_train=images, y_train=labels, x_test=images[:9], y_test=labels[:9], names=names)
    assert len(read(tmp_path / "house.npz").labels) == 129
    table = folder.parent / "labels.csv"
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))
    table.write_text("file,label\n" + "".join(f"{name},{k % 2}\n" for k, name in enumerate(files)))
    assert read(folder, table).class_names == ("0", "1")
    beside = folder / "beside.csv"
    beside.write_text(table.read_text())
    assert read(beside).class_names == ("0", "1")
    beside.unlink()


def test_all_modes_and_names_are_read(tmp_path: Path) -> None:
    images, labels, _ = marked_images(80)
    folder = write_folder(tmp_path / "images", images, labels)
    names = ["with space.png", 'with "quotes".png', "with\nbreak.png", "größer.png"]
    for mode, name in zip(("P", "RGBA", "L", "L"), names, strict=True):
        Image.fromarray(images[0].squeeze()).convert(mode).resize((20, 12)).save(folder / "a" / name)
    Image.fromarray(images[0].squeeze()).convert("CMYK").save(folder / "b" / "cmyk.jpg")
    Image.fromarray(np.full((9, 9), 40_000, np.uint16)).save(folder / "b" / "deep.png")
    (folder / "c" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    (folder / "c" / "notes.txt").write_text("no image")
    given = read(folder)
    assert len(given.labels) == 86
    assert given.images.shape[1:] == (32, 32, 3)
    assert {Path(name).name for name, _ in given.unreadable} == {"broken.png", "notes.txt"}
    assert {"width", "size", "aspect ratio", "file type", "colour mode"} <= set(given.properties)
    assert all((folder / name).exists() for name in given.files)


def test_the_audit_and_the_workflow_read_a_folder_by_one_rule(tmp_path: Path) -> None:
    """The same files, levels and classes: of every mode and ending, with droppings, queues and accents."""
    images, labels, _ = marked_images(80)
    folder = write_folder(tmp_path / "images", images, labels)
    flat = Image.fromarray(images[0].squeeze())
    deep = np.asarray(flat).astype(">u2") * 257
    Image.frombytes("I;16B", flat.size, deep.tobytes()).save(folder / "a" / "deep.tif")
    for name, kind in (("x.jfif", "JPEG"), ("x.GIF", "GIF"), ("x.avif", "AVIF"), ("x", "PNG")):
        flat.save(folder / "b" / name, kind)
    for name in ("._0.png", ".DS_Store", "Thumbs.db", "x.heic", "LICENSE"):
        (folder / "b" / name).write_bytes(b"\0\5\x16\7")
    os.mkfifo(folder / "b" / "queue")
    os.mkfifo(folder / "b" / "queue.png")
    (folder / "d").rename(folder / unicodedata.normalize("NFD", "dé"))
    (folder / unicodedata.normalize("NFC", "dé")).mkdir()
    flat.save(folder / unicodedata.normalize("NFC", "dé") / "x.png")
    audited, read_by_workflow = read(folder), load_folder(folder, image_size=16)
    assert audited.class_names == read_by_workflow.class_names
    assert sorted(map(bytes, audited.images)) == sorted(map(bytes, read_by_workflow.images))
    skipped = {Path(name).name for name, _ in audited.unreadable}
    assert skipped == {"x.heic", "LICENSE", "queue", "queue.png"}


@pytest.mark.parametrize("mode", ["I", "F"])
def test_levels_whose_white_is_not_known_are_skipped_by_name(tmp_path: Path, mode: str) -> None:
    images, labels, _ = marked_images(80)
    folder = write_folder(tmp_path / "images", images, labels)
    Image.fromarray(images[0].squeeze()).convert(mode).save(folder / "a" / "x.tif")
    ((name, why),) = read(folder).unreadable
    assert (name, f"(mode {mode}), whose white is not known" in why) == ("a/x.tif", True)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.npz", b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "it is a Git LFS pointer"),
        ("X.NPZ", b"\x93NUMPY\x01\x00", r"it is one array \(\.npy\)"),
        ("x.csv", b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "it is a Git LFS pointer"),
        ("x.csv", b"", "it is empty"),
    ],
)
def test_files_that_are_not_what_their_name_says(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WhichtaskError, match=said) as error:
        read(tmp_path / name)
    assert "allow_pickle" not in str(error.value)


def test_arrays_in_which_nothing_can_be_found_are_refused() -> None:
    images, labels, _ = marked_images(80)
    for given, names, said in (
        ((images > 99).astype(np.uint8), None, "hold 0 and 1 only"),
        (images[:1].repeat(80, axis=0), None, "all images are equal"),
        (images, ["a", "b", "a", "c"], "several classes are called a"),
    ):
        with pytest.raises(WhichtaskError, match=said):
            of_arrays(given, labels, names)
    assert of_arrays(images, labels * 10**9).class_names == ("0", "1000000000", "2000000000", "3000000000")


def _empty(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _one_class(folder: Path) -> Path:
    images, labels, _ = marked_images(60)
    return write_folder(folder, images, np.zeros_like(labels))


def _two_images(folder: Path) -> Path:
    images, labels, _ = marked_images(2)
    return write_folder(folder, images, labels)


def _all_equal(folder: Path) -> Path:
    images, labels, _ = marked_images(60)
    return write_folder(folder, np.broadcast_to(images[:1], images.shape), labels)


def _unreadable(folder: Path) -> Path:
    _one_class(folder)
    for path in sorted(folder.rglob("*.png"))[:30]:
        path.write_bytes(b"damaged")
    return folder


def _absent(folder: Path) -> Path:
    _one_class(folder)
    (folder / "labels.csv").write_text("file,label\na/0.png,1\nnowhere.png,2\n")
    return folder / "labels.csv"


def _headless(folder: Path) -> Path:
    _one_class(folder)
    (folder / "labels.csv").write_text("a/0.png,1\n")
    return folder / "labels.csv"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_empty, "has no images in subfolders"),
        (_one_class, "all images are of the class 'a'"),
        (_two_images, "has 2 images; an audit needs at least 40"),
        (_all_equal, "all images are equal"),
        (_unreadable, "30 of 60 image files in .* cannot be read, more than 20%"),
        (_absent, "names 'nowhere.png', which .* does not have"),
        (_headless, "must have a header with file and label"),
        (lambda folder: folder, "there is no .*; give a folder of images"),
    ],
)
def test_mistakes_are_one_sentence(tmp_path: Path, make: Callable[[Path], Path], said: str) -> None:
    with pytest.raises(WhichtaskError, match=said) as error:
        read(make(tmp_path / "images"))
    assert "\n" not in str(error.value)


def test_labels_that_miss_files(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    table.write_text("file,label\na/0.png,1\nb/1.png,2\n")
    with pytest.raises(WhichtaskError, match="has no label for 118 files"):
        read(folder, table)
    with pytest.raises(WhichtaskError, match="goes with a folder"):
        read(table, table)


def test_the_digest_follows_the_files(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "images"
    shutil.copytree(folder, copy)
    before = input_digest(copy)
    assert input_digest(copy) == before
    (copy / "a" / "0.png").touch()
    assert input_digest(copy) != before


def test_copies_stay_together() -> None:
    images, labels, _ = marked_images(120)
    images[60:80] = images[:20]
    close = images[20:40].astype(int) + np.random.default_rng(0).integers(-1, 2, images[20:40].shape)
    images[80:100] = close.clip(0, 255)
    group, exact, near = copy_groups(images)
    assert exact == 20
    assert near > 0
    train, held = hold_out(labels, group, 0)
    assert not set(group[train]) & set(group[held])
    assert sorted([*train, *held]) == list(range(120))
