"""Folders of real users: other names of parts, droppings, links, accents, empty folders; and the digest of a folder."""

import os
import time
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from whichtask.data import ImageSet
from whichtask.data.checks import count_shared
from whichtask.data.classes import count_classes
from whichtask.data.describe import describe
from whichtask.data.folder import load_folder
from whichtask.data.listing import listing_digest
from whichtask.errors import WhichtaskError

CLASSES = ("cat", "dog")


def fill(folder: Path, classes: tuple[str, ...] = CLASSES, n: int = 3, start: int = 0, ending: str = ".png") -> Path:
    """Paint n grey images of distinct levels in each class; returns the folder."""
    for c, name in enumerate(classes):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for i in range(start, start + n):
            Image.new("L", (6, 6), 100 * c + i).save(folder / name / f"{i}{ending}")
    return folder


def shades(images: ImageSet) -> list[int]:
    return [int(level) for level in images.images[:, 0, 0, 0]]


@pytest.fixture
def parted(tmp_path: Path) -> Path:
    """A folder of two parts."""
    fill(tmp_path / "pets" / "train")
    fill(tmp_path / "pets" / "test", n=1, start=50)
    return tmp_path / "pets"


PARTS = [
    ("train", "test"), ("Train", "TEST"), ("Training", "Testing"), ("training_set", "test_set"), ("TrainSet", "val"),
    ("train_images", "validation"), ("train2017", "val2017"), ("train-data", "Valid"), ("TRAIN", "dev_set"),
]  # fmt: skip


@pytest.mark.parametrize("names", PARTS)
def test_the_usual_names_of_parts_are_known(parted: Path, names: tuple[str, str]) -> None:
    wanted = load_folder(parted, image_size=4)
    for old, new in zip(("train", "test"), names, strict=True):
        (parted / old).rename(parted / f"{new}.new")
        (parted / f"{new}.new").rename(parted / new)
    got = load_folder(parted, image_size=4)
    assert (got.sha256, got.class_names) == (wanted.sha256, CLASSES)
    assert count_classes(str(parted)) == 2


def test_what_lies_beside_the_parts_is_said(parted: Path) -> None:
    fill(parted / "val")
    (parted / "raw\x1b[2J").mkdir()
    said = load_folder(parted).provenance["left_out"]
    assert said == "folders beside train and test: 'raw\\x1b[2J', val"
    assert said in describe(load_folder(parted))


@pytest.mark.parametrize(
    ("folders", "message"),
    [
        (("Training", "training"), "pets has Training and training; only one of them can be read"),
        (("train", "Test_set", "testing"), "pets has Test_set and testing; only one"),
        (("Testing", "other"), "pets has Testing but no train; name the folder of the training images train"),
        (("TRAIN", "other"), "pets has TRAIN but neither test nor val; name the held-out images' folder test"),
        (("one", "two"), r"one holds folders only \(cat, dog\), but a class is a folder of images: name parts of"),
    ],
)
def test_parts_that_are_not_clear_are_refused(tmp_path: Path, folders: tuple[str, ...], message: str) -> None:
    for name in (*folders, *(("test",) if folders[-1] == "training" else ())):
        fill(tmp_path / "pets" / name)
    for read in (load_folder, lambda folder: count_classes(str(folder))):
        with pytest.raises(WhichtaskError, match=message):
            read(tmp_path / "pets")


def test_parts_without_classes_are_no_classes(tmp_path: Path) -> None:
    fill(tmp_path, ("train", "test"))
    with pytest.raises(WhichtaskError, match="train has no subfolders of images"):
        load_folder(tmp_path)


def test_parts_under_unknown_names_are_no_classes_however_deep(tmp_path: Path) -> None:
    for name in ("seg_train", "seg_test"):
        fill(tmp_path / name / name)
    with pytest.raises(WhichtaskError, match=r"seg_test holds folders only \(cat, dog\)"):
        load_folder(tmp_path)


def test_a_train_among_vehicles_is_a_class(tmp_path: Path) -> None:
    assert load_folder(fill(tmp_path, ("bus", "car", "train"))).class_names == ("bus", "car", "train")


