"""Scores of being inside: against closed forms, and what they must not do."""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from whichtask.config.gbi.inference import AutoencoderSettings
from whichtask.gbi.images import regret
from whichtask.gbi.images.classifier import Classifier, dropout_mask, dropout_probabilities, logits_of
from whichtask.gbi.images.ood import confidence_rows, energy, histogram_rows, mahalanobis, tau_rows
from whichtask.gbi.images.regret import VariationalAutoencoder, likelihood_regret
from whichtask.gbi.scores import auroc, calibration_error
from whichtask.seeding import seeded, torch_generator


def test_mahalanobis_is_scipys_to_the_nearest_class() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 60) * 2  # classes 0, 2, 4: one may be absent
    train = rng.normal(size=(60, 4)) @ rng.normal(size=(4, 4)) + labels[:, None]
    points = rng.normal(size=(7, 4))
    means = np.stack([train[labels == label].mean(axis=0) for label in (0, 2, 4)])
    centred = train - means[labels // 2]
    inverse = np.linalg.inv(centred.T @ centred / 60)
    expected = -(cdist(points, means, "mahalanobis", VI=inverse).min(axis=1) ** 2)
    found = mahalanobis(*(torch.from_numpy(part) for part in (points, train, labels)))
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_mahalanobis_survives_features_without_spread() -> None:
    train = torch.tensor([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0]])
    assert torch.isfinite(mahalanobis(train, train, torch.tensor([0, 0, 1]))).all()


def test_energy_is_the_log_of_the_sum_of_exponentials() -> None:
    logits = torch.tensor([[1.0, 2.0, 3.0]])
    assert float(energy(logits)) == pytest.approx(np.log(np.exp([1, 2, 3]).sum()))


def test_the_curve_passes_the_calibrated_point_and_orders_scores_at_high_temperature() -> None:
    generator = torch_generator("gradients")
    inside, outside = 4 * torch.randn(200, 5, generator=generator), torch.randn(150, 5, generator=generator)
    rows = tau_rows(inside, outside, 2.0, 100.0, 5)
    calibrated = [row for row in rows if row["tau"] == pytest.approx(2.0)]
    known, foreign = ((-side.double() / 2).softmax(1) for side in (inside, outside))
    direct = confidence_rows("GBI", known, foreign, torch.zeros(len(inside), dtype=torch.int64))
    for row in calibrated:
        (same,) = [other for other in direct if other["score"] == row["score"]]
        assert row["auroc"] == pytest.approx(same["auroc"], abs=1e-12)
    # A posterior at a high temperature is 1/K + (mean g - g) / (K tau): the largest entry ranks like mean minus least.
    limit = auroc(*((side.mean(1) - side.amin(1)).numpy() for side in (inside, outside)))
    (hot,) = [row for row in tau_rows(inside, outside, 2e6, 10.0, 3)[-3:] if row["score"] == "maximum"]
    assert hot["auroc"] == pytest.approx(limit, abs=1e-3)


def test_histograms_hold_every_image_once() -> None:
    posterior = torch.tensor([[1.0, 0.0], [0.5, 0.5], [0.74, 0.26]])
    rows = histogram_rows("GBI", [("inside", posterior), ("outside", posterior)], 4, torch.tensor([0, 1, 0]))
    assert [row["share"] for row in rows] == pytest.approx(2 * [0, 0, 2 / 3, 1 / 3])
    known = [(row["mean_confidence"], row["accuracy"]) for row in rows if "accuracy" in row]
    assert known == [pytest.approx((0.62, 0.5)), (1, 1)], "of known images only, and of bins that hold some"
    gap = sum(row["share"] * abs(row["mean_confidence"] - row["accuracy"]) for row in rows if "accuracy" in row)
    assert gap == pytest.approx(calibration_error(posterior, torch.tensor([0, 1, 0]), bins=4))


@pytest.fixture
def variational() -> VariationalAutoencoder:
    with seeded("test"):
        return VariationalAutoencoder((8, 8, 1), [4, 4], 3)


def test_regret_is_nothing_without_steps_and_grows_with_them(variational: VariationalAutoencoder) -> None:
    images = torch.rand(6, 1, 8, 8, generator=torch_generator("images"))
    before = {name: value.clone() for name, value in variational.state_dict().items()}
    assert not likelihood_regret(variational, images, 0, 0.05, ("a",)).any()
    few, many = (likelihood_regret(variational, images, steps, 0.05, ("a",)) for steps in (5, 200))
    assert (many > 0).all()
    assert many.mean() > few.mean()
    assert all(torch.equal(before[name], value) for name, value in variational.state_dict().items())
    assert all(parameter.grad is None for parameter in variational.parameters())


def test_regret_of_images_in_batches_is_that_of_all_at_once(
    variational: VariationalAutoencoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = torch.rand(7, 1, 8, 8, generator=torch_generator("images"), dtype=torch.float64)
    whole = likelihood_regret(variational.double(), images, 20, 0.05, ("a",))
    monkeypatch.setattr(regret, "REGRET_BATCH", 3)
    torch.testing.assert_close(likelihood_regret(variational, images, 20, 0.05, ("a",)), whole)


def test_the_bound_is_below_the_evidence_of_many_draws(variational: VariationalAutoencoder) -> None:
    """Importance sampling from the prior estimates the evidence of a tiny image; the bound must not exceed it."""
    variational = variational.double()
    image = torch.rand(1, 1, 8, 8, generator=torch_generator("image"), dtype=torch.float64)
    draws, zero = 4_000, torch.zeros(4_000, 3, dtype=torch.float64)
    noise = torch.randn(draws, 3, generator=torch_generator("noise"), dtype=torch.float64)
    many = image.expand(draws, -1, -1, -1)
    with torch.no_grad():
        # At the prior itself the divergence is 0, so the bound of a draw is the log likelihood of that draw.
        evidence = variational.bound(many, zero, zero, noise).logsumexp(dim=0) - np.log(draws)
        mean, log_variance = variational.posterior(many)
        bound = variational.bound(many, mean, log_variance, noise).mean()
    assert float(bound) < float(evidence)


def test_dropout_keeps_the_mean_and_its_draws_are_named() -> None:
    keep = dropout_mask(4_000, 5, 0.3, torch_generator("mask"), torch.device("cpu"))
    assert keep.unique().tolist() == pytest.approx([0, 1 / 0.7])
    assert float(keep.mean()) == pytest.approx(1, abs=0.02)
    with seeded("test"):
        model = Classifier((8, 8, 1), 4, AutoencoderSettings(channels=[4, 4], code=2))
    images = torch.rand(6, 1, 8, 8, generator=torch_generator("images"))
    drawn = [dropout_probabilities(model, images, 0.5, 3, torch_generator("draws", n)) for n in (0, 0, 1)]
    torch.testing.assert_close(drawn[0].sum(dim=1), torch.ones(6))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    almost_none = dropout_probabilities(model, images, 1e-9, 2, torch_generator("draws", 0))
    torch.testing.assert_close(almost_none, logits_of(model, images).softmax(dim=1))
