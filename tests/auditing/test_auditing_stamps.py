"""Stamps: what repeats and does not follow from the rest of the image; information as sklearn counts it."""

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from whichtask.auditing.cuts import information, phi
from whichtask.auditing.explain import WORDS
from whichtask.auditing.measured import families
from whichtask.auditing.sources import looks
from whichtask.auditing.stamps import COARSE, stamp_cuts

N, SIZE = 600, 16


def noise(channels: int = 1, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw images without any repetition, four classes, and a mark that goes with two of them."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, N)
    mark = rng.random(N) < np.where(labels < 2, 0.85, 0.15)
    return rng.integers(0, 256, (N, SIZE, SIZE, channels)).astype(np.uint8), labels, mark


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("level", [0, 130, 255])
def test_a_stamp_is_found_with_its_place_whatever_its_level(channels: int, level: int) -> None:
    images, labels, mark = noise(channels)
    images[mark, 2:5, 9:12] = level
    first, *others = stamp_cuts(images, labels, np.arange(N // 2))
    assert phi(first.labels, mark) > 0.99  # the second half was not searched
    assert first.source == "stamp: rows 2 to 4, columns 9 to 11"
    assert first.evidence == pytest.approx(float(information(mark[None, : N // 2], labels[: N // 2])[0]), abs=0.02)
    assert all(one.evidence < first.evidence / 2 for one in others)  # a part of it with a neighbour, by chance


def test_levels_that_a_codec_moves_a_little_are_one_pattern() -> None:
    images, labels, mark = noise()
    wobble = np.random.default_rng(1).integers(-3, 4, (N, 3, 3, 1))
    images[:, 2:5, 2:5] = np.where(mark[:, None, None, None], (8 << COARSE) + wobble, images[:, 2:5, 2:5])
    assert phi(stamp_cuts(images, labels, np.arange(N))[0].labels, mark) > 0.99


def test_what_follows_from_the_rest_of_the_image_is_no_stamp() -> None:
    images, labels, mark = noise()
    images[mark, 2:5, 9:12] = 0
    images[mark, :, :8] //= 2  # what is shown there is darker too
    assert all(abs(phi(one.labels, mark)) < 0.6 for one in stamp_cuts(images, labels, np.arange(N)))


def test_without_repetition_or_with_one_class_there_is_none() -> None:
    images, labels, mark = noise()
    assert not stamp_cuts(images, labels, np.arange(N))
    images[mark, 2:5, 2:5] = 0
    assert not stamp_cuts(images, np.zeros(N, np.int64), np.arange(N))


def test_information_is_that_of_sklearn_less_the_bias() -> None:
    _, labels, mark = noise()
    sides = np.stack([mark, ~mark, labels == 1])
    expected = [mutual_info_score(side, labels) - 3 / 2 / N for side in sides]
    np.testing.assert_allclose(information(sides, labels), expected, atol=1e-6)


def test_every_family_of_measurements_has_words() -> None:
    images, labels, mark = noise()
    images[mark, 2:5, 2:5] = 0
    stamp = stamp_cuts(images, labels, np.arange(N))[0].source.partition(":")[0]
    assert {stamp, *families(images), *looks(images, np.arange(N))} <= set(WORDS)