def test_a_class_may_have_folders_beside_its_images_or_a_single_one(tmp_path: Path) -> None:
    fill(tmp_path)
    fill(tmp_path / "cat", ("2020", "2021"), n=1, start=60)
    fill(tmp_path / "bird", ("images",))
    got = load_folder(tmp_path)
    assert got.class_names == ("bird", "cat", "dog")
    assert np.bincount(got.labels).tolist() == [3, 5, 3]


def test_droppings_are_no_images_and_no_classes(parted: Path) -> None:
    wanted = load_folder(parted).sha256
    for name in ("._0.png", ".DS_Store", "Thumbs.db", "desktop.ini", "0.png~", "1.png.crdownload"):
        (parted / "train" / "cat" / name).write_bytes(b"\0\5\x16\7")
    for name in (".ipynb_checkpoints", "@eaDir", "__MACOSX"):
        fill(parted / "train" / "cat" / name, (".",))
        fill(parted / "train" / name, (".",))
    assert load_folder(parted).sha256 == wanted
    assert count_classes(str(parted)) == 2
    assert "left_out" not in load_folder(parted).provenance


def test_links_count_each_image_once(parted: Path, tmp_path: Path) -> None:
    cat = parted / "train" / "cat"
    wanted = load_folder(parted).sha256
    (cat / "self").symlink_to(cat)
    (cat / "up").symlink_to(parted / "train")
    (cat / "top").symlink_to(tmp_path)
    assert load_folder(parted).sha256 == wanted
    fill(tmp_path / "disk", ("more",), n=2, start=70)
    (cat / "more").symlink_to(tmp_path / "disk" / "more")
    (tmp_path / "disk" / "more" / "back").symlink_to(tmp_path / "disk")
    (cat / "again").symlink_to(cat / "more")
    more = load_folder(parted)
    assert sorted(shades(more)[:5]) == [0, 1, 2, 70, 71]
    (tmp_path / "link").symlink_to(parted)
    assert load_folder(tmp_path / "link").sha256 == more.sha256


def test_a_link_to_nothing_is_named(parted: Path) -> None:
    (parted / "train" / "cat" / "gone.png").symlink_to("nowhere.png")
    with pytest.raises(WhichtaskError, match=r"cannot read the image .*cat/gone\.png: .*No such file"):
        load_folder(parted)


def test_accents_composed_and_decomposed_are_one_class(tmp_path: Path) -> None:
    composed, decomposed = (unicodedata.normalize(form, "Café") for form in ("NFC", "NFD"))
    assert composed != decomposed
    fill(tmp_path / "train", (decomposed, "zoo"))
    fill(tmp_path / "test", (composed, "zoo"), n=1)
    assert load_folder(tmp_path).class_names == (composed, "zoo")
    fill(tmp_path / "train", (composed,), n=2, start=80)
    both = load_folder(tmp_path)
    assert np.bincount(both.y_train).tolist() == [5, 3]
    assert count_classes(str(tmp_path)) == 2


def test_empty_folders_are_no_classes_and_said(parted: Path) -> None:
    wanted = load_folder(parted).sha256
    (parted / "train" / "new" / "inner").mkdir(parents=True)
    (parted / "test" / "bird").mkdir()
    got = load_folder(parted)
    assert got.sha256 == wanted
    assert got.provenance["left_out"] == "empty folders in train: new; empty folders in test: bird"
    assert count_classes(str(parted)) == 2


def test_what_can_be_read_is_read_and_the_rest_is_counted(tmp_path: Path) -> None:
    fill(tmp_path)
    fill(tmp_path, n=1, start=10, ending=".gif")
    fill(tmp_path, n=1, start=20, ending=".AVIF")
    for old, new in (("10.gif", "10"), ("20.AVIF", "20.avif")):
        (tmp_path / "dog" / old).rename(tmp_path / "dog" / new)
    Image.new("L", (6, 6), 30).save(tmp_path / "cat" / "30.jfif", "JPEG")
    for name in ("a.heic", "b.heic", "notes.txt", "LICENSE"):
        (tmp_path / "cat" / name).write_text("x")
    got = load_folder(tmp_path)
    assert np.bincount(got.labels).tolist() == [6, 5]
    found = sorted(shades(got))
    assert np.abs(np.array(found) - [0, 1, 2, 10, 20, 30, 100, 101, 102, 110, 120]).max() <= 1
    counted = f"files in {tmp_path.name} that are no images or cannot be read: 2 .heic, 1 .txt, 1 without an ending"
    assert got.provenance["left_out"] == counted
    for path in (tmp_path / "dog").iterdir():
        path.rename(path.with_suffix(".heic"))
    with pytest.raises(WhichtaskError, match=r"dog has no images that can be read: 5 \.heic"):
        load_folder(tmp_path)


