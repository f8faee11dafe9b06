"""How the images are divided, and what normalising does to each."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.gbi.images.data import DEVIATION, HIGHEST, LOWEST, MEAN, divide_images, in_arm, prepared, rescaled


def test_parts_are_disjoint_and_drawn_by_the_seed(foreign_images: ImageSet) -> None:
    """Every image is one grey level of its own, so that it can be recognised."""
    levels = np.arange(200, dtype=np.uint8).reshape(200, 1, 1, 1) * np.ones((1, 8, 8, 1), np.uint8)
    labels = np.repeat(np.arange(4), 40)
    images = ImageSet("levels", levels[:160], labels, levels[160:], labels[::4], ("a", "b", "c", "d"))

    def drawn(key: tuple[int, int]) -> tuple[set[int], set[int], set[int]]:
        divided = divide_images(images, foreign_images, 100, 50, 20, key)
        train, validation, test = (
            {round(float(image.mean()) * 255) for image in part.images}
            for part in (divided.train, divided.validation, divided.test)
        )
        return train, validation, test

    train, validation, test = drawn((0, 0))
    assert [len(train), len(validation), len(test)] == [100, 50, 20]
    assert not train & validation
    assert max(train | validation) < 160 <= min(test)
    assert drawn((0, 0)) == (train, validation, test)
    assert drawn((0, 1)) != (train, validation, test)


def test_labels_stay_with_their_images(small_images: ImageSet, foreign_images: ImageSet) -> None:
    divided = divide_images(small_images, foreign_images, None, 50, None, (0, 0))
    assert len(divided.train.labels) == 350
    assert len(divided.test.labels) == 100
    for part in (divided.train, divided.validation, divided.test):
        quadrants = part.images.reshape(-1, 2, 4, 2, 4).mean(dim=(2, 4)).flatten(1)
        assert torch.equal(quadrants.argmax(dim=1), part.labels)


def test_fewer_images_than_asked_for_are_all_there_are(small_images: ImageSet, foreign_images: ImageSet) -> None:
    divided = divide_images(small_images, foreign_images, 10_000, 50, 10_000, (0, 0))
    assert len(divided.train.labels) == 350
    assert len(divided.outside) == 60


def test_too_few_or_unequal_images_are_refused(small_images: ImageSet, foreign_images: ImageSet) -> None:
    with pytest.raises(WhichtaskError, match="too few beside validation_images = 398"):
        divide_images(small_images, foreign_images, None, 398, None, (0, 0))
    large = np.zeros((2, 16, 16, 1), np.uint8)
    other = ImageSet("large", large, np.zeros(2, np.int64), large, np.zeros(2, np.int64), ("x",))
    with pytest.raises(WhichtaskError, match=r"\(8, 8, 1\) and of large \(16, 16, 1\)"):
        divide_images(small_images, other, None, 50, None, (0, 0))


@settings(deadline=None, max_examples=30)
@given(contrast=st.floats(0.05, 1), brightness=st.floats(0, 1), seed=st.integers(0, 100))
def test_a_normalised_image_has_the_same_statistics_whatever_its_contrast(
    contrast: float, brightness: float, seed: int
) -> None:
    base = torch.rand(3, 1, 6, 6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    images = brightness * (1 - contrast) + contrast * base
    found = rescaled(images)
    torch.testing.assert_close(found.mean(dim=(1, 2, 3)), torch.full((3,), MEAN, dtype=torch.float64))
    deviations = found.std(dim=(1, 2, 3), correction=0)
    torch.testing.assert_close(deviations, torch.full((3,), DEVIATION, dtype=torch.float64))
    torch.testing.assert_close(found, rescaled(base))


def test_the_normalised_arm_is_an_affine_map_of_rescaled_values() -> None:
    images = torch.rand(4, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    mapped = prepared(images, "normalised")
    torch.testing.assert_close(mapped * (HIGHEST - LOWEST) + LOWEST, rescaled(images))
    assert prepared(images, "raw") is images


def test_an_image_of_one_colour_becomes_one_finite_colour() -> None:
    mapped = prepared(torch.full((1, 1, 4, 4), 0.7), "normalised")
    torch.testing.assert_close(mapped, torch.full_like(mapped, (MEAN - LOWEST) / (HIGHEST - LOWEST)), atol=1e-4, rtol=0)


def test_the_arm_changes_images_and_not_their_classes(small_images: ImageSet, foreign_images: ImageSet) -> None:
    raw = divide_images(small_images, foreign_images, 100, 50, 20, (0, 0))
    normalised = in_arm(raw, "normalised")
    assert torch.equal(raw.test.labels, normalised.test.labels)
    torch.testing.assert_close(normalised.outside, prepared(raw.outside, "normalised"))
    assert in_arm(raw, "raw") is raw
