"""Inference of Z on streams: exact where it must be, and against loops and finite differences."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from whichtask.config.gbi.toy import BlockSettings, GaussianTask, IterationGrid, ToySettings
from whichtask.errors import WhichtaskError
from whichtask.gbi.abstraction import maximum_entropy, softmax
from whichtask.gbi.inference import Loss, divergence, gradient_at, infer_one_step, one_step
from whichtask.gbi.scores import fit_tau
from whichtask.gbi.toy import bayes
from whichtask.gbi.toy.arms import code_of
from whichtask.gbi.toy.filters import around_switches, of_recursion, predict_with
from whichtask.gbi.toy.generalisation import generalise
from whichtask.gbi.toy.gradients import gradients_of, loss_of, windows_of
from whichtask.gbi.toy.measuring import kept
from whichtask.gbi.toy.network import Weights, initial_weights, run, zero_state
from whichtask.gbi.toy.online import FROZEN, Rate, choose_rate, follow, rates_of
from whichtask.gbi.toy.posteriors import by_observation, infer, summary
from whichtask.gbi.toy.stream import Stream, draw_contexts, draw_means, stream_of
from whichtask.seeding import seeded
from whichtask.training import LiveState

WINDOW, K = 3, 2
TWO, BLOCK = GaussianTask(), BlockSettings()


@pytest.fixture(autouse=True)
def _draws() -> Iterator[None]:
    """Plain draws of torch are the same in every run."""
    with seeded("toy tests"):
        yield


def network(contexts: int = K) -> Weights:
    weights = initial_weights(1, contexts, 5, "inference")
    generator = torch.Generator().manual_seed(2)
    return {key: value.double() + 0.4 * torch.randn(value.shape, generator=generator) for key, value in weights.items()}


def linear_loss(x: Tensor, means: list[float]) -> Loss:
    """Return the squared error of a linear decoder of Z."""
    decoder = torch.tensor(means, dtype=torch.float64)
    return lambda z: (x - z @ decoder).square()


@pytest.mark.parametrize(("means", "std"), [([0.2, 0.8], 0.3), ([-1.0, 2.5], 0.7), ([0.8, 0.2], 1e-1)])
def test_one_step_is_bayes_for_two_gaussians_and_a_linear_decoder(means: list[float], std: float) -> None:
    """Facts 1.1: exact once tau is 2 sigma squared."""
    task = GaussianTask(means=means, stds=[std, std])
    x = torch.from_numpy(draw_contexts(task, 3, 50, 0).x.ravel())
    loss = linear_loss(x, means)
    found = infer_one_step(loss, len(x), K, tau=2 * std**2, dtype=torch.float64)
    assert found.numpy() == pytest.approx(bayes.posterior_of(x.numpy(), task), abs=1e-12)


def test_a_fitted_tau_comes_near_to_bayes() -> None:
    drawn = draw_contexts(TWO, 1, 20_000, 1)
    x, labels = torch.from_numpy(drawn.x.ravel()), torch.from_numpy(drawn.labels.ravel())
    loss = linear_loss(x, TWO.means)
    _, gradient = gradient_at(loss, maximum_entropy(len(x), K, dtype=torch.float64))
    tau = fit_tau(gradient, labels)
    assert tau == pytest.approx(2 * 0.3**2, rel=0.03)
    exact = torch.from_numpy(bayes.posterior_of(x.numpy(), TWO))
    assert float(divergence(exact, one_step(gradient, tau)).max()) < 1e-3


@pytest.mark.parametrize(
    "task",
    [GaussianTask(means=[0.2, 0.5, 0.8], stds=[0.15] * 3), GaussianTask(means=[0.2, 0.8], stds=[0.15, 0.45])],
)
def test_more_contexts_or_unequal_variances_cannot_be_exact(task: GaussianTask) -> None:
    x = torch.linspace(-0.5, 1.5, 81, dtype=torch.float64)
    loss = linear_loss(x, task.means)
    _, gradient = gradient_at(loss, maximum_entropy(81, len(task.means), dtype=torch.float64))
    exact = torch.from_numpy(bayes.posterior_of(x.numpy(), task))
    best = min(float(divergence(exact, one_step(gradient, tau)).mean()) for tau in np.geomspace(1e-3, 10, 200))
    assert best > 0.02


def test_windows_hold_the_stream_and_the_state_before_it() -> None:
    weights, x = network(), torch.rand(9).double()
    pieces = windows_of(weights, x, WINDOW)
    state = zero_state(weights, 1)
    uniform = torch.full((1, 1, 1, K), 0.5).double()
    for number in range(6):
        assert torch.equal(pieces.inputs[0, :, number], x[number : number + WINDOW])
        assert torch.equal(pieces.targets[:, number], x[number + 1 : number + WINDOW + 1])
        torch.testing.assert_close(pieces.hidden[:, number], state[0][:, 0])
        torch.testing.assert_close(pieces.cell[:, number], state[1][:, 0])
        done = run(weights, x[None, number : number + 1, None], uniform, state)
        state = done.hidden[:, 0], done.cell[:, 0]


@pytest.mark.parametrize("observations", [1, 3])
def test_gradients_are_finite_differences_and_losses_those_of_each_context(observations: int) -> None:
    weights, x, code = network(), torch.rand(8).double(), code_of("gbi_soft", K).double()
    found = gradients_of(weights, x, WINDOW, observations, code)
    loss = loss_of(weights, windows_of(weights, x, WINDOW), observations, code)
    start = torch.full((5, K), 0.5).double()
    torch.testing.assert_close(found.start, loss(start))
    for entry in range(K):
        step = torch.zeros(K).double()
        step[entry] = 1e-6
        slope = (loss(start + step) - loss(start - step)) / 2e-6
        torch.testing.assert_close(found.gradient[:, entry], slope, atol=1e-7, rtol=0)
        one_hot = torch.eye(K).double()[entry].expand(5, K)
        torch.testing.assert_close(found.losses[:, entry], loss(one_hot))
    state = windows_of(weights, x, WINDOW)
    alone = run(weights, x[None, 4:7, None], code[0].expand(1, WINDOW, 1, K), (state.hidden[:, 4:], state.cell[:, 4:]))
    wanted = (alone.predictions[0, :, 0] - x[5:8])[-observations:].square().sum()
    torch.testing.assert_close(found.losses[4, 0], wanted)


def test_iterating_is_a_loop_with_torchs_sgd() -> None:
    weights, x = network(), torch.rand(14, 2).double()
    rates = [Rate(0.7, 0.5, 2, 0.03, 0.0), Rate(0.3, 0.0, 3, 0.0, 0.05)]
    found = follow(weights, x, rates, WINDOW)
    for column, rate in enumerate(rates):
        logits = torch.zeros(1, K, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.SGD([logits], lr=rate.learning_rate, momentum=rate.momentum)
        state = zero_state(weights, 1)
        for time in range(WINDOW, 14):
            z = softmax(logits, K)
            torch.testing.assert_close(found.z[time, column], z[0].detach())
            done = run(weights, x[None, time - WINDOW : time, [column]], z.expand(1, WINDOW, 1, K), state)
            torch.testing.assert_close(found.predictions[time, column], done.predictions[0, -1, 0].detach())
            error = (done.predictions[0, :, 0] - x[time - WINDOW + 1 : time + 1, column])[-rate.observations :]
            loss = (
                error.square().sum() + rate.l2 * logits.square().sum() / 2 - rate.entropy * torch.special.entr(z).sum()
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            state = done.hidden[:, 0].detach(), done.cell[:, 0].detach()


def test_a_frozen_z_stays_at_maximum_entropy() -> None:
    weights, x = network(3), torch.rand(9, 2).double()
    found = follow(weights, x, [FROZEN] * 2, WINDOW)
    assert (found.z == 1 / 3).all()
    plain = run(weights, x[None, :-1], torch.full((1, 8, 2, 3), 1 / 3).double())
    torch.testing.assert_close(found.predictions[WINDOW:], plain.predictions[0, WINDOW - 1 :])


def test_the_rate_with_the_least_validation_error_is_chosen() -> None:
    weights, x = network(), torch.rand(12, 2).double()
    wanted = follow(weights, x, [Rate(0.5, 0.0, 2, 0.0, 0.0)] * 2, WINDOW).predictions
    grid = IterationGrid(learning_rates=[0.1, 0.5], momenta=[0.0, 0.5], observations=[1, 2], l2=[0.0], entropy=[0.1])
    assert len(rates_of(grid)) == 16
    rate, error = choose_rate(weights, x, wanted, grid, WINDOW, 9)
    assert rate == Rate(0.5, 0.0, 2, 0.0, 0.0)
    assert error == pytest.approx(0, abs=1e-12)


def test_a_chosen_rate_is_kept_for_a_run_that_goes_on(tmp_path: Path) -> None:
    live, chosen = LiveState(tmp_path, {}), (Rate(0.1, 0.5, 3, 1e-2, 0.0), 0.123456789012345)
    assert kept(live, "a rate", lambda: chosen) == chosen
    assert kept(LiveState(tmp_path, {}), "a rate", lambda: (FROZEN, 0.0)) == chosen
    assert kept(live, "another", lambda: (FROZEN, 0.0)) == (FROZEN, 0.0)


def test_sequences_that_are_too_short_or_do_not_fit() -> None:
    weights = network()
    with pytest.raises(WhichtaskError, match="have 3 steps; above the window, 3"):
        follow(weights, torch.zeros(3, 1).double(), [FROZEN], WINDOW)
    with pytest.raises(WhichtaskError, match="1 rates for 2 sequences"):
        follow(weights, torch.zeros(5, 2).double(), [FROZEN], WINDOW)
    with pytest.raises(WhichtaskError, match="has 3 steps; above the window, 3"):
        windows_of(weights, torch.zeros(3).double(), WINDOW)
    with pytest.raises(WhichtaskError, match="error of 4 observations was asked for; a window has 3"):
        loss_of(weights, windows_of(weights, torch.zeros(5).double(), WINDOW), 4, torch.eye(K).double())


def test_a_belief_is_given_to_a_network_step_by_step() -> None:
    weights = {key: value.float() for key, value in network().items()}
    stream = stream_of(TWO, 30, BLOCK, 0)
    prior = np.random.default_rng(0).dirichlet([1, 1], 30 - WINDOW)
    code = code_of("gbi_soft", K)
    found = predict_with(weights, stream, prior, code, WINDOW)
    x, state = torch.from_numpy(stream.x).float(), zero_state(weights, 1)
    for time in range(1, 30):
        belief = prior[time - WINDOW] if time >= WINDOW else np.full(K, 0.5)
        z = (torch.from_numpy(belief).float() @ code)[None, None, None]
        done = run(weights, x[None, time - 1 : time, None], z, state)
        state = done.hidden[:, 0], done.cell[:, 0]
        if time >= WINDOW:
            assert found[time - WINDOW] == pytest.approx(done.predictions.item(), abs=1e-5)


def test_beliefs_around_switches() -> None:
    stream = stream_of(TWO, 400, BLOCK, 4)
    sure = np.eye(K)[stream.labels] * 0.98 + 0.01
    rows = {row["offset"]: row for row in around_switches(of_recursion(sure, 0.0 + 1e-9), stream)}
    assert set(rows) == set(range(-5, 16))
    truth = of_recursion(sure, 0.5)  # no memory: the posterior is the likelihood
    rows = {row["offset"]: row for row in around_switches(truth, stream)}
    assert rows[-1]["posterior_new"] == pytest.approx(0.01)
    assert rows[0]["posterior_new"] == pytest.approx(0.99)
    assert rows[0]["log_evidence"] == pytest.approx(0)
    assert rows[0]["entropy"] == pytest.approx(-0.99 * np.log(0.99) - 0.01 * np.log(0.01))
    constant = Stream(stream.x[:30], stream.labels[:30] * 0, stream.blocks[:30] * 0)
    assert around_switches(of_recursion(sure[:30], 0.5), constant) == []


def test_posteriors_of_a_network_that_knows_the_means() -> None:
    """A network whose prediction is its Z times the means infers as Bayes does, up to the fitted tau."""
    weights = {key: torch.zeros_like(value).float() for key, value in network().items()}
    # Small numbers keep the LSTM linear: cell = 0.5 tanh(z), hidden = 0.5 tanh(cell).
    scale = 0.01
    weights["embed"][0, 1:, 0] = torch.tensor([0.2, 0.8]) * scale
    weights["input"][0, 0, 10] = 1.0
    weights["bias"][0, 0, 5:10] = -20.0  # forget
    weights["output"][0, 0, 0] = 4 / scale
    validation, test = (stream_of(TWO, steps, BLOCK, name) for steps, name in ((4_000, "v"), (300, "t")))
    code = torch.eye(K)
    one = infer(weights, TWO, code, validation, test, WINDOW, 1)
    assert one.tau == pytest.approx(0.18, rel=0.12)
    found = summary(one, TWO, test, WINDOW)
    assert found["kl"] < 3e-3
    assert found["correlation_ratio"] == pytest.approx(1, abs=1e-4)
    assert found["correlation_likelihood"] < 0.9
    assert found["bound_holds"] == 1
    assert found["kl_network"] <= found["kl_bound"] < 1e-3
    assert found["accuracy"] == found["accuracy_exact"] == found["accuracy_enumerated"]
    rows = by_observation(one, TWO, test, WINDOW)
    for row in rows:
        assert row["one_step"] == pytest.approx(row["exact"], abs=0.03)
    assert sum(row["steps"] for row in rows if row["context"] == 0) <= 297


def test_generalisation_scores_the_last_steps_of_every_mean() -> None:
    settings = ToySettings.model_validate(
        {
            "network": {"window": WINDOW},
            "grid": {"observations": [2]},
            "tested_means": [-0.2, 0.2, 0.5, 0.9],
            "tested_sequences": 3,
            "tested_length": 12,
            "tested_last": 4,
        }
    )
    weights = {key: value.float() for key, value in network().items()}
    rate = Rate(0.5, 0.0, 2, 0.0, 0.0)
    rows = generalise({"gbi_hard": weights}, {"gbi_hard": rate}, settings, "test")
    assert [(row["reading"], row["test_mean"], row["inside"]) for row in rows[8:]] == [
        ("iterated", -0.2, False),
        ("iterated", 0.2, True),
        ("iterated", 0.5, True),
        ("iterated", 0.9, False),
    ]
    x = torch.from_numpy(draw_means(settings.tested_means, 0.1, 3, 12, "test", "tested")).float()
    made = follow(weights, x, [rate] * 12, WINDOW).predictions
    third = rows[10]
    assert third["prediction"] == pytest.approx(made[-4:, 6:9].mean().item())
    assert third["error_of_mean"] == pytest.approx((made[-4:, 6:9] - 0.5).abs().mean().item(), rel=1e-5)
    assert third["mse"] == pytest.approx((made - x)[-4:, 6:9].square().mean().item(), rel=1e-5)
    frozen = follow(weights, x, [FROZEN] * 12, WINDOW).predictions
    assert rows[0]["prediction"] == pytest.approx(frozen[WINDOW, :3].mean().item())
