"""The core of Gradient-Based Inference against exact answers, plain loops and finite differences, in float64."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn

from whichtask.config.gbi import InferenceSettings
from whichtask.errors import WhichtaskError
from whichtask.gbi import (
    Entry,
    Loss,
    auroc,
    auroc_interval,
    calibration_error,
    check_abstraction,
    confidence,
    divergence,
    entropy,
    enumerate_losses,
    exact_posterior,
    fit_tau,
    gradient_at,
    infer_one_step,
    iterate,
    kl_bound,
    maximum_entropy,
    one_hot,
    one_step,
    predict,
    softmax,
)
from whichtask.gbi.scores import SCORES
from whichtask.seeding import seeded, torch_generator

KIND = torch.float64
SEEDS = st.integers(0, 10_000)


def linear_decoder(means: Tensor, x: Tensor) -> Loss:
    """Return the squared error of the prediction ``z @ means`` of observations x [B, D]."""
    return lambda z: (x - z @ means).square().sum(dim=1)


def curved(seed: int, batch: int, tasks: int, scale: float = 1.0) -> Loss:
    """Return the squared error of a random nonlinear decoder."""
    with seeded("test core", seed):
        network = nn.Sequential(nn.Linear(tasks, 16), nn.Tanh(), nn.Linear(16, 5)).to(KIND)
    x = scale * torch.randn(batch, 5, dtype=KIND, generator=torch_generator("test core x", seed))
    return lambda z: (x - network(z)).square().sum(dim=1)


@given(seed=SEEDS, dimensions=st.integers(1, 6), deviation=st.floats(0.05, 3))
def test_one_step_is_the_bayes_posterior_of_two_gaussians(seed: int, dimensions: int, deviation: float) -> None:
    generator = torch_generator("two gaussians", seed)
    means = torch.randn(2, dimensions, dtype=KIND, generator=generator)
    x = torch.randn(50, dimensions, dtype=KIND, generator=generator)
    log_likelihood = -(x[:, None] - means).square().sum(dim=2) / (2 * deviation**2)
    posterior = infer_one_step(linear_decoder(means, x), 50, 2, 2 * deviation**2, dtype=KIND)
    torch.testing.assert_close(posterior, log_likelihood.softmax(dim=1), atol=1e-6, rtol=0)


def test_more_gaussians_are_exact_where_their_means_are_equally_far_from_their_centre() -> None:
    x = torch.randn(50, 4, dtype=KIND, generator=torch_generator("simplex"))
    even = torch.eye(4, dtype=KIND) * 1.7 + 0.3
    uneven = even * torch.tensor([[1.0], [1.0], [1.0], [2.0]], dtype=KIND)
    for means, exact in ((even, True), (uneven, False)):
        loss = linear_decoder(means, x)
        one = infer_one_step(loss, 50, 4, 0.9, dtype=KIND)
        error = (one - exact_posterior(enumerate_losses(loss, 50, 4, x), 0.9)).abs().max()
        assert (error < 1e-9) == exact


@given(seed=SEEDS, tasks=st.integers(2, 7), tau=st.floats(0.05, 50))
def test_divergence_from_the_exact_posterior_stays_under_its_bound(seed: int, tasks: int, tau: float) -> None:
    loss = curved(seed, 20, tasks)
    losses = enumerate_losses(loss, 20, tasks, torch.empty(0, dtype=KIND))
    at_start, gradient = gradient_at(loss, maximum_entropy(20, tasks, dtype=KIND))
    bound = kl_bound(losses, at_start, gradient, tau)
    exact, one = exact_posterior(losses, tau), one_step(gradient, tau)
    assert (divergence(exact, one) <= bound + 1e-9).all()
    assert (divergence(one, exact) <= bound + 1e-9).all()


@given(seed=SEEDS, tasks=st.integers(2, 6))
def test_gradient_agrees_with_finite_differences(seed: int, tasks: int) -> None:
    loss = curved(seed, 3, tasks)
    z = maximum_entropy(3, tasks, dtype=KIND)
    _, gradient = gradient_at(loss, z)
    for k in range(tasks):
        change = torch.zeros_like(z)
        change[:, k] = 1e-5
        slope = (loss(z + change) - loss(z - change)) / 2e-5
        torch.testing.assert_close(gradient[:, k], slope, rtol=1e-5, atol=1e-7)


def test_one_step_is_one_exponentiated_gradient_step_and_the_best_linearised_bound() -> None:
    loss, tau = curved(1, 8, 4), 0.7
    _, gradient = gradient_at(loss, maximum_entropy(8, 4, dtype=KIND))
    settings = InferenceSettings(optimizer="exponentiated", learning_rate=1 / tau, steps=1, weight=0)
    one = one_step(gradient, tau)
    torch.testing.assert_close(iterate(loss, torch.zeros(8, 4, dtype=KIND), settings)[1], one)

    def bound(q: Tensor) -> Tensor:
        return -(q * gradient).sum(dim=1) + tau * entropy(q)

    others = torch.rand(200, 8, 4, dtype=KIND, generator=torch_generator("others")).softmax(dim=2)
    assert all((bound(one) >= bound(other)).all() for other in others)


def test_the_prediction_does_not_depend_on_tau_or_on_whether_z_or_its_logits_are_stepped() -> None:
    loss = curved(2, 30, 5)
    start = torch.zeros(30, 5, dtype=KIND)
    _, by_z = gradient_at(loss, softmax(start, 5))
    _, by_logits = gradient_at(lambda logits: loss(softmax(logits, 5)), start)
    assert torch.equal(predict(-by_z), predict(-by_logits))
    assert torch.equal(predict(one_step(by_z, 0.01)), predict(one_step(by_z, 100.0)))


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "exponentiated"])
def test_examples_of_a_batch_do_not_influence_each_other(optimizer: str) -> None:
    settings = InferenceSettings.model_validate({"optimizer": optimizer, "momentum": 0.5, "steps": 7})
    means = torch.randn(4, 3, dtype=KIND, generator=torch_generator("batch means"))
    x = torch.randn(6, 3, dtype=KIND, generator=torch_generator("batch x"))
    together = iterate(linear_decoder(means, x), torch.zeros(6, 4, dtype=KIND), settings)[7]
    for i in range(6):
        alone = iterate(linear_decoder(means, x[i : i + 1]), torch.zeros(1, 4, dtype=KIND), settings)[7]
        torch.testing.assert_close(together[i : i + 1], alone)


def test_iterating_with_an_entropy_term_ends_at_the_exact_maximum() -> None:
    gradient = torch.randn(5, 4, dtype=KIND, generator=torch_generator("linear loss"))
    settings = InferenceSettings(
        optimizer="exponentiated", learning_rate=0.5, steps=200, regulariser="entropy", weight=0.8
    )
    found = iterate(lambda z: (z * gradient).sum(dim=1), torch.zeros(5, 4, dtype=KIND), settings)[200]
    torch.testing.assert_close(found, (-gradient / 0.8).softmax(dim=1))


def test_iterating_improves_the_loss_and_records_the_way() -> None:
    loss = curved(3, 10, 4)
    settings = InferenceSettings(steps=40, learning_rate=0.05, weight=0)
    way = iterate(loss, torch.zeros(10, 4, dtype=KIND), settings, record=[0, 10, 40])
    assert list(way) == [0, 10, 40]
    assert torch.equal(way[0], maximum_entropy(10, 4, dtype=KIND))
    assert (loss(way[40]) <= loss(way[10]) + 1e-9).all()
    assert (loss(way[10]) < loss(way[0])).all()
    with pytest.raises(WhichtaskError, match="there are 40 steps"):
        iterate(loss, torch.zeros(10, 4, dtype=KIND), settings, record=[41])


def test_parts_are_inferred_side_by_side() -> None:
    parts = (2, 3)
    loss = curved(4, 6, 5)
    _, gradient = gradient_at(loss, maximum_entropy(6, parts, dtype=KIND))
    found = infer_one_step(loss, 6, parts, 0.5, dtype=KIND)
    torch.testing.assert_close(found[:, :2], one_step(gradient[:, :2], 0.5))
    torch.testing.assert_close(found[:, 2:], one_step(gradient[:, 2:], 0.5))
    assert predict(found, parts).shape == (6, 2)
    check_abstraction(found, parts)
    way = iterate(loss, torch.zeros(6, 5, dtype=KIND), InferenceSettings(steps=3), parts)
    check_abstraction(way[3], parts)


def test_every_task_is_tried() -> None:
    loss = curved(5, 4, 3)
    table = enumerate_losses(loss, 4, 3, torch.empty(0, dtype=KIND))
    for label in range(3):
        torch.testing.assert_close(table[:, label], loss(one_hot(torch.full((4,), label), 3, KIND)))


@given(seed=SEEDS, tau=st.floats(0.2, 5), factor=st.floats(0.01, 100))
def test_tau_is_recovered_and_scales_with_the_loss(seed: int, tau: float, factor: float) -> None:
    generator = torch_generator("tau", seed)
    values = torch.randn(4_000, 3, dtype=KIND, generator=generator)
    labels = torch.multinomial((-values / tau).softmax(dim=1), 1, generator=generator).squeeze(1)
    found = fit_tau(values, labels)
    assert tau / 2.5 < found < tau * 2.5
    assert math.isclose(fit_tau(factor * values, labels), factor * found, rel_tol=1e-3)


@given(seed=SEEDS, size=st.integers(1, 40))
def test_auroc_agrees_with_scikit_learn_and_forgets_monotone_maps(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    inside, outside = rng.integers(0, 6, size).astype(float), rng.integers(-2, 4, 17).astype(float)
    labels = np.r_[np.ones(size), np.zeros(17)]
    assert math.isclose(auroc(inside, outside), roc_auc_score(labels, np.r_[inside, outside]))
    assert auroc(inside, outside) == auroc(np.exp(inside), np.exp(outside))
    assert math.isclose(auroc(inside, outside), 1 - auroc(outside, inside))


def test_intervals_of_auroc_hold_it() -> None:
    rng = np.random.default_rng(0)
    found = auroc_interval(rng.normal(1, 1, 300), rng.normal(0, 1, 200))
    assert found.low < found.mean < found.high
    assert found.n == 200


def test_scores_of_confidence() -> None:
    posterior = torch.tensor([[0.7, 0.2, 0.1], [1 / 3, 1 / 3, 1 / 3]], dtype=KIND)
    found = {score: confidence(posterior, score).tolist() for score in SCORES}
    assert found["maximum"] == pytest.approx([0.7, 1 / 3])
    assert found["gap"] == pytest.approx([0.5, 0])
    assert found["entropy"][1] == pytest.approx(-math.log(3))
    assert all(first > second for first, second in found.values())


def test_calibration_error_is_that_of_a_plain_loop() -> None:
    posterior = torch.rand(500, 4, dtype=KIND, generator=torch_generator("ece")).softmax(dim=1)
    labels = torch.randint(4, (500,), generator=torch_generator("ece labels"))
    total = 0.0
    for place in range(15):
        inside = [i for i in range(500) if place / 15 <= float(posterior[i].max()) < (place + 1) / 15]
        if inside:
            right = sum(int(posterior[i].argmax()) == int(labels[i]) for i in inside) / len(inside)
            total += len(inside) / 500 * abs(right - sum(float(posterior[i].max()) for i in inside) / len(inside))
    assert calibration_error(posterior, labels) == pytest.approx(total)
    sure = torch.eye(4, dtype=KIND)
    assert calibration_error(sure, torch.arange(4)) == 0
    assert calibration_error(sure, torch.arange(4).flip(0)) == 1


@pytest.mark.parametrize("kind", ["concatenated", "additive", "multiplicative", "bernoulli"])
def test_entries_join_features_and_z(kind: str) -> None:
    entry = Entry(kind, 6, 3, torch_generator("entry"))  # type: ignore[arg-type]
    features, z = torch.randn(4, 6, generator=torch_generator("features")), maximum_entropy(4, 3)
    joined = entry(features, z)
    assert joined.shape == (4, entry.out_features)
    matrix = torch.empty(3, 6) if kind == "concatenated" else entry.matrix
    expected = {
        "concatenated": lambda: torch.cat([features, z], dim=1),
        "additive": lambda: features + z @ matrix,
        "multiplicative": lambda: features * (z @ matrix),
        "bernoulli": lambda: features * (z @ matrix),
    }[kind]()
    torch.testing.assert_close(joined, expected)
    if kind == "bernoulli":
        assert set(matrix.unique().tolist()) <= {0.0, 1.0}
        assert not list(entry.parameters()), "a fixed mask does not learn"
    with pytest.raises(WhichtaskError, match="built for 3"):
        entry(features, maximum_entropy(4, 5))


@pytest.mark.parametrize("tau", [0.0, -1.0, math.inf, math.nan])
def test_tau_must_be_positive(tau: float) -> None:
    with pytest.raises(WhichtaskError, match="must be positive"):
        one_step(torch.zeros(1, 3), tau)


@pytest.mark.parametrize(
    ("z", "message"),
    [
        (torch.full((2, 4), 0.25), r"need \[batch, 3\]"),
        (torch.tensor([[0.5, 0.5, 0.5]]), "adds up to 1.5"),
        (torch.tensor([[1.5, -0.5, 0.0]]), "holds -0.5"),
        (torch.tensor([[math.nan, 0.5, 0.5]]), "holds nan"),
    ],
)
def test_what_is_no_distribution_is_refused(z: Tensor, message: str) -> None:
    with pytest.raises(WhichtaskError, match=message):
        check_abstraction(z, 3)


def test_other_bad_input() -> None:
    with pytest.raises(WhichtaskError, match="at least 2 tasks"):
        maximum_entropy(3, 1)
    with pytest.raises(WhichtaskError, match="one loss an example"):
        infer_one_step(lambda z: z.sum(), 3, 2)
    with pytest.raises(WhichtaskError, match="allowed: 0 to 2"):
        one_hot(torch.tensor([0, 3]), 3)
    with pytest.raises(WhichtaskError, match="do not distinguish"):
        fit_tau(torch.ones(4, 3), torch.zeros(4, dtype=torch.int64))
    with pytest.raises(WhichtaskError, match="do not fit each other"):
        fit_tau(torch.ones(4, 3), torch.zeros(5, dtype=torch.int64))
    with pytest.raises(WhichtaskError, match="numbers on both sides"):
        auroc([], [1.0])
    with pytest.raises(WhichtaskError, match="cannot be compared"):
        divergence(torch.ones(1, 2), torch.ones(1, 3))
