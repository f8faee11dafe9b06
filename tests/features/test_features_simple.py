"""Simple features of images whose features are known, and their invariances."""

import colorsys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from whichtask.tasks import simple_features
from whichtask.tasks.features import GROUPS, Images


def measured(image: Images) -> dict[str, float]:
    features = simple_features(image[None])
    return dict(zip(features.names, features.values[0].tolist(), strict=True))


def test_an_even_image_has_brightness_only() -> None:
    found = measured(np.full((8, 8, 1), 51, np.uint8))
    assert found.pop("brightness") == pytest.approx(0.2)
    assert (found.pop("centre_x"), found.pop("centre_y")) == pytest.approx((0.5, 0.5))
    assert found.pop("spread") > 0
    assert set(found) == {"deviation", "range", "edge_x", "edge_y", "strong_edges"}
    assert list(found.values()) == pytest.approx([0] * 5, abs=1e-7)


def test_a_vertical_edge() -> None:
    image = np.zeros((10, 10, 1), np.uint8)
    image[:, 5:] = 255
    found = measured(image)
    assert (found["brightness"], found["deviation"], found["range"]) == pytest.approx((0.5, 0.5, 1))
    # One of ten columns changes by 1 to its right neighbour.
    assert (found["edge_x"], found["edge_y"], found["strong_edges"]) == pytest.approx((0.1, 0, 0.1))


@pytest.mark.parametrize(("row", "column"), [(2, 3), (9, 12)])
@pytest.mark.parametrize("inverted", [False, True])
def test_the_place_of_a_square(row: int, column: int, inverted: bool) -> None:
    image = np.zeros((16, 16, 1), np.uint8)
    image[row : row + 3, column : column + 3] = 200
    found = measured(255 - image if inverted else image)
    assert found["centre_y"] == pytest.approx((row + 1.5) / 16, abs=1e-3)
    assert found["centre_x"] == pytest.approx((column + 1.5) / 16, abs=1e-3)
    # Of three places a side, two are one pixel from the centre: 2/3 in each direction.
    assert found["spread"] == pytest.approx(np.sqrt(4 / 3) / 16, abs=1e-3)


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_hue_and_saturation_are_those_of_the_colour(colour: tuple[int, int, int]) -> None:
    found = measured(np.broadcast_to(np.array(colour, np.uint8), (4, 4, 3)).copy())
    hue, saturation, _ = colorsys.rgb_to_hsv(*(part / 255 for part in colour))
    assert found["saturation"] == pytest.approx(saturation, abs=1e-5)
    assert found["brightness"] == pytest.approx(sum(colour) / 765, abs=1e-5)
    angle = np.arctan2(found["hue_sin"], found["hue_cos"])
    assert np.hypot(found["hue_sin"], found["hue_cos"]) == pytest.approx(saturation, abs=1e-4)
    if saturation > 0.01:
        # The hexagon's hue and the circle's are at most 1.2 degrees apart.
        assert np.cos(angle - 2 * np.pi * hue) > np.cos(np.radians(1.2))


@given(arrays(np.uint8, array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=9), elements=st.integers(0, 255)))
def test_a_mirror_image_has_the_mirrored_place(image: Images) -> None:
    grey = image[..., :1]
    found, mirrored = measured(grey), measured(grey[:, ::-1])
    assert np.isfinite(list(found.values())).all()
    assert mirrored.pop("centre_x") == pytest.approx(1 - found.pop("centre_x"), abs=1e-4)
    # The change to the right is counted at the left of its two pixels, so a pixel may be another one's strong edge.
    found.pop("strong_edges"), mirrored.pop("strong_edges")
    assert mirrored == pytest.approx(found, abs=1e-4)


def test_many_images_are_measured_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.random.default_rng(0).integers(0, 256, (23, 6, 5, 3), dtype=np.uint8)
    together = simple_features(images)
    monkeypatch.setattr("whichtask.tasks.features.CHUNK", 4)
    in_parts = simple_features(images)
    alone = np.concatenate([simple_features(image[None]).values for image in images])
    assert together.values == pytest.approx(alone, abs=1e-6)
    assert np.array_equal(together.values, in_parts.values)
    assert together.values.dtype == np.float32


def test_groups_hold_all_features_once() -> None:
    features = simple_features(np.random.default_rng(1).integers(0, 256, (5, 8, 8, 3), dtype=np.uint8))
    assert features.names == tuple(name for group in GROUPS.values() for name in group)
    assert np.array_equal(np.concatenate([features.group(name) for name in GROUPS], axis=1), features.values)
    grey = simple_features(np.zeros((1, 8, 8, 1), np.uint8))
    assert grey.group("colour").shape == (1, 1)
