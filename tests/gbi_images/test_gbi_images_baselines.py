"""The baselines against plain loops, and the pure generative model against the class means."""

import pytest
import torch
from torch import Tensor

from whichtask.config.gbi.inference import AutoencoderSettings, InferenceSettings
from whichtask.gbi.abstraction import one_hot
from whichtask.gbi.autoencoder import Autoencoder, squared_error
from whichtask.gbi.images.baselines import class_means, entropy_gradient, input_norms, mean_distances, weight_norms
from whichtask.gbi.images.data import Labelled, Parts
from whichtask.gbi.images.table import iterated, losses_of, reliance
from whichtask.seeding import seeded, torch_generator

CLASSES = 4


@pytest.fixture
def model() -> Autoencoder:
    chosen = AutoencoderSettings(channels=[3, 3], code=2)
    with seeded("test"):
        return Autoencoder((8, 8, 1), CLASSES, chosen, torch_generator("test")).double()


@pytest.fixture
def images() -> Tensor:
    return torch.rand(5, 1, 8, 8, generator=torch_generator("test images"), dtype=torch.float64)


def test_class_means_are_those_of_a_loop_and_absent_classes_are_zero(images: Tensor) -> None:
    labels = torch.tensor([0, 2, 2, 0, 3])
    means = class_means(images, labels, CLASSES)
    for label in (0, 2, 3):
        torch.testing.assert_close(means[label], images[labels == label].mean(dim=0))
    assert not means[1].any()
    distances = mean_distances(images, means)
    assert float(distances[1, 2]) == pytest.approx(float((images[1] - means[2]).square().sum()))


def test_norms_over_weights_are_those_of_one_backward_pass_each(model: Autoencoder, images: Tensor) -> None:
    found = weight_norms(model, images)
    assert found.shape == (5, CLASSES)
    for row, label in ((0, 1), (4, 3)):
        model.zero_grad()
        z = one_hot(torch.tensor([label]), CLASSES, torch.float64)
        squared_error(model(images[row : row + 1], z), images[row : row + 1]).sum().backward()
        decoder = [p.grad for name, p in model.named_parameters() if not name.startswith("encoder")]
        expected = sum(float(part.square().sum()) for part in decoder if part is not None) ** 0.5
        assert float(found[row, label]) == pytest.approx(expected, rel=1e-9)


def test_norms_over_z_are_finite_differences(model: Autoencoder, images: Tensor) -> None:
    found = input_norms(model, images)
    step = 1e-6
    z = one_hot(torch.tensor([2]), CLASSES, torch.float64)
    with torch.no_grad():
        slopes = [
            (
                squared_error(model(images[:1], z + step * e), images[:1])
                - squared_error(model(images[:1], z - step * e), images[:1])
            )
            / (2 * step)
            for e in torch.eye(CLASSES, dtype=torch.float64)[:, None]
        ]
    assert float(found[0, 2]) == pytest.approx(float(torch.stack(slopes).norm()), rel=1e-5)


def test_the_entropy_gradient_is_a_finite_difference_of_pixel_entropy(model: Autoencoder, images: Tensor) -> None:
    def uncertainty(z: Tensor) -> Tensor:
        p = model(images, z)
        bits: Tensor = p * p.log() + (1 - p) * (1 - p).log()
        return -bits.flatten(1).sum(dim=1)

    found, step = entropy_gradient(model, images), 1e-6
    uniform = torch.full((5, CLASSES), 1 / CLASSES, dtype=torch.float64)
    with torch.no_grad():
        for label in range(CLASSES):
            change = step * torch.eye(CLASSES, dtype=torch.float64)[label]
            slope = (uncertainty(uniform + change) - uncertainty(uniform - change)) / (2 * step)
            torch.testing.assert_close(found[:, label], slope, rtol=1e-5, atol=1e-7)


def test_losses_and_iterations_do_not_depend_on_the_chunk(
    model: Autoencoder, images: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = InferenceSettings(steps=3)
    whole = losses_of(model, images), iterated(model, images, steps)
    monkeypatch.setattr("whichtask.gbi.images.table.CHUNK", 2)
    for first, second in zip(whole, (losses_of(model, images), iterated(model, images, steps)), strict=True):
        torch.testing.assert_close(first, second)


def test_a_decoder_that_ignores_z_does_not_rely_on_it(model: Autoencoder, parts: Parts) -> None:
    part = Labelled(parts.test.images.double(), parts.test.labels)
    assert abs(reliance(model, part, (0, 0))) > 1e-9
    first = model.rest[0]
    assert isinstance(first, torch.nn.Linear)
    with torch.no_grad():
        first.weight[:, 2:] = 0  # the columns of Z, which comes after the code
    assert reliance(model, part, (0, 0)) == 0
