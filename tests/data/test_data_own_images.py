"""People's own images: folders and .npz files, and the mistakes in them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from whichtask.artifacts import write_npz
from whichtask.data.describe import describe
from whichtask.data.folder import load_folder
from whichtask.data.keras_npz import load_npz
from whichtask.data.load import load_images
from whichtask.errors import WhichtaskError

FOUR = ("a/0.png", "a/1.png", "b/0.png", "b/1.png")


def paint(path: Path, colour: Any, *, mode: str = "RGB", size: tuple[int, int] = (12, 8)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path)


def paint_classes(folder: Path, n: int = 12) -> None:
    for number in range(n):
        paint(folder / "blue" / f"{number:02}.png", (0, 0, number))
        paint(folder / "red" / f"{number:02}.png", (255, 0, number))


def test_folder_with_splits(tmp_path: Path) -> None:
    paint_classes(tmp_path / "train", 3)
    paint(tmp_path / "test" / "red" / "a.png", "red")
    paint(tmp_path / "test" / "blue" / "a.png", "blue")
    (tmp_path / "train" / "notes.txt").touch()
    (tmp_path / "train" / ".hidden").mkdir()
    got = load_folder(tmp_path, image_size=6)
    assert (got.n_train, got.n_test, got.shape) == (6, 2, (6, 6, 3))
    assert got.class_names == ("blue", "red")
    assert got.y_train.tolist() == [0, 0, 0, 1, 1, 1]
    assert got.x_test[:, 0, 0].tolist() == [[0, 0, 255], [255, 0, 0]]


def test_val_serves_as_test(tmp_path: Path) -> None:
    paint_classes(tmp_path / "train", 2)
    paint_classes(tmp_path / "val", 1)
    assert load_folder(tmp_path).n_test == 2


def test_folder_without_splits_holds_out_a_sixth_of_each_class_always_the_same(tmp_path: Path) -> None:
    paint_classes(tmp_path / "pets", 12)
    got = load_folder(tmp_path / "pets")
    assert got.name == "pets"
    assert np.bincount(got.y_train).tolist() == [10, 10]
    assert np.bincount(got.y_test).tolist() == [2, 2]
    shades = sorted((label, image[0, 0, 2]) for label, image in zip(got.labels, got.images, strict=True))
    assert shades == [(label, shade) for label in (0, 1) for shade in range(12)]  # nothing lost, nothing twice
    assert load_folder(tmp_path / "pets").sha256 == got.sha256


def test_images_are_cropped_to_the_centre_and_resized(tmp_path: Path) -> None:
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 200  # only the central square is bright
    for i, name in enumerate(FOUR):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(wide + i).save(tmp_path / name)
    # The resampling filter reaches a little over the crop; a squeezed whole image would be a third as bright.
    assert load_folder(tmp_path, image_size=5).images.min() > 150


def test_grey_stays_grey_only_when_every_file_is(tmp_path: Path) -> None:
    for i, name in enumerate(FOUR[:3]):
        paint(tmp_path / name, 87 + i, mode="L")
    Image.fromarray(np.full((9, 9), 90 * 256, np.uint16)).save(tmp_path / FOUR[3])
    grey = load_folder(tmp_path)
    assert grey.shape == (32, 32, 1)
    assert sorted(np.unique(grey.images)) == [87, 88, 89, 90]
    paint(tmp_path / "b" / "2.png", "red")
    assert load_folder(tmp_path).shape == (32, 32, 3)


def test_transparent_is_white(tmp_path: Path) -> None:
    for i, name in enumerate(FOUR):
        paint(tmp_path / name, (0, 0, i, i), mode="RGBA")
    assert (load_folder(tmp_path).images >= 252).all()


def test_photographs_are_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    half = np.zeros((16, 16, 3), np.uint8)
    half[:8] = 255
    for i, name in enumerate(FOUR):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(half - np.uint8(i) * (half > 0)).save(tmp_path / name, exif=exif)
    image = load_folder(tmp_path, image_size=16).images[0]
    assert image[:8].max() == 0
    assert image[8:].min() > 250


def test_folder_mistakes(tmp_path: Path) -> None:
    with pytest.raises(WhichtaskError, match="no subfolders"):
        load_folder(tmp_path)
    paint(tmp_path / "cat" / "0.png", "red")
    with pytest.raises(WhichtaskError, match="only the class 'cat'"):
        load_folder(tmp_path)
    (tmp_path / "dog").mkdir()
    with pytest.raises(WhichtaskError, match="dog"):  # no images in it
        load_folder(tmp_path)
    paint(tmp_path / "dog" / "0.png", "red")
    with pytest.raises(WhichtaskError, match="one image; two or more"):
        load_folder(tmp_path)
    with pytest.raises(WhichtaskError, match="image_size 0"):
        load_folder(tmp_path, image_size=0)


def test_split_folder_mistakes(tmp_path: Path) -> None:
    paint_classes(tmp_path / "train", 2)
    with pytest.raises(WhichtaskError, match="neither test nor val"):
        load_folder(tmp_path)
    paint_classes(tmp_path / "test", 1)
    paint(tmp_path / "test" / "green" / "0.png", "green")
    with pytest.raises(WhichtaskError, match="classes without training images: green"):
        load_folder(tmp_path)


@pytest.mark.parametrize("whole", [True, False])
def test_unreadable_image_is_named(tmp_path: Path, whole: bool) -> None:
    paint_classes(tmp_path, 2)
    bad = tmp_path / "red" / "bad.png"
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    Image.fromarray(noise).save(bad)
    bad.write_bytes(b"not an image" if whole else bad.read_bytes()[:900])
    with pytest.raises(WhichtaskError, match=r"cannot read the image .*red/bad\.png"):
        load_folder(tmp_path)


def keras_arrays(**changes: Any) -> dict[str, Any]:
    images = np.arange(4 * 4 * 4 * 3).reshape(4, 4, 4, 3) % 256
    arrays = {
        "x_train": images,
        "y_train": np.array([[0], [1], [2], [0]]),
        "x_test": images,
        "y_test": np.arange(4) % 3,
    }
    return {**arrays, **changes}


def test_npz_of_any_integers(tmp_path: Path) -> None:
    write_npz(tmp_path / "mine.npz", keras_arrays(y_test=np.array([0, 1, 2, 1], np.int16)))
    got = load_images(tmp_path / "mine.npz")
    assert got.x_train.dtype == np.uint8
    assert got.y_train.tolist() == [0, 1, 2, 0]
    assert got.class_names == ("0", "1", "2")
    assert got.provenance["source"] == "the file mine.npz"
    assert load_npz(tmp_path / "mine.npz", ["x", "y", "z"]).class_names == ("x", "y", "z")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_train": np.zeros((4, 4, 4, 3))}, "x_train has dtype float64; allowed is any integer dtype"),
        ({"x_test": np.full((4, 4, 4, 3), 256)}, "x_test holds values from 256 to 256; allowed are 0 to 255"),
        ({"x_test": np.full((4, 4, 4, 3), -1)}, "x_test holds values from -1"),
        ({"y_train": np.zeros(4)}, "y_train has dtype float64"),
        ({"y_train": np.zeros((4, 3), np.int64)}, r"y_train: shape \(4, 3\)"),
        ({"class_names": np.array(["a", "b"])}, "labels from 0 to 2; with 2 class names"),
    ],
)
def test_npz_mistakes(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    write_npz(tmp_path / "mine.npz", keras_arrays(**changes))
    with pytest.raises(WhichtaskError, match=rf"mine\.npz.*{message}"):
        load_npz(tmp_path / "mine.npz")


def test_npz_without_an_array_says_what_it_found(tmp_path: Path) -> None:
    write_npz(tmp_path / "mine.npz", {"x_train": np.zeros((2, 2, 2), np.uint8), "labels": np.zeros(2)})
    with pytest.raises(WhichtaskError, match=r"no array y_train; .* found labels, x_train"):
        load_npz(tmp_path / "mine.npz")


def test_pickled_arrays_are_refused(tmp_path: Path) -> None:
    names = np.array(["a", "b", "c"], dtype=object)
    np.savez(tmp_path / "mine.npz", allow_pickle=True, **keras_arrays(class_names=names))
    with pytest.raises(WhichtaskError, match=r"mine\.npz as an \.npz of plain arrays"):
        load_npz(tmp_path / "mine.npz")


def test_load_images_goes_by_name_folder_or_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    paint_classes(tmp_path / "factors32", 6)
    assert load_images("factors32", images=(5, 2)).n_train == 5  # a known name wins
    assert load_images("./factors32", image_size=8, images=(3, 2)).shape == (8, 8, 3)
    assert load_images(Path("factors32")).class_names == ("blue", "red")
    saved = load_images("factors32", images=(5, 2))
    saved.save(tmp_path / "saved.npz")
    again = load_images("saved.npz")
    assert (again.sha256, again.provenance) == (saved.sha256, saved.provenance)
    assert again.factor_names[0] == "shape"
    with pytest.raises(WhichtaskError, match="unknown data set 'nothing'"):
        load_images("nothing")
    with pytest.raises(WhichtaskError, match=r"nothing\.npz"):
        load_images("nothing.npz")


def test_describe_says_what_there_is(tmp_path: Path) -> None:
    text = describe(load_images("factors32", images=(50, 10)))
    for part in ("50 training + 10 test", "32 x 32 pixels, RGB", "hue 8", "crescent", "sha256", "generated"):
        assert part in text
    table = [line for line in text.splitlines() if line.startswith(("class", "ellipse", "L "))]
    assert len({len(line) for line in table}) == 1  # aligned
    arrays = keras_arrays(class_names=np.array([f"class {i}" for i in range(30)]))
    write_npz(tmp_path / "many.npz", arrays)
    assert "and 10 more; smallest class 0 + 0 images, largest 2 + 2" in describe(load_npz(tmp_path / "many.npz"))
