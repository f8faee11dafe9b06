"""Inference through a network in training mode, and losses that are no numbers."""

import warnings
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from whichtask.config.gbi.inference import InferenceSettings
from whichtask.errors import WhichtaskError
from whichtask.gbi import enumerate_losses, exact_posterior, gradient_at, infer_one_step, maximum_entropy
from whichtask.gbi.inference import iterate, one_step
from whichtask.gbi.scores import calibration_error

BATCH, TASKS = 12, 3


def network(kind: str) -> nn.Module:
    torch.manual_seed(0)
    between = {"dropout": nn.Dropout(0.5), "batch norm": nn.BatchNorm1d(16), "plain": nn.Identity()}[kind]
    return nn.Sequential(nn.Linear(TASKS, 16), between, nn.ReLU(), nn.Linear(16, 2))


def loss_of(net: nn.Module) -> Callable[[Tensor], Tensor]:
    target = torch.linspace(-1, 1, 2 * BATCH).reshape(BATCH, 2)
    return lambda z: (net(z) - target[: len(z)]).square().sum(dim=1)


def infer(loss: Callable[[Tensor], Tensor], way: str) -> Tensor:
    if way == "one step":
        return infer_one_step(loss, BATCH, TASKS)
    return iterate(loss, torch.zeros(BATCH, TASKS), InferenceSettings(steps=3))[3]


@pytest.mark.parametrize("way", ["one step", "steps"])
@pytest.mark.parametrize("kind", ["dropout", "batch norm"])
def test_a_network_in_training_mode_is_warned_of(kind: str, way: str) -> None:
    net = network(kind).train()
    with pytest.warns(UserWarning, match=r"not deterministic, or other examples influence it. Call eval\(\)"):
        infer(loss_of(net), way)


@pytest.mark.parametrize("way", ["one step", "steps"])
@pytest.mark.parametrize(("kind", "training"), [("dropout", False), ("batch norm", False), ("plain", True)])
def test_a_deterministic_loss_is_not_warned_of(kind: str, training: bool, way: str) -> None:
    loss = loss_of(network(kind).train(training))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert torch.equal(infer(loss, way), infer(loss, way))


def test_the_check_can_be_left_out_and_changes_nothing() -> None:
    loss = loss_of(network("plain"))
    assert torch.equal(infer_one_step(loss, BATCH, TASKS), infer_one_step(loss, BATCH, TASKS, check=False))
    noisy = loss_of(network("dropout").train())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        infer_one_step(noisy, BATCH, TASKS, check=False)


def test_one_example_alone_is_checked_too() -> None:
    with pytest.warns(UserWarning, match="not deterministic"):
        infer_one_step(loss_of(network("dropout").train()), 1, TASKS)


def test_no_examples_have_no_posterior_and_no_warning() -> None:
    assert infer_one_step(loss_of(network("plain")), 0, TASKS).shape == (0, TASKS)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_losses_that_are_not_finite_are_an_error(bad: float) -> None:
    def loss(z: Tensor) -> Tensor:
        values = z.sum(dim=1)
        return torch.cat([values[:-1], values[-1:] * bad])

    message = f"1 of {BATCH} losses are not finite, so there is no posterior"
    for call in (
        lambda: infer_one_step(loss, BATCH, TASKS),
        lambda: iterate(loss, torch.zeros(BATCH, TASKS), InferenceSettings(steps=1)),
        lambda: gradient_at(loss, maximum_entropy(BATCH, TASKS)),
    ):
        with pytest.raises(WhichtaskError, match=message):
            call()
    with pytest.raises(WhichtaskError, match=f"3 of {BATCH * TASKS} losses are not finite"):
        enumerate_losses(loss, BATCH, TASKS)
    values = torch.tensor([[0.0, bad], [1.0, 2.0]])
    with pytest.raises(WhichtaskError, match="1 of 4 losses are not finite"):
        exact_posterior(values, 1.0)
    with pytest.raises(WhichtaskError, match="1 of 4 gradients are not finite"):
        one_step(values, 1.0)
    with pytest.raises(WhichtaskError, match="1 of 4 entries of the posterior are not finite"):
        calibration_error(values, torch.tensor([0, 1]))


def test_gradients_that_are_not_finite_are_an_error() -> None:
    with pytest.raises(WhichtaskError, match="gradients are not finite"):
        gradient_at(lambda z: (z - z.detach()).sqrt().sum(dim=1), maximum_entropy(2, 3))
