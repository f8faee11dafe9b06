"""The losses against their definitions, and what they must not depend on."""

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from whichtask.discovery.losses import agreement_loss, soft_cross_entropy, uniformity

UNIFORM_FLOOR = {8: 4.918, 32: 4.248, 128: 4.062}
"""Of the uniformity loss at temperature 2, by dimension (fact sheet, section 1.4)."""


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_uniformity_by_its_definition() -> None:
    embeddings = normal(6, 3)
    z = embeddings / embeddings.norm(dim=1, keepdim=True)
    pairs = [math.exp(-2 * float((z[i] - z[j]).pow(2).sum())) for i, j in itertools.combinations(range(6), 2)]
    expected = math.log(sum(pairs) / len(pairs)) + 8
    assert uniformity(embeddings).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("dimensions", "floor"), UNIFORM_FLOOR.items())
def test_uniformity_of_a_uniform_sphere(dimensions: int, floor: float) -> None:
    assert uniformity(normal(4_000, dimensions)).item() == pytest.approx(floor, abs=0.01)


@given(seed=st.integers(0, 50), scale=st.floats(0.1, 10))
def test_uniformity_knows_directions_only(seed: int, scale: float) -> None:
    embeddings = normal(7, 4, seed=seed)
    rotation = torch.linalg.qr(normal(4, 4, seed=seed + 1)).Q
    assert uniformity(scale * embeddings @ rotation).item() == pytest.approx(uniformity(embeddings).item(), rel=1e-9)


@given(seed=st.integers(0, 50))
def test_agreement_loss_is_symmetric_and_blind_to_the_order_of_classes(seed: int) -> None:
    first, second = normal(5, 2, seed=seed), normal(5, 2, seed=seed + 1)
    loss = agreement_loss(first, second).item()
    assert agreement_loss(second, first).item() == pytest.approx(loss)
    assert agreement_loss(first.flip(1), second.flip(1)).item() == pytest.approx(loss)


def test_agreement_loss_is_zero_for_equal_certainty_and_large_for_certain_conflict() -> None:
    sure = torch.tensor([[30.0, -30.0]], dtype=torch.float64)
    assert agreement_loss(sure, sure).item() == pytest.approx(0, abs=1e-9)
    assert agreement_loss(sure, -sure).item() == pytest.approx(60)


def test_soft_cross_entropy_equals_torchs_own() -> None:
    logits, targets = normal(9, 2), torch.softmax(normal(9, 2, seed=1), 1)
    assert soft_cross_entropy(logits, targets).item() == pytest.approx(
        torch.nn.functional.cross_entropy(logits, targets).item()
    )
