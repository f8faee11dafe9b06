"""The generated data set: its randomness, its factors and its 99 tasks."""

import numpy as np
import pytest

from whichtask.artifacts import digest
from whichtask.data import factors32
from whichtask.data.factors32 import FACTORS, Nuisance
from whichtask.errors import WhichtaskError


def nuisance(n: int) -> Nuisance:
    rng = np.random.default_rng(3)
    return Nuisance(
        jitter=rng.uniform(-1, 1, (n, 6)),
        texture=rng.random((n, 32, 32), np.float32),
        noise=rng.standard_normal((n, 32, 32, 3), np.float32),
    )


def test_bytes_are_pinned() -> None:
    """A changed digest changes every published result on this data set: change it on purpose or not at all."""
    images, factors = factors32.generate(64, seed=0)
    assert digest(factors) == "044b7ad737b03245ed773fa33f1dd273c129cf0f441be2fd8af29aabbb2aa4b1"
    assert digest(images) == "3ec21f1180950382199bebbb6032c0adfd9eebf85e07c0d77824091d80b6974a"


@pytest.mark.parametrize("chunk", [1, 7, 64])
def test_chunk_size_and_number_of_images_do_not_change_an_image(chunk: int) -> None:
    images, factors = factors32.generate(40, seed=5)
    fewer, values = factors32.generate(23, seed=5, chunk=chunk)
    assert np.array_equal(images[:23], fewer)
    assert np.array_equal(factors[:23], values)


def test_seeds_differ() -> None:
    assert not np.array_equal(factors32.generate(8, seed=0)[1], factors32.generate(8, seed=1)[1])


def test_imageset_has_shape_as_class_and_the_factor_table() -> None:
    imageset = factors32.make(30, 10, seed=4)
    assert imageset.images.shape == (40, 32, 32, 3)
    assert imageset.factors is not None
    assert imageset.factors.shape == (40, 10)
    assert imageset.factor_names == tuple(FACTORS)
    assert np.array_equal(imageset.labels, imageset.factors[:, 0])
    assert imageset.class_names == ("ellipse", "triangle", "heart", "arrow", "L", "crescent")
    assert np.array_equal(imageset.x_test, factors32.generate(10, seed=5)[0])
    assert imageset.provenance == {"seed": 4}


def test_no_images_is_refused() -> None:
    with pytest.raises(WhichtaskError, match="0 images were asked for"):
        factors32.make(0, 10)


def test_factors_are_uniform_and_independent() -> None:
    n = 20_000
    values = np.concatenate([factors for _, factors, _ in factors32._draws(n, 0, 200)])
    for column, k in enumerate(FACTORS.values()):
        counts = np.bincount(values[:, column], minlength=k)
        assert len(counts) == k
        # Five standard deviations of a binomial count.
        assert np.abs(counts - n / k).max() < 5 * np.sqrt(n / k * (1 - 1 / k))
    correlation = np.corrcoef(values.T) - np.eye(10)
    assert np.abs(correlation).max() < 5 / np.sqrt(n)


@pytest.mark.parametrize("factor", FACTORS)
def test_each_value_of_each_factor_looks_different(factor: str) -> None:
    """With the same nuisance, two values of one factor differ by far more than a grey level on average."""
    k = FACTORS[factor]
    column = list(FACTORS).index(factor)
    base = np.zeros(10, np.int8)
    base[list(FACTORS).index("scale")] = 2
    factors = np.tile(base, (k, 1))
    factors[:, column] = np.arange(k)
    one = nuisance(1)
    same = Nuisance(one.jitter.repeat(k, 0), one.texture.repeat(k, 0), one.noise.repeat(k, 0))
    images = factors32.render(factors, same).astype(float)
    for a in range(k):
        for b in range(a):
            assert np.abs(images[a] - images[b]).mean() > 2, (factor, a, b)


def test_all_four_orientations_of_every_shape_differ() -> None:
    for shape in range(FACTORS["shape"]):
        factors = np.zeros((4, 10), np.int8)
        factors[:, :4] = [[shape, 0, 3, orient] for orient in range(4)]
        still = Nuisance(np.zeros((4, 6)), np.zeros((4, 32, 32), np.float32), np.zeros((4, 32, 32, 3), np.float32))
        images = factors32.render(factors, still).astype(float)
        assert min(np.abs(images[a] - images[b]).mean() for a in range(4) for b in range(a)) > 4


def test_nuisance_alone_is_small() -> None:
    factors = np.zeros((20, 10), np.int8)
    images = factors32.render(factors, nuisance(20)).astype(float)
    assert 2 < images.std(axis=0).mean() < 20