def test_a_queue_of_bytes_is_no_image(tmp_path: Path) -> None:
    """Whoever opens one waits for ever."""
    fill(tmp_path)
    os.mkfifo(tmp_path / "cat" / "x.png")
    assert load_folder(tmp_path).provenance["left_out"].endswith(": 1 special")


def test_equal_images_are_refused(tmp_path: Path) -> None:
    for name in ("a/0.png", "a/1.png", "b/0.png", "b/1.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("L", (6, 6), 77).save(tmp_path / name)
    with pytest.raises(WhichtaskError, match="all training images are equal"):
        load_folder(tmp_path)


def test_folders_that_are_not_there_or_closed(tmp_path: Path) -> None:
    for read in (load_folder, listing_digest):
        with pytest.raises(WhichtaskError, match="cannot list the folder .*nothing.*No such file"):
            read(tmp_path / "nothing")
    with pytest.raises(WhichtaskError, match="unknown data set .*nothing.*ImageFolder layout or an .npz"):
        count_classes(str(tmp_path / "nothing"))


def test_describe_counts_copies_across_the_cut(parted: Path) -> None:
    assert "none (no two training images are equal" in describe(load_folder(parted))
    fill(parted / "test", n=1, start=0)
    Image.new("L", (9, 9), 101).save(parted / "train" / "cat" / "9.png")
    images = load_folder(parted)
    assert count_shared(images, np.arange(images.n_train, len(images.images)), np.arange(images.n_train)) == 2
    assert count_shared(images, np.array([0]), np.array([1, 2])) == 0
    text = describe(images)
    assert "1 training images equal an earlier one, so that an image and its copy may come to both sides" in text
    assert "2 test images equal a training image" in text


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (lambda folder: fill(folder / "train", n=1, start=90), True),
        (lambda folder: (folder / "train" / "cat" / "0.png").unlink(), True),
        (lambda folder: (folder / "train" / "cat" / "0.png").rename(folder / "train" / "dog" / "00.png"), True),
        (lambda folder: os.utime(folder / "test" / "cat" / "50.png", ns=(0, 1)), True),
        (lambda folder: (folder / "test" / "cat" / "50.png").write_bytes(b""), True),
        (lambda folder: fill(folder / "train" / "cat" / "deep" / "er", n=1), True),
        (lambda folder: (folder / "train" / "loop").symlink_to(folder), False),
        (lambda folder: (folder / "train" / ".DS_Store").touch(), False),
        (lambda folder: (folder / "train" / "cat" / "Thumbs.db").touch(), False),
        (lambda folder: (folder / "train" / "cat" / "0.png.part").touch(), False),
        (lambda folder: fill(folder / "train" / ".ipynb_checkpoints"), False),
        (lambda folder: os.utime(folder / "train"), False),
    ],
)  # fmt: skip
def test_the_digest_sees_what_changes_the_images(parted: Path, change: object, seen: bool) -> None:
    before = listing_digest(parted)
    assert before == listing_digest(parted)
    assert callable(change)
    change(parted)
    assert (listing_digest(parted) != before) is seen


def test_the_digest_is_that_of_what_lies_in_a_folder_and_quick(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for i in range(5_000):
        (tmp_path / "a" / f"{i}").touch()
    started = time.perf_counter()
    before = listing_digest(tmp_path / "a")
    assert time.perf_counter() - started < 2, "about 10 microseconds a file, and ten times that on a busy machine"
    (tmp_path / "a").rename(tmp_path / "b")
    assert listing_digest(tmp_path / "b") == before
