"""The image set: what it refuses, what it keeps, and its file."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from whichtask.artifacts import write_npz
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError


def make(n_train: int = 12, n_test: int = 5, channels: int = 3, **changes: Any) -> ImageSet:
    rng = np.random.default_rng(0)
    fields: dict[str, Any] = {
        "name": "toy",
        "x_train": rng.integers(0, 256, (n_train, 4, 6, channels), np.uint8),
        "y_train": rng.integers(0, 3, n_train, np.uint8),
        "x_test": rng.integers(0, 256, (n_test, 4, 6, channels), np.uint8),
        "y_test": rng.integers(0, 3, n_test),
        "class_names": ("a", "b", "c"),
    }
    return ImageSet(**{**fields, **changes})


def test_whole_set_is_train_then_test_without_a_second_copy() -> None:
    toy = make()
    assert (toy.n_train, toy.n_test, toy.shape) == (12, 5, (4, 6, 3))
    assert toy.images.shape == (17, 4, 6, 3)
    assert toy.labels.dtype == np.int64
    assert np.array_equal(toy.labels, np.concatenate([toy.y_train, toy.y_test]))
    assert toy.factors is None
    assert np.shares_memory(toy.images, toy.x_train)
    assert np.shares_memory(toy.images, toy.x_test)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_train": np.zeros((12, 4, 6, 3), np.float32)}, "x_train: dtype float32; images must be uint8"),
        ({"x_train": np.zeros((12, 4, 6), np.uint8)}, r"x_train: shape \(12, 4, 6\)"),
        ({"x_test": np.zeros((5, 4, 6, 2), np.uint8)}, r"x_test: .* 1 \(grey\) or 3 \(RGB\) channels"),
        ({"x_test": np.zeros((0, 4, 6, 3), np.uint8)}, "x_test: .* at least one image"),
        ({"x_test": np.zeros((5, 4, 4, 3), np.uint8)}, r"\(4, 6, 3\) and test images \(4, 4, 3\)"),
        ({"y_train": np.zeros(12, np.int32)}, "y_train: dtype int32; labels must be uint8 or int64"),
        ({"y_train": np.zeros(11, np.int64)}, r"y_train: shape \(11,\); 12 images need \(12,\)"),
        ({"y_test": np.full(5, 3)}, "y_test: labels from 3 to 3; with 3 class names, 0 to 2"),
        ({"y_test": np.full(5, -1)}, "labels from -1"),
        ({"factor_names": ("hue",)}, "give all or none"),
        ({"factors_test": np.zeros((5, 1), np.int8)}, "give all or none"),
        (
            {"factors_train": np.zeros((12, 2), np.int8), "factors_test": np.zeros((5, 2)), "factor_names": ("a", "b")},
            r"factors_test: float64 \(5, 2\); .* int8 \(5, 2\)",
        ),
    ],
)
def test_contradictions_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(WhichtaskError, match=message):
        make(**changes)


@st.composite
def imagesets(draw: st.DrawFn) -> ImageSet:
    n_train, n_test, height, width = (draw(st.integers(1, 4)) for _ in range(4))
    channels = draw(st.sampled_from([1, 3]))
    names = draw(st.lists(st.text("aé/ -2", max_size=5), min_size=1, max_size=4))
    with_factors = draw(st.booleans())

    def labels(n: int) -> Any:
        return draw(hnp.arrays(np.int64, n, elements=st.integers(0, len(names) - 1)))

    def factors(n: int) -> Any:
        return draw(hnp.arrays(np.int8, (n, 2))) if with_factors else None

    return ImageSet(
        name=draw(st.text("xyz_0", min_size=1, max_size=5)),
        x_train=draw(hnp.arrays(np.uint8, (n_train, height, width, channels))),
        y_train=labels(n_train),
        x_test=draw(hnp.arrays(np.uint8, (n_test, height, width, channels))),
        y_test=labels(n_test),
        class_names=tuple(names),
        factors_train=factors(n_train),
        factors_test=factors(n_test),
        factor_names=("hue", "size") if with_factors else (),
        provenance=draw(st.dictionaries(st.sampled_from(["source", "note"]), st.text(max_size=5))),
    )


@given(imagesets())
def test_saving_and_loading_is_the_identity(before: ImageSet) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.npz"
        before.save(path)
        after = ImageSet.load(path)
    for plain in ("name", "class_names", "factor_names", "provenance", "shape", "sha256", "content_sha256"):
        assert getattr(after, plain) == getattr(before, plain)
    for array in ("x_train", "y_train", "x_test", "y_test", "images", "labels", "factors_train", "factors"):
        assert np.array_equal(getattr(after, array), getattr(before, array))


def test_load_accepts_grey_images_without_a_channel_axis_and_names_them_by_the_file(tmp_path: Path) -> None:
    grey = np.zeros((2, 3, 3), np.uint8)
    labels = np.array([0, 1])
    arrays = {"x_train": grey, "y_train": labels, "x_test": grey, "y_test": labels, "class_names": np.array(["a", "b"])}
    write_npz(tmp_path / "grey.npz", arrays)
    loaded = ImageSet.load(tmp_path / "grey.npz")
    assert (loaded.name, loaded.shape) == ("grey", (3, 3, 1))


@pytest.mark.parametrize("keep", [0, 10, 300])
def test_truncated_file_is_one_error_that_names_it(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "toy.npz"
    make().save(path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(WhichtaskError, match=r"toy\.npz"):
        ImageSet.load(path)


def test_damaged_bytes_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "toy.npz"
    make().save(path)
    content = bytearray(path.read_bytes())
    content[120] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(WhichtaskError, match=r"toy\.npz"):
        ImageSet.load(path)


def test_file_without_an_array_or_with_contradictions_is_named(tmp_path: Path) -> None:
    toy = make()
    path = tmp_path / "toy.npz"
    write_npz(path, {"x_train": toy.x_train, "y_train": toy.y_train})
    with pytest.raises(WhichtaskError, match=r"toy\.npz: no x_test, y_test, class_names"):
        ImageSet.load(path)
    arrays = {name: getattr(toy, name) for name in ("x_train", "y_train", "x_test", "y_test")}
    write_npz(path, {**arrays, "class_names": np.array(["only"])})
    with pytest.raises(WhichtaskError, match=r"toy\.npz is not a valid image set: .*labels from"):
        ImageSet.load(path)
    write_npz(path, {**arrays, "class_names": np.array(list("abc")), "provenance": np.array("{")})
    with pytest.raises(WhichtaskError, match=r"toy\.npz is not a valid image set"):
        ImageSet.load(path)


def test_mean_and_std_are_those_of_the_training_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whichtask.data.imageset._CHUNK", 5)  # 12 images: two whole chunks and a rest
    toy = make()
    mean, std = toy.mean_std()
    assert mean == pytest.approx((toy.x_train / 255).mean(axis=(0, 1, 2)))
    assert std == pytest.approx((toy.x_train / 255).std(axis=(0, 1, 2)))


def test_std_of_a_constant_channel_can_be_divided_by() -> None:
    mean, std = make(x_train=np.full((12, 4, 6, 3), 255, np.uint8)).mean_std()
    assert mean == pytest.approx([1, 1, 1])
    assert std == pytest.approx([1 / 255] * 3)


def test_digests_tell_order_from_content() -> None:
    toy = make()
    order = np.arange(12)[::-1]
    reordered = replace(toy, x_train=toy.x_train[order], y_train=toy.y_train[order])
    assert reordered.sha256 != toy.sha256
    assert reordered.content_sha256 == toy.content_sha256
    swapped = replace(toy, y_train=(toy.y_train + 1) % 3)
    assert swapped.content_sha256 != toy.content_sha256


def test_subset_is_a_fixed_draw_and_nested() -> None:
    toy = make()
    small, large = toy.subset(3, 2), toy.subset(6, 4)
    assert (small.n_train, small.n_test) == (3, 2)
    assert np.array_equal(small.x_train, large.x_train[:3])
    assert np.array_equal(small.y_test, large.y_test[:2])
    assert small.provenance["subset_of"] == [12, 5]
    for image, label in zip(large.x_train, large.y_train, strict=True):
        assert label in toy.y_train[(toy.x_train == image).all(axis=(1, 2, 3))]


@pytest.mark.parametrize("size", [(13, 5), (12, 6), (0, 1), (1, 0)])
def test_subset_larger_than_the_set_says_what_is_allowed(size: tuple[int, int]) -> None:
    with pytest.raises(WhichtaskError, match="1 to 12 and 1 to 5"):
        make().subset(*size)
