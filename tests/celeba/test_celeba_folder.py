"""CelebA folders: what becomes of their images, parts and attributes, and one clear error for each mistake."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from whichtask.data.celeba import find_celeba, load_celeba
from whichtask.data.load import load_images
from whichtask.errors import WhichtaskError

ATTRIBUTES = ("Bald", "Blond_Hair", "Male")
PARTS = [0, 0, 2, 1, 0, 2, 1, 0, 0, 2, 0, 1]  # not in blocks, so that a mixed-up order shows
N = len(PARTS)
NAMES = [f"{i + 1:06d}.jpg" for i in range(N)]
VALUES = np.array([[i % 2, i % 3 == 0, i >= 6] for i in range(N)], np.int8)


def grey(i: int) -> int:
    return 20 * i + 10


@pytest.fixture
def celeba(tmp_path: Path) -> Path:
    """Twelve 18x22 photographs: image i is grey in its central square and white above and below it."""
    folder = tmp_path / "data" / "celeba"
    (folder / "img_align_celeba").mkdir(parents=True)
    for i, name in enumerate(NAMES):
        pixels = np.full((22, 18, 3), 255, np.uint8)
        pixels[2:20] = grey(i)
        Image.fromarray(pixels).save(folder / "img_align_celeba" / name, quality=100, subsampling=0)
    rows = [" ".join([name, *("1" if v else "-1" for v in row)]) for name, row in zip(NAMES, VALUES, strict=True)]
    (folder / "list_attr_celeba.txt").write_text("\n".join([str(N), " ".join(ATTRIBUTES), *rows]) + "\n")
    parts = [f"{name} {part}" for name, part in zip(NAMES, PARTS, strict=True)]
    (folder / "list_eval_partition.txt").write_text("\n".join(parts) + "\n")
    return folder


@pytest.mark.parametrize("inner", [True, False])
def test_images_labels_and_attributes_belong_together(celeba: Path, inner: bool) -> None:
    got = load_celeba(celeba if inner else celeba.parent, image_size=8)
    train = [i for i in range(N) if PARTS[i] != 2]
    test = [i for i in range(N) if PARTS[i] == 2]
    assert (got.n_train, got.n_test, got.shape) == (9, 3, (8, 8, 3))
    order = train + test
    # The crop takes the grey square and none of the white.
    wanted = np.array([grey(i) for i in order])
    assert np.abs(got.images.mean((1, 2, 3)) - wanted).max() < 6
    assert got.factors is not None
    np.testing.assert_array_equal(got.factors, VALUES[order])
    assert got.factor_names == ATTRIBUTES
    np.testing.assert_array_equal(got.labels, VALUES[order, 1])
    assert got.class_names == ("not Blond_Hair", "Blond_Hair")
    assert (got.name, got.provenance["target"]) == ("celeba", "Blond_Hair")


def test_any_attribute_can_be_the_target_and_the_rest_stays(celeba: Path) -> None:
    hair, male = load_celeba(celeba, image_size=4), load_celeba(celeba, "Male", image_size=4)
    assert male.class_names == ("not Male", "Male")
    assert male.factors is not None
    np.testing.assert_array_equal(male.labels, male.factors[:, 2])
    np.testing.assert_array_equal(male.images, hair.images)


def test_more_images_than_are_read_at_once_keep_their_order(celeba: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = load_celeba(celeba, image_size=8)
    monkeypatch.setattr("whichtask.data.celeba._CHUNK", 2)
    np.testing.assert_array_equal(load_celeba(celeba, image_size=8).images, whole.images)


def test_the_layout_is_found_by_itself(celeba: Path, tmp_path: Path) -> None:
    assert find_celeba(tmp_path) is None
    assert find_celeba(celeba.parent) == find_celeba(celeba) == celeba
    got = load_images(celeba.parent, image_size=8, target="Bald")
    assert (got.shape, got.class_names[1]) == ((8, 8, 3), "Bald")
    assert load_images(str(celeba), images=(4, 2)).n_train == 4
    got.save(tmp_path / "again.npz")
    assert load_images(tmp_path / "again.npz").sha256 == got.sha256


def edit(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return change


ATTR, PART = "list_attr_celeba.txt", "list_eval_partition.txt"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: (f / ATTR).unlink(), rf"cannot read .*{ATTR}, which a CelebA folder needs"),
        (lambda f: (f / PART).unlink(), rf"cannot read .*{PART}, which a CelebA folder needs"),
        (lambda f: (f / ATTR).write_text(""), "line 1 must be the number of images"),
        (edit(ATTR, "12\n", "13\n"), "line 1 says 13 images, but 12 follow"),
        (
            edit(ATTR, "000002.jpg 1", "000002.jpg 2"),
            rf"{ATTR}, line 4: '000002.jpg 2 -1 -1' is no image with 3 values",
        ),
        (edit(ATTR, "000003.jpg -1", "000003.jpg"), rf"{ATTR}, line 5: '000003.jpg -1 -1' is no image with 3"),
        (edit(ATTR, "000003.jpg", "000002.jpg"), rf"{ATTR}, line 5: 000002.jpg is listed twice"),
        (edit(PART, "000004.jpg 1", "000004.jpg 3"), rf"{PART}, line 4: '000004.jpg 3' is no image with its part"),
        (edit(PART, "000004.jpg 1", "000004.jpg"), rf"{PART}, line 4: '000004.jpg' is no image"),
        (edit(PART, "000004.jpg", "000001.jpg"), rf"{PART}, line 4: 000001.jpg is listed twice"),
        (edit(PART, "000004.jpg 1\n", ""), "must list the same images, but 1 stand in one only, first 000004.jpg"),
        (edit(PART, "000012.jpg", "000099.jpg"), "2 stand in one only, first 000012.jpg"),
        (lambda f: (f / PART).write_text((f / PART).read_text().replace(" 2", " 1")), "has no test image"),
        (lambda f: (f / "img_align_celeba" / "000007.jpg").unlink(), "lacks 1 of the 12 listed images, first 000007"),
        (
            lambda f: (f / "img_align_celeba" / "000007.jpg").write_bytes(b"no image"),
            r"cannot read the image .*000007\.jpg",
        ),
    ],
)
def test_mistakes_are_named(celeba: Path, spoil: Callable[[Path], None], message: str) -> None:
    spoil(celeba)
    with pytest.raises(WhichtaskError, match=message):
        load_images(celeba, image_size=8)


def test_what_was_asked_for_wrongly_is_named(celeba: Path, tmp_path: Path) -> None:
    with pytest.raises(WhichtaskError, match="no attribute 'Blonde'; it has Bald, Blond_Hair, Male"):
        load_celeba(celeba, "Blonde")
    with pytest.raises(WhichtaskError, match="image_size 0"):
        load_celeba(celeba, image_size=0)
    with pytest.raises(WhichtaskError, match=r"is no CelebA folder: it has no img_align_celeba"):
        load_celeba(tmp_path)


def publish_csv(folder: Path, mark: str = "") -> None:
    """Turn the folder into one of CSV files, with the photographs one folder deeper, as one publisher has it."""
    rows = [",".join([name, *("1" if v else "-1" for v in row)]) for name, row in zip(NAMES, VALUES, strict=True)]
    header = ",".join(["image_id", *ATTRIBUTES])
    (folder / "list_attr_celeba.csv").write_text(mark + "\n".join([header, *rows]) + "\n", encoding="utf-8")
    parts = [f"{name},{part}" for name, part in zip(NAMES, PARTS, strict=True)]
    text = mark + "\r\n".join(["image_id,partition", *parts]) + "\r\n"
    (folder / "list_eval_partition.csv").write_text(text, encoding="utf-8", newline="")
    (folder / ATTR).unlink()
    (folder / PART).unlink()
    (folder / "img_align_celeba").rename(folder / "inner")
    (folder / "img_align_celeba").mkdir()
    (folder / "inner").rename(folder / "img_align_celeba" / "img_align_celeba")


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_published_csv_files_are_read(celeba: Path, mark: str) -> None:
    wanted = load_celeba(celeba, image_size=8)
    publish_csv(celeba, mark)
    got = load_images(celeba.parent, image_size=8)
    assert (got.sha256, got.factor_names, got.class_names) == (wanted.sha256, ATTRIBUTES, wanted.class_names)


@pytest.mark.parametrize("name", [ATTR, PART])
def test_a_mark_of_the_encoding_belongs_to_no_word(celeba: Path, name: str) -> None:
    wanted = load_celeba(celeba, image_size=8).sha256
    (celeba / name).write_text("\ufeff" + (celeba / name).read_text(), encoding="utf-8")
    assert load_celeba(celeba, image_size=8).sha256 == wanted


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (
            "list_attr_celeba.csv",
            "000002.jpg,1",
            "000002.jpg,2",
            r"celeba\.csv, line 3: '000002.jpg 2 -1 -1' is no",
        ),
        ("list_attr_celeba.csv", "image_id", "image_id,Old", "line 2: .* is no image with 4 values"),
        ("list_eval_partition.csv", "000004.jpg,1", "000004.jpg,5", r"partition\.csv, line 5: '000004.jpg 5' is no"),
    ],
)
def test_mistakes_in_csv_files_are_named(celeba: Path, name: str, old: str, new: str, message: str) -> None:
    publish_csv(celeba)
    edit(name, old, new)(celeba)
    with pytest.raises(WhichtaskError, match=message):
        load_celeba(celeba)


def test_attributes_that_no_training_image_has_cannot_be_the_target(celeba: Path) -> None:
    text = (celeba / ATTR).read_text().splitlines()
    text[2:] = [f"{line.rsplit(' ', 1)[0]} -1" for line in text[2:]]
    (celeba / ATTR).write_text("\n".join(text) + "\n")
    with pytest.raises(WhichtaskError, match="all training images are of the class 'not Male'"):
        load_celeba(celeba, "Male", image_size=8)
