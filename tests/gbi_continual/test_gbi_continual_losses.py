"""Fisher information, penalty and distillation against their definitions, in float64."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from whichtask.gbi.continual.classifier import (
    Classifier,
    distillation,
    ewc_penalty,
    fisher,
    masked_logits,
    width_for,
)
from whichtask.seeding import seeded, torch_generator


def classifier(inputs: int = 5, width: int = 4, classes: int = 6) -> Classifier:
    with seeded("test continual"):
        return Classifier(inputs, width, classes).double()


def images(count: int = 7) -> torch.Tensor:
    return torch.randn(count, 5, dtype=torch.float64, generator=torch_generator("test continual images"))


@pytest.mark.parametrize("classes", [[0, 1], [2, 5], list(range(6))])
def test_fisher_is_the_mean_square_of_each_images_own_gradient(classes: list[int]) -> None:
    model, shown = classifier(), images()
    found = fisher(model, shown, classes)
    expected = {name: torch.zeros_like(value) for name, value in model.named_parameters()}
    for image in shown:
        log_p = masked_logits(model(image[None]), classes).log_softmax(dim=1)[0]
        for value in log_p:
            gradients = torch.autograd.grad(value, list(model.parameters()), retain_graph=True)
            for name, gradient in zip(expected, gradients, strict=True):
                expected[name] += value.detach().exp() * gradient.square() / len(shown)
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value)
    assert any(float(value.abs().sum()) > 0 for value in found.values())


def test_penalty_and_its_gradient() -> None:
    model = classifier()
    named = dict(model.named_parameters())
    draws = torch_generator("test anchors")

    def like(scale: float) -> dict[str, torch.Tensor]:
        return {n: scale * torch.rand(v.shape, generator=draws, dtype=torch.float64) for n, v in named.items()}

    anchors = [(like(1.0), like(3.0)), (like(2.0), like(0.5))]
    penalty = ewc_penalty(model, anchors)
    expected = sum(
        float((information[name] * (named[name].detach() - weights[name]) ** 2).sum()) / 2
        for weights, information in anchors
        for name in named
    )
    assert penalty.item() == pytest.approx(expected)
    gradients = torch.autograd.grad(penalty, list(named.values()))
    for (name, value), gradient in zip(named.items(), gradients, strict=True):
        pull = sum(information[name] * (value - weights[name]) for weights, information in anchors)
        torch.testing.assert_close(gradient, pull)
    assert ewc_penalty(model, []).item() == 0


def test_distillation_is_least_where_nothing_changed_and_its_gradient_there_is_zero() -> None:
    old = torch.randn(8, 4, dtype=torch.float64, generator=torch_generator("old"))
    now = old.clone().requires_grad_()
    loss = distillation(now, old, 2.0)
    (gradient,) = torch.autograd.grad(loss, now)
    torch.testing.assert_close(gradient, torch.zeros_like(gradient), atol=1e-12, rtol=0)
    entropy = torch.distributions.Categorical(logits=old / 2).entropy().mean()
    torch.testing.assert_close(loss.detach(), 4 * entropy)
    assert distillation(old + torch.eye(8, 4), old, 2.0) > loss.detach()


@settings(deadline=None, max_examples=50)
@given(width=st.integers(1, 400), inputs=st.integers(1, 800), classes=st.integers(2, 20))
def test_the_width_gives_the_number_of_parameters(width: int, inputs: int, classes: int) -> None:
    parameters = inputs * width + width + width**2 + width + width * classes + classes
    assert width_for(parameters, inputs, classes) == width
