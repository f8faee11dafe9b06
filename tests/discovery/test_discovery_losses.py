"""The losses against their definitions, and what they must not depend on."""

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from whichtask.discovery.losses import agreement_loss, dependence, mutual_information, soft_cross_entropy, uniformity

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


def soft(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.softmax(2 * normal(*shape, seed=seed), -1)


def test_mutual_information_of_independent_and_of_equal_tasks() -> None:
    """All four combinations of two binary tasks, equally often: independent. A task with itself: its entropy."""
    first = torch.tensor([0, 0, 1, 1] * 5)
    second = torch.tensor([0, 1, 0, 1] * 5)
    rare = torch.tensor([1, 0, 0, 0] * 5)
    labels = torch.nn.functional.one_hot(torch.stack([first, second, rare]), 2).double()
    found = mutual_information(labels)
    assert found[0, 1].item() == pytest.approx(0, abs=1e-7)
    entropy = -(0.25 * math.log(0.25) + 0.75 * math.log(0.75))
    assert found.diagonal().tolist() == pytest.approx([math.log(2), math.log(2), entropy], abs=1e-6)
    torch.testing.assert_close(mutual_information(labels[[0, 2]].flip(2)), mutual_information(labels[[0, 2]]))


@given(seed=st.integers(0, 50), classes=st.integers(2, 4))
def test_mutual_information_by_its_definition_and_its_symmetries(seed: int, classes: int) -> None:
    labels = soft(3, 11, classes, seed=seed)
    found = mutual_information(labels)
    joint = labels[0].T @ labels[2] / 11
    product = labels[0].mean(0)[:, None] * labels[2].mean(0)[None]
    assert found[0, 2].item() == pytest.approx(float((joint * (joint / product).log()).sum()), rel=1e-9)
    assert (found > -1e-12).all()
    torch.testing.assert_close(found, found.T)
    order = torch.randperm(11, generator=torch.Generator().manual_seed(seed))
    torch.testing.assert_close(mutual_information(labels[:, order].flip(2)), found)


def test_dependence_by_its_definition() -> None:
    labels = soft(3, 11, 2)
    mi = mutual_information(labels)
    pairs = math.log(sum(float(mi[i, j]) for i, j in itertools.combinations(range(3), 2)))
    rates = labels.mean(1)
    imbalance = float((rates * (rates / 0.5).log()).sum(1).mean())
    entropy = float(-(labels * labels.log()).sum(2).mean())
    assert dependence(labels, 0.7, 0.2).item() == pytest.approx(pairs + 0.7 * imbalance + 0.2 * entropy, rel=1e-9)
    alone = dependence(labels[:1], 0.0, 1.0).item()
    assert alone == pytest.approx(float(-(labels[0] * labels[0].log()).sum(1).mean()), rel=1e-9)


def test_gradients_of_dependence_by_finite_differences() -> None:
    logits = normal(3, 7, 2).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: dependence(torch.softmax(x, -1), 0.7, 0.2), (logits,))


def test_dependence_of_certain_labels_is_finite_and_so_is_its_gradient() -> None:
    logits = torch.tensor([[[200.0, -200.0]] * 4, [[200.0, -200.0], [-200.0, 200.0]] * 2], requires_grad=True)
    loss = dependence(torch.softmax(logits, -1), 1.0, 0.1)
    (slope,) = torch.autograd.grad(loss, logits)
    assert loss.isfinite()
    assert slope.isfinite().all()
