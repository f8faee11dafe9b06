"""Components, the gated autoencoder, and what is measured of it, each against its definition."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from whichtask.config.gbi import InferenceSettings
from whichtask.config.gbi.cifar100 import GatedSettings
from whichtask.errors import WhichtaskError
from whichtask.gbi import enumerate_losses, gradient_at, maximum_entropy, one_hot
from whichtask.gbi.autoencoder import squared_error
from whichtask.gbi.gated import Components, GatedAutoencoder, measure
from whichtask.seeding import seeded, torch_generator

KINDS = ("concatenated", "additive", "multiplicative", "bernoulli")


def network(kind: str = "bernoulli", code: int = 3, noise: float = 1.0) -> GatedAutoencoder:
    chosen = GatedSettings.model_validate({"encoder": 8, "code": code, "noise": noise, "hidden": 12, "entry": kind})
    with seeded("test hundred", kind):
        return GatedAutoencoder(6, 4, chosen, torch_generator("test hundred entry")).double().requires_grad_(False)


def images(count: int = 10) -> torch.Tensor:
    return torch.randn(count, 6, dtype=torch.float64, generator=torch_generator("test hundred images"))


def test_all_components_keep_the_squared_pixel_error() -> None:
    generator = torch_generator("test pixels")
    pixels = torch.randint(0, 256, (50, 2, 3, 2), generator=generator).to(torch.uint8)
    basis = Components.of(pixels, 12)
    torch.testing.assert_close(basis.basis.T @ basis.basis, torch.eye(12), atol=1e-5, rtol=0)
    values = basis.project(pixels)
    flat = pixels.flatten(1).float() / 255
    torch.testing.assert_close(squared_error(values[:25], values[25:]), squared_error(flat[:25], flat[25:]))
    torch.testing.assert_close(values.var(dim=0, correction=0), basis.variances, atol=1e-5, rtol=1e-3)
    assert (basis.variances.diff() <= 1e-7).all()
    assert basis.share == pytest.approx(1.0, abs=1e-5)
    few = Components.of(pixels, 4)
    torch.testing.assert_close(few.project(pixels), values[:, :4])
    with pytest.raises(WhichtaskError, match="12"):
        Components.of(pixels, 13)


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_is_quadratic_in_z(kind: str) -> None:
    """So a step between two points is exact up to the curvature between them, which the mid-point's gradient sees."""
    model, shown = network(kind), images()
    loss = model.loss(shown)
    a, b = (torch.rand(10, 4, dtype=torch.float64, generator=torch_generator("test z", n)) for n in range(2))
    _, gradient = gradient_at(loss, (a + b) / 2)
    torch.testing.assert_close(loss(b) - loss(a), (gradient * (b - a)).sum(dim=1))


def test_with_two_classes_one_step_finds_the_likelier_class() -> None:
    chosen = GatedSettings(encoder=8, code=3, hidden=12)
    with seeded("test two"):
        model = GatedAutoencoder(6, 2, chosen, torch_generator("test two entry")).double().requires_grad_(False)
    loss = model.loss(images(200))
    _, gradient = gradient_at(loss, maximum_entropy(200, 2, dtype=torch.float64))
    losses = enumerate_losses(loss, 200, 2, gradient)
    torch.testing.assert_close(losses[:, 1] - losses[:, 0], gradient[:, 1] - gradient[:, 0])


@settings(deadline=None, max_examples=20)
@given(scale=st.floats(1e-3, 1e3), code=st.integers(1, 5))
def test_a_code_cannot_outgrow_its_noise(scale: float, code: int) -> None:
    found = network(code=code).encode(images() * scale)
    torch.testing.assert_close(found.square().mean(dim=1), torch.ones(10, dtype=torch.float64))


def test_training_noise_is_drawn_as_asked_and_not_used_for_inference() -> None:
    model, shown = network(noise=2.0), images()
    z = one_hot(torch.arange(10) % 4, 4, torch.float64)
    quiet = network(noise=0.0)
    torch.testing.assert_close(quiet.training_loss(shown, z, torch_generator("a")), quiet.loss(shown)(z).mean())
    first, again, other = (model.training_loss(shown, z, torch_generator(key)) for key in ("a", "a", "b"))
    assert first == again
    assert first != other
    torch.testing.assert_close(model.loss(shown)(z), quiet.loss(shown)(z))


def test_without_a_code_the_decoder_sees_z_only() -> None:
    model = network(code=0)
    z = one_hot(torch.tensor([1, 1]), 4, torch.float64)
    rebuilt = model.decode(model.encode(images(2)), z)
    torch.testing.assert_close(rebuilt[0], rebuilt[1])


def test_batches_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    model, shown = network(), images()
    labels = torch.arange(10) % 4
    chosen = InferenceSettings(steps=4)

    def everything() -> tuple[list[float] | float, ...]:
        return (
            measure.gradients(model, shown).tolist(),
            measure.losses(model, shown).tolist(),
            measure.iterated(model, shown, chosen).tolist(),
            *measure.reliance(model, shown, labels, torch_generator("order")),
        )

    whole = everything()
    monkeypatch.setattr(measure, "BATCH", 3)
    for one, other in zip(whole, everything(), strict=True):
        assert (
            one == pytest.approx(other) if isinstance(one, float) else torch.tensor(one).allclose(torch.tensor(other))
        )


def test_reliance_is_measured_with_the_z_of_other_images() -> None:
    model, shown = network(), images()
    labels = torch.arange(10) % 4
    found = measure.reliance(model, shown, labels, torch_generator("order"))
    losses = enumerate_losses(model.loss(shown), 10, 4, shown)
    order = torch.randperm(10, generator=torch_generator("order"))
    rows = torch.arange(10)
    given_, permuted = losses[rows, labels].mean(), losses[rows, labels[order]].mean()
    assert found.given == pytest.approx(float(given_))
    assert found.permuted == pytest.approx(float(permuted))
    assert found.relative_rise == pytest.approx(float(permuted / given_ - 1))


def test_class_means_are_the_closed_form_of_a_decoder_without_a_code() -> None:
    shown, labels = images(), torch.tensor([0, 0, 1, 1, 1, 2, 2, 2, 0, 1])
    means = measure.class_means(shown, labels, 4)
    for label in range(3):
        torch.testing.assert_close(means[label], shown[labels == label].mean(dim=0))
    torch.testing.assert_close(means[3], shown.mean(dim=0))
    free = means[:3].clone().requires_grad_()
    total = measure.mean_loss(free, shown)(one_hot(labels, 3, torch.float64)).sum()
    (gradient,) = torch.autograd.grad(total, free)
    torch.testing.assert_close(gradient, torch.zeros_like(gradient), atol=1e-12, rtol=0)
