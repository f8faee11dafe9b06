"""The figure of one-step against exact posteriors: its numbers against the core's own functions."""

from pathlib import Path

import numpy as np
import pytest
import torch

from whichtask.artifacts import write_npz
from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures import numbers
from whichtask.figures.gbi.diagram import LOG_RATIO
from whichtask.gbi import divergence, exact_posterior, kl_bound, one_step
from whichtask.seeding import torch_generator


def archive(seed: int) -> dict[str, torch.Tensor]:
    """Return what an experiment would write: losses, and gradients that agree with them up to noise."""
    generator = torch_generator("posterior figure", seed)
    losses = 3 * torch.randn(200, 4, dtype=torch.float64, generator=generator)
    gradients = losses + torch.randn(200, 4, dtype=torch.float64, generator=generator)
    return {
        "gradients": gradients,
        "losses": losses,
        "loss_at_start": losses.mean(dim=1),
        "labels": losses.argmin(dim=1),
        "tau_one_step": torch.tensor(1.5),
        "tau_exact": torch.tensor(0.8),
    }


def test_numbers_are_those_of_the_core(tmp_path: Path) -> None:
    paths = []
    for seed in (0, 1):
        paths.append(tmp_path / f"{seed}.npz")
        write_npz(paths[-1], {name: value.numpy() for name, value in archive(seed).items()})
    drawn = numbers("gbi_posterior_kl", {"posteriors": paths}, FigureSettings())
    calibrated = drawn[drawn["row"] == "calibrated"].set_index(["repeat", "quantity"])["value"]
    curve = drawn[drawn["row"] == "curve"]
    for seed in (0, 1):
        found = archive(seed)
        gradients, losses, start = found["gradients"], found["losses"], found["loss_at_start"]
        kl = divergence(exact_posterior(losses, 0.8), one_step(gradients, 1.5))
        assert calibrated[seed, "divergence"] == pytest.approx(float(kl.mean()), rel=1e-6)
        rows = curve[(curve["repeat"] == seed) & (curve["quantity"] == "bound")]
        for factor, bound in zip(rows["factor"], rows["value"], strict=True):
            expected = kl_bound(losses, start, gradients, 0.8 * factor).mean()
            assert bound == pytest.approx(float(expected), rel=1e-5)
    pairs = curve.pivot_table(index=["repeat", "factor"], columns="quantity", values="value")
    assert (pairs["divergence"] <= pairs["bound"] + 1e-9).all()


def test_an_archive_that_lacks_an_array_is_named(tmp_path: Path) -> None:
    path = tmp_path / "posteriors.npz"
    write_npz(path, {"losses": np.zeros((2, 3))})
    with pytest.raises(WhichtaskError, match="no gradients, loss_at_start, labels"):
        numbers("gbi_posterior_kl", {"posteriors": [path]}, FigureSettings())


def test_the_drawn_bound_is_concave_and_highest_at_the_softmax() -> None:
    for alpha, curve in numbers("gbi_concavity", {}, FigureSettings()).groupby("alpha"):
        assert (np.diff(curve["bound"], n=2) < 1e-9).all()
        best = curve["q"].iloc[int(curve["bound"].argmax())]
        assert best == pytest.approx(1 / (1 + np.exp(-LOG_RATIO / float(str(alpha)))), abs=0.003)
