"""The 96 classes of factors32 and the coarse classes."""

import numpy as np
import pytest

from whichtask.data import ImageSet
from whichtask.data.factors32 import FACTORS, make
from whichtask.data.hundred import CIFAR100_COARSE, PARTS, coarse, factors32_hundred
from whichtask.errors import WhichtaskError


def test_classes_name_the_factors_they_are_made_of() -> None:
    images = make(300, 40)
    hundred = factors32_hundred(images)
    assert len(hundred.class_names) == 96
    assert len(set(hundred.class_names)) == 96
    assert hundred.name == "factors32_96"
    assert (hundred.images == images.images).all()
    assert images.factors is not None
    shapes = images.class_names
    for label, row in zip(hundred.labels, images.factors, strict=True):
        values = dict(zip(FACTORS, row, strict=True))
        line = "outline" if values["outline"] else "no outline"
        assert hundred.class_names[label] == f"{shapes[values['shape']]}, hue {values['hue']}, {line}"


def test_images_without_these_factors_are_refused(small_images: ImageSet) -> None:
    with pytest.raises(WhichtaskError, match="outline"):
        factors32_hundred(small_images)


def test_coarse_classes() -> None:
    fine = tuple(sorted(name for members in CIFAR100_COARSE.values() for name in members))
    assert len(fine) == len(set(fine)) == 100
    found = coarse(fine)
    assert found is not None
    names, above = found
    assert sorted(names) == sorted(CIFAR100_COARSE)
    assert (np.bincount(above) == 5).all()
    assert all(fine[place] in CIFAR100_COARSE[names[group]] for place, group in enumerate(above))
    hundred = factors32_hundred(make(4, 2))
    shapes = coarse(hundred.class_names)
    assert shapes is not None
    assert (np.bincount(shapes[1]) == 96 // FACTORS[PARTS[0]]).all()
    assert coarse(("cat", "dog")) is None
