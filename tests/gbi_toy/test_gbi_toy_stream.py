"""Streams and the observers who know how they are made, against brute force."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp

from whichtask.config.gbi.toy import BlockSettings, GaussianTask
from whichtask.errors import WhichtaskError
from whichtask.gbi.toy import bayes
from whichtask.gbi.toy.stream import draw_contexts, draw_means, draw_stream, stream_of

BLOCK = BlockSettings()
TWO = GaussianTask()


def gaussians(means: list[float], std: float = 0.2) -> GaussianTask:
    return GaussianTask(means=means, stds=[std] * len(means))


@given(contexts=st.integers(2, 5), blocks=st.integers(1, 30), seed=st.integers(0, 5))
@settings(max_examples=30, deadline=None)
def test_every_block_has_its_length_and_another_context(contexts: int, blocks: int, seed: int) -> None:
    stream = draw_stream(gaussians([float(k) for k in range(contexts)]), blocks, BLOCK, seed)
    starts = np.flatnonzero(np.diff(stream.blocks, prepend=-1))
    lengths = np.diff(starts, append=len(stream.x))
    assert len(lengths) == blocks
    assert lengths.min() >= 20
    assert lengths.max() <= 50
    labels = stream.labels[starts]
    assert (np.diff(labels) != 0).all()
    assert set(labels) <= set(range(contexts))
    assert (stream.labels == np.repeat(labels, lengths)).all()


def test_block_lengths_have_the_mean_that_is_computed() -> None:
    stream = draw_stream(TWO, 4_000, BLOCK, "length")
    assert len(stream.x) / 4_000 == pytest.approx(bayes.mean_length(BLOCK), rel=0.02)
    assert bayes.mean_length(BLOCK) == pytest.approx(25.6, abs=0.3)


def test_streams_of_one_seed_differ_in_scale_only() -> None:
    first, second = (draw_stream(gaussians([0.2, 0.8], std), 9, BLOCK, 1) for std in (0.1, 0.4))
    assert (first.labels == second.labels).all()
    means = np.array([0.2, 0.8])[first.labels]
    assert (second.x - means) / 0.4 == pytest.approx((first.x - means) / 0.1)
    assert not np.allclose(first.x, draw_stream(gaussians([0.2, 0.8], 0.1), 9, BLOCK, 2).x[: len(first.x)])


def test_observations_have_the_means_and_stds_of_their_context() -> None:
    task = GaussianTask(means=[0.0, 3.0], stds=[0.5, 2.0])
    x = draw_contexts(task, 40, 200, 0).x
    assert x[:, :40].mean() == pytest.approx(0, abs=0.02)
    assert x[:, 40:].mean() == pytest.approx(3, abs=0.08)
    assert [x[:, :40].std(), x[:, 40:].std()] == pytest.approx([0.5, 2.0], rel=0.03)
    unseen = draw_means([-1.0, 1.0], 0.1, 3, 500, 0)
    assert unseen.shape == (500, 6)
    assert unseen.mean(axis=0) == pytest.approx([-1] * 3 + [1] * 3, abs=0.03)


def test_a_stream_of_so_many_steps() -> None:
    assert len(stream_of(TWO, 137, BLOCK, 0).x) == 137
    with pytest.raises(WhichtaskError, match="has 5 steps; 6 are needed"):
        stream_of(TWO, 5, BLOCK, 0).head(6)


def test_the_exact_filter_sums_over_all_ways_to_cut_the_stream() -> None:
    block = BlockSettings(switch_probability=0.4, shortest=2, longest=4)
    log_likelihood = np.random.default_rng(0).normal(0, 1, (7, 3))
    mass = bayes.length_probabilities(block)
    at_least = mass[::-1].cumsum()[::-1]
    for last in range(1, 8):
        joint = np.full(3, -np.inf)
        total = -np.inf
        for labels in product(range(3), repeat=last):
            # Runs of equal labels are blocks, the last one unfinished.
            starts = np.flatnonzero(np.diff(labels, prepend=-1))
            lengths = np.diff(starts, append=last)
            weights = [mass[length - 1] if length <= 4 else 0.0 for length in lengths[:-1]]
            weights.append(at_least[lengths[-1] - 1] if lengths[-1] <= 4 else 0.0)
            prior = np.prod(weights) / 3 / 2 ** (len(lengths) - 1)
            if prior == 0:
                continue
            value = np.log(prior) + sum(log_likelihood[step, label] for step, label in enumerate(labels))
            joint[labels[-1]] = np.logaddexp(joint[labels[-1]], value)
            total = np.logaddexp(total, value)
        found = bayes.exact(log_likelihood[:last], block)
        assert found.posterior[-1] == pytest.approx(np.exp(joint - total))
        uniform = logsumexp(log_likelihood[:last], axis=1, b=1 / 3)
        assert np.log(found.evidence).sum() == pytest.approx(total - uniform.sum())


def test_the_recursion_is_the_forward_algorithm() -> None:
    rng = np.random.default_rng(1)
    likelihood, hazard = rng.random((6, 3)) * 5, 0.1
    found = bayes.recursive(likelihood, hazard)
    stay = np.full((3, 3), hazard / 2) + np.eye(3) * (1 - 1.5 * hazard)
    belief = np.full(3, 1 / 3)
    for step in range(6):
        prior = belief @ stay
        assert found.prior[step] == pytest.approx(prior)
        belief = prior * likelihood[step]
        assert found.evidence[step] == pytest.approx(belief.sum() / likelihood[step].mean())
        belief = belief / belief.sum()
        assert found.posterior[step] == pytest.approx(belief)


def test_the_recursion_does_not_care_about_the_scale_of_a_likelihood() -> None:
    rng = np.random.default_rng(2)
    likelihood = rng.random((5, 2))
    scaled = likelihood * rng.random((5, 1)) * 100
    for first, second in zip(bayes.recursive(likelihood, 0.05), bayes.recursive(scaled, 0.05), strict=True):
        assert first == pytest.approx(second)


def test_the_posterior_of_several_observations_is_the_product() -> None:
    x = np.random.default_rng(3).normal(0.5, 0.3, 8)
    likelihood = np.exp(bayes.log_likelihood(x, TWO))
    found = bayes.posterior_of(x, TWO, 3)
    for step in range(8):
        product_of = likelihood[max(0, step - 2) : step + 1].prod(axis=0)
        assert found[step] == pytest.approx(product_of / product_of.sum())


def test_filters_reach_the_errors_of_the_facts() -> None:
    """Facts 2.1: std 0.3, oracle MAE .239 and MSE .090, Bayes filter .271 and .119, constant .350 and .180."""
    stream = draw_stream(TWO, 1_500, BLOCK, "facts")
    known = bayes.recursive(np.exp(bayes.log_likelihood(stream.x, TWO)), 1 / bayes.mean_length(BLOCK))
    error = bayes.predictions(known.prior, TWO) - stream.x
    assert np.abs(error).mean() == pytest.approx(0.271, abs=0.004)
    assert np.square(error).mean() == pytest.approx(0.119, abs=0.004)
    timed = bayes.exact(bayes.log_likelihood(stream.x, TWO), BLOCK)
    assert np.square(bayes.predictions(timed.prior, TWO) - stream.x).mean() < np.square(error).mean()
    assert np.log(timed.evidence).mean() > np.log(known.evidence).mean() > 0


@pytest.mark.parametrize(
    ("likelihood", "hazard", "message"),
    [
        ([[1.0, 1.0]], 1.5, "hazard is 1.5"),
        ([[1.0, -1.0]], 0.1, "negative or not finite"),
        ([[1.0, np.nan]], 0.1, "negative or not finite"),
    ],
)
def test_bad_likelihoods(likelihood: list[list[float]], hazard: float, message: str) -> None:
    with pytest.raises(WhichtaskError, match=message):
        bayes.recursive(np.array(likelihood), hazard)
    with pytest.raises(WhichtaskError, match="at least 1 observation"):
        bayes.posterior_of(np.zeros(3), TWO, 0)
