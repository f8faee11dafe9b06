"""A whole repeat on tiny images: its tables fit each other, and an interrupted one goes on to the same numbers."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

from whichtask.config.gbi.images import ImagesSettings
from whichtask.config.gbi.inference import AutoencoderSettings, FitSettings
from whichtask.gbi.abstraction import maximum_entropy
from whichtask.gbi.autoencoder import Autoencoder
from whichtask.gbi.images import experiment
from whichtask.gbi.images.baselines import class_means
from whichtask.gbi.images.data import Parts, as_table
from whichtask.gbi.images.ensemble import DropoutAutoencoder, dropout_gradients, mean_posterior, start_gradients
from whichtask.gbi.images.experiment import Tables, run_images
from whichtask.gbi.images.more import run_more
from whichtask.gbi.images.networks import Networks, passes, start_grey
from whichtask.gbi.inference import one_step
from whichtask.seeding import seeded, torch_generator
from whichtask.training.live import LiveState

KEY = (0, 0)


@pytest.fixture(scope="module")
def tables(parts: Parts, quick_settings: ImagesSettings, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    return run_images(parts, quick_settings, KEY, LiveState(tmp_path_factory.mktemp("whole"), {}))


def test_every_method_has_its_cost_and_its_accuracy(tables: Tables, parts: Parts) -> None:
    table = pd.DataFrame(tables.mnist).set_index("method")
    runs = {"classifier, matched": 1, "GBI, one-step": 1, "GBI, iterative": 3, "likelihood": 4, "EBI": 1, "NBI": 4}
    assert table.loc[list(runs), "model_runs"].to_dict() == runs
    assert table.loc["likelihood", "backward_passes"] == 0
    assert table.loc["GBI, one-step", "backward_passes"] == 1
    losses, labels = tables.posteriors["losses"], tables.posteriors["labels"]
    assert table.loc["likelihood", "accuracy"] == pytest.approx((losses.argmin(axis=1) == labels).mean())
    gradients = tables.posteriors["gradients"]
    assert table.loc["GBI, one-step", "accuracy"] == pytest.approx((gradients.argmin(axis=1) == labels).mean())
    assert np.array_equal(labels, parts.test.labels.numpy())
    starts = pd.DataFrame(tables.starts).set_index(["arm", "start"])["accuracy"]
    assert starts["raw", "maximum entropy"].item() == table.loc["GBI, one-step", "accuracy"]


def test_both_arms_have_every_detector_and_the_curve_passes_the_tables_number(tables: Tables) -> None:
    ood, tau = pd.DataFrame(tables.ood), pd.DataFrame(tables.tau)
    assert ood["auroc"].between(0, 1).all()
    for arm in ("raw", "normalised"):
        methods = set(ood.loc[ood["arm"] == arm, "method"])
        assert methods >= {"GBI", "classifier softmax", "deep ensemble", "MC dropout", "energy", "Mahalanobis"}
        assert {"likelihood regret", "reconstruction error"} <= methods
        for score in ("maximum", "entropy", "gap"):
            curve = tau[(tau["arm"] == arm) & (tau["score"] == score)].set_index("tau_relative")
            here = ood[(ood["arm"] == arm) & (ood["method"] == "GBI") & (ood["score"] == score)]
            assert curve["auroc"].loc[1.0] == pytest.approx(float(here["auroc"].iloc[0]))
    shares = pd.DataFrame(tables.confidence).groupby(["arm", "method", "side"])["share"].sum()
    np.testing.assert_allclose(shares, 1)
    assert len(shares) == 12
    judged = ood[ood["calibration_error"].notna()]
    assert set(judged["score"]) == {"maximum"}
    assert {"GBI", "matched classifier softmax", "classifier softmax"} <= set(judged["method"])
    measures = ["auroc", "calibration_error"]
    starts = pd.DataFrame(tables.starts)
    here = starts[starts["start"] == "maximum entropy"].set_index("arm")[measures]
    pd.testing.assert_frame_equal(here, judged[judged["method"] == "GBI"].set_index("arm")[measures])


def test_generations_are_the_decoders_images(tables: Tables) -> None:
    arrays = tables.generations
    assert arrays["decoded"].shape == (5, 4, 8, 8, 1)
    assert arrays["labels"].tolist() == [0, 1, 2, 3, 0]
    np.testing.assert_allclose(arrays["posterior"].sum(axis=1), 1, rtol=1e-5)


def without_time(found: Tables) -> list[Any]:
    times = [{k: v for k, v in row.items() if k != "milliseconds_per_image"} for row in found.mnist]
    arrays = [found.posteriors[name].tolist() for name in sorted(found.posteriors)]
    # As text, in which what is not a number equals itself.
    return [times, str(found.ood), found.tau, found.confidence, found.networks, found.starts, arrays]


@pytest.mark.parametrize("place", ["accuracy_table", "likelihood_regret"])
def test_an_interrupted_repeat_goes_on_to_the_same_numbers(
    tables: Tables,
    parts: Parts,
    quick_settings: ImagesSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(experiment, place, killed)
        with pytest.raises(KeyboardInterrupt):
            run_images(parts, quick_settings, KEY, LiveState(tmp_path, {}))
    assert without_time(run_images(parts, quick_settings, KEY, LiveState(tmp_path, {}))) == without_time(tables)


def test_the_other_tables_hold_every_width_way_and_ensemble(
    parts: Parts, quick_settings: ImagesSettings, tmp_path: Path
) -> None:
    found = run_more(parts, quick_settings, KEY, LiveState(tmp_path, {}))
    bottleneck = as_table(found.bottleneck, {"repeat": 0, "data": "quadrants"})
    assert list(bottleneck.columns[:2]) == ["repeat", "data"]
    assert bottleneck[["code", "noise"]].to_numpy().tolist() == [[2, 0], [0, 0], [2, 0.5]]
    iterations = pd.DataFrame(found.iterations)
    assert iterations["way"].nunique() == 5
    assert set(iterations.loc[iterations["way"] == "adam, l2", "steps"]) == {1, 3}
    ensembles = pd.DataFrame(found.ensembles)
    assert ensembles["way"].to_list() == ["single", "single", "ensemble", "ensemble of gradients", "MC dropout"]
    assert ensembles[["accuracy", "calibration_error", "auroc"]].apply(lambda column: column.between(0, 1)).all().all()


def test_a_decoder_of_z_alone_learns_the_class_means(
    parts: Parts, quick_settings: ImagesSettings, tmp_path: Path
) -> None:
    networks = Networks(parts, quick_settings, KEY, LiveState(tmp_path, {}), "raw")
    alone = AutoencoderSettings(channels=[8, 8], code=0)
    model = networks.autoencoder("alone", alone, FitSettings(epochs=12, batch_size=10, learning_rate=5e-3))
    means = class_means(*parts.train, 4)
    with torch.no_grad():
        decoded = model.decode(torch.ones(4, 1), torch.eye(4))
    between = (means - means.mean(dim=0)).square().sum()
    assert float((decoded - means).square().sum()) < 0.05 * float(between)


@pytest.fixture
def dropped() -> DropoutAutoencoder:
    with seeded("test"):
        return DropoutAutoencoder((8, 8, 1), 4, AutoencoderSettings(channels=[4, 4], code=2), torch_generator("test"))


@pytest.fixture
def images() -> Tensor:
    return torch.rand(7, 1, 8, 8, generator=torch_generator("test images"))


def test_dropout_of_nothing_is_the_plain_autoencoder(dropped: DropoutAutoencoder, images: Tensor) -> None:
    z = maximum_entropy(7, 4)
    code = dropped.encode(images)
    assert torch.equal(dropped.decode(code, z), dropped.decode(code, z, torch.ones(7, 4)))
    assert torch.equal(dropped(images, z), dropped.decode(code, z))
    assert not torch.equal(dropped.decode(code, z), dropped.decode(code, z, 2 * torch.ones(7, 4)))
    gradients = dropout_gradients(dropped, images, 1e-9, 2, torch_generator("masks"))
    torch.testing.assert_close(gradients[1], start_gradients(dropped, images)[1])


def test_an_ensemble_of_one_network_is_that_network_and_mixtures_are_less_sure(
    dropped: DropoutAutoencoder, images: Tensor
) -> None:
    gradient = start_gradients(dropped, images)[1]
    single = one_step(gradient, 0.5)
    torch.testing.assert_close(mean_posterior([gradient, gradient], [0.5, 0.5]), single)
    other = one_step(-gradient, 2.0)
    mixed = mean_posterior([gradient, -gradient], [0.5, 2.0])
    torch.testing.assert_close(mixed, (single + other) / 2)
    with pytest.raises(ValueError, match="shorter"):
        mean_posterior([gradient, gradient], [0.5])


def test_an_untrained_decoder_draws_the_mean_grey(parts: Parts) -> None:
    chosen = AutoencoderSettings(channels=[4, 4], code=0)
    with seeded("test"):
        model = Autoencoder((8, 8, 1), 4, chosen, torch_generator("test"))
    last = [module for module in model.rest if isinstance(module, torch.nn.ConvTranspose2d)][-1]
    torch.nn.init.zeros_(last.weight)
    start_grey(model, parts.train.images)
    drawn = model(parts.train.images[:1], maximum_entropy(1, 4))
    torch.testing.assert_close(drawn, parts.train.images.mean().expand_as(drawn))


def test_fewer_images_are_passed_over_more_often() -> None:
    chosen = FitSettings(epochs=4)
    assert passes(chosen, None, 10) is chosen
    assert passes(chosen, 10, 10) is chosen
    assert passes(chosen, 20_000, 7_000).epochs == 11
