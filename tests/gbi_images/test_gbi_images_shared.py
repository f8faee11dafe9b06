"""The shared autoencoder and fit: exact resume, and what they refuse."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from whichtask.config.gbi.inference import AutoencoderSettings, FitSettings
from whichtask.errors import WhichtaskError
from whichtask.gbi.abstraction import maximum_entropy, one_hot
from whichtask.gbi.autoencoder import Autoencoder, reconstruction_loss, squared_error
from whichtask.gbi.fit import BatchLoss, fit
from whichtask.gbi.images.data import Parts
from whichtask.machine import interrupts
from whichtask.seeding import seeded, torch_generator
from whichtask.training.live import LiveState

SHAPE = (8, 8, 1)
SETTINGS = FitSettings(epochs=4, batch_size=30)


def built(chosen: AutoencoderSettings, tasks: int = 4) -> Autoencoder:
    with seeded("test"):
        return Autoencoder(SHAPE, tasks, chosen, torch_generator("test"))


def noisy(parts: Parts, model: Autoencoder) -> tuple[BatchLoss, Tensor]:
    images, labels = parts.train

    def loss(rows: Tensor, generator: torch.Generator) -> Tensor:
        noise = torch.randn(len(rows), model.code, generator=generator)
        return model.training_loss(images[rows], one_hot(labels[rows], 4), noise)

    return loss, torch.arange(len(labels))


class Killed(Exception):
    """Stands for a signal."""


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
@pytest.mark.parametrize("after", [1, 2])
def test_a_killed_fit_goes_on_bit_for_bit(parts: Parts, tmp_path: Path, after: int, schedule: str) -> None:
    chosen = AutoencoderSettings(channels=[4], code=3, noise=0.3)
    settings = FitSettings.model_validate(SETTINGS.model_dump() | {"schedule": schedule})
    whole = built(chosen)
    loss, rows = noisy(parts, whole)
    history = fit(whole, loss, rows, settings, ("k",), LiveState(tmp_path / "a", {}), "net")

    def kill(epoch: int) -> bool:
        if epoch == after + 1:
            raise Killed
        return False

    live = LiveState(tmp_path / "b", {}, every=0)  # saves after every epoch
    first, again = built(chosen), built(chosen)
    with pytest.raises(Killed):
        fit(first, noisy(parts, first)[0], rows, settings, ("k",), live, "net", kill)
    resumed = fit(again, noisy(parts, again)[0], rows, settings, ("k",), live, "net")
    assert resumed.equals(history)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name
    assert not interrupts.pending()


def plain_adam(model: Autoencoder, images: Tensor, rates: list[float]) -> None:
    """Adam as its paper writes it, one step on all images with each of these step sizes."""
    state = {name: (torch.zeros_like(value), torch.zeros_like(value)) for name, value in model.named_parameters()}
    for step, rate in enumerate(rates, 1):
        model.zero_grad()
        model.training_loss(images, one_hot(torch.zeros(len(images), dtype=torch.long), 4, images.dtype)).backward()
        for name, weight in model.named_parameters():
            assert weight.grad is not None
            first, second = state[name]
            first.mul_(0.9).add_(weight.grad, alpha=0.1)
            second.mul_(0.999).add_(weight.grad**2, alpha=0.001)
            mean, spread = first / (1 - 0.9**step), second / (1 - 0.999**step)
            weight.data -= rate * mean / (spread.sqrt() + 1e-8)


@pytest.mark.parametrize(("schedule", "factors"), [("constant", [1.0] * 4), ("cosine", [1.0, 0.853553, 0.5, 0.146447])])
def test_the_step_size_follows_its_schedule(parts: Parts, tmp_path: Path, schedule: str, factors: list[float]) -> None:
    settings = FitSettings.model_validate({"epochs": 4, "batch_size": 30, "learning_rate": 0.01, "schedule": schedule})
    chosen = AutoencoderSettings(channels=[4], code=3)
    images = parts.train[0][:30].double()
    whole, plain = built(chosen).double(), built(chosen).double()

    def loss(rows: Tensor, _: torch.Generator) -> Tensor:
        return whole.training_loss(images, one_hot(torch.zeros(len(rows), dtype=torch.long), 4, images.dtype))

    fit(whole, loss, torch.arange(30), settings, ("k",), LiveState(tmp_path, {}), "net")  # one batch an epoch
    plain_adam(plain, images, [0.01 * factor for factor in factors])
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(value, plain.state_dict()[name], rtol=1e-4, atol=1e-6)


def test_a_finished_fit_is_taken_from_live_state(parts: Parts, tmp_path: Path) -> None:
    chosen = AutoencoderSettings(channels=[4], code=3)
    live = LiveState(tmp_path, {})
    first, again = built(chosen), built(chosen)
    loss, rows = noisy(parts, first)
    history = fit(first, loss, rows, SETTINGS, ("k",), live, "net", lambda epoch: epoch == 2)
    assert len(history) == 2
    assert not first.training

    def never(rows: Tensor, generator: torch.Generator) -> Tensor:
        raise AssertionError("a finished network is not trained")

    assert fit(again, never, rows, SETTINGS, ("k",), live, "net").equals(history)
    assert not again.training
    for name, value in first.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


def test_the_order_depends_on_the_key_and_training_lowers_the_loss(parts: Parts, tmp_path: Path) -> None:
    chosen = AutoencoderSettings(channels=[4], code=3)
    histories = []
    for number, key in enumerate(("a", "a", "b")):
        model = built(chosen)
        loss, rows = noisy(parts, model)
        histories.append(fit(model, loss, rows, SETTINGS, (key,), LiveState(tmp_path / str(number), {}), "net"))
    assert histories[0].equals(histories[1])
    assert not histories[0].equals(histories[2])
    assert histories[0]["loss"].iloc[-1] < histories[0]["loss"].iloc[0]


def test_images_that_cannot_be_halved_are_refused() -> None:
    with pytest.raises(WhichtaskError, match="30x30 cannot be halved 2 times"):
        Autoencoder((30, 30, 1), 4, AutoencoderSettings(channels=[4, 4]), torch_generator("test"))


@pytest.mark.parametrize("entry", ["concatenated", "additive", "multiplicative", "bernoulli"])
def test_a_z_of_another_size_is_refused(entry: str) -> None:
    model = built(AutoencoderSettings.model_validate({"channels": [4], "entry": entry}))
    with pytest.raises(WhichtaskError, match="Z has 5 entries; this network was built for 4"):
        model(torch.zeros(2, 1, 8, 8), maximum_entropy(2, 5))


def test_without_a_code_the_image_cannot_reach_the_output() -> None:
    model = built(AutoencoderSettings(channels=[4], code=0))
    first, second = torch.rand(2, 3, 1, 8, 8, generator=torch_generator("images"))
    z = maximum_entropy(3, 4)
    assert torch.equal(model(first, z), model(second, z))
    assert model.encoder is None


def test_the_loss_of_z_is_the_squared_error_and_reaches_no_weight() -> None:
    model = built(AutoencoderSettings(channels=[4], code=3, hidden=5))
    images = torch.rand(3, 1, 8, 8, generator=torch_generator("images"))
    z = maximum_entropy(3, 4).requires_grad_()
    losses = reconstruction_loss(model, images)(z)
    torch.testing.assert_close(losses, (model(images, z) - images).square().sum(dim=(1, 2, 3)))
    torch.testing.assert_close(losses, squared_error(model(images, z), images))
    encoder = model.encoder
    assert encoder is not None
    losses.sum().backward()
    assert all(parameter.grad is None for parameter in encoder.parameters())
    assert z.grad is not None


def test_noise_on_the_code_is_used_in_training_only() -> None:
    images = torch.rand(3, 1, 8, 8, generator=torch_generator("images"))
    z, noise = maximum_entropy(3, 4), torch.ones(3, 3)
    loud, silent = (built(AutoencoderSettings(channels=[4], code=3, noise=level)) for level in (2.0, 0.0))
    assert torch.equal(loud(images, z), silent(images, z))
    assert torch.equal(silent.training_loss(images, z, noise), silent.training_loss(images, z))
    assert not torch.equal(loud.training_loss(images, z, noise), loud.training_loss(images, z))
