"""The bridge's inference against brute force, its bits, compositions, and a whole job on a few images."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from whichtask.bridge import abstractions, balanced_accuracy, infer, make_bits, study
from whichtask.bridge.compositions import CHANCE, COMPOSITIONS, labellings, products, read_out
from whichtask.bridge.inference import joint_posterior
from whichtask.config import BridgeBitsJob, BridgeJob, BridgeSettings, CnnSpec, DataSettings, DiscoverySettings
from whichtask.config.gbi import AutoencoderSettings, FitSettings, InferenceSettings
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.gbi import divergence, enumerate_losses, exact_posterior, infer_one_step
from whichtask.gbi.abstraction import combinations
from whichtask.gbi.autoencoder import Autoencoder, reconstruction_loss, squared_error
from whichtask.seeding import seeded
from whichtask.tasks import TaskSet
from whichtask.training import LiveState

PARTS = (2, 2, 3)
CPU = torch.device("cpu")
BITS_JOB = BridgeBitsJob(
    seed=0,
    data=DataSettings(train_images=300, heldout_images=50, discovery_heldout_images=50),
    encoder=CnnSpec(arch="cnn", width=4, hidden=8),
    network=CnnSpec(arch="cnn", width=4, hidden=8),
    discovery=DiscoverySettings(tasks=2, dimensions=2),
    bits=2,
)
SETTINGS = BridgeSettings(
    seeds=[0],
    train_images=300,
    validation_images=100,
    test_images=100,
    iterated_images=100,
    enumerated_images=20,
    channels=[4],
    hidden=8,
    code=1,
    other_codes=[2],
    entries=["additive"],
    fit=FitSettings(epochs=20, batch_size=50, learning_rate=1e-2),
    inference=InferenceSettings(learning_rate=0.2, steps=20, weight=0.0),
    compositions=1,
)


@pytest.fixture
def model() -> Autoencoder:
    settings = AutoencoderSettings(channels=[4], code=2, hidden=6)
    with seeded("test"):
        return Autoencoder((8, 8, 1), sum(PARTS), settings, torch.Generator().manual_seed(0)).requires_grad_(False)


@pytest.fixture(scope="module")
def quadrant_bits(small_images: ImageSet) -> TaskSet:
    """Bits of sources whose discovered tasks are the row and the column of the bright quadrant."""
    found = np.stack([small_images.labels // 2, small_images.labels % 2]).astype(np.uint8)
    return make_bits(small_images, TaskSet(found, ("row", "column"), "discovered"), BITS_JOB)


def test_all_combinations_are_tried(model: Autoencoder) -> None:
    images = torch.rand(5, 1, 8, 8)
    found = enumerate_losses(reconstruction_loss(model, images), 5, PARTS)
    for place, labels in enumerate(product(*map(range, PARTS))):
        assert combinations(PARTS)[place].tolist() == list(labels)
        z = torch.zeros(5, sum(PARTS))
        for label, start in zip(labels, (0, 2, 4), strict=True):
            z[:, start + label] = 1
        assert torch.allclose(found[:, place], squared_error(model(images, z), images), atol=1e-5)


def test_one_part_is_enumerated_as_gbi_does(model: Autoencoder) -> None:
    loss = reconstruction_loss(model, torch.rand(5, 1, 8, 8))
    assert torch.equal(enumerate_losses(loss, 5, (7,)), enumerate_losses(loss, 5, 7))


def test_one_step_is_that_of_gbi(model: Autoencoder) -> None:
    images = torch.rand(5, 1, 8, 8)
    scores = infer(model, images, PARTS)
    expected = infer_one_step(reconstruction_loss(model, images), 5, PARTS, tau=0.3)
    softened = torch.cat([(part / 0.3).softmax(dim=1) for part in scores.split(PARTS, dim=1)], dim=1)
    assert torch.allclose(softened, expected, atol=1e-6)


def test_one_step_is_exact_where_the_loss_is_linear() -> None:
    weights = torch.randn(4, sum(PARTS), dtype=torch.float64)
    losses = enumerate_losses(lambda z: (z * weights).sum(dim=1), 4, PARTS)
    near, exact = joint_posterior(-weights, PARTS, 0.7), exact_posterior(losses, 0.7)
    assert torch.allclose(near.sum(dim=1), torch.ones(4, dtype=torch.float64))
    assert divergence(near, exact).abs().max() < 1e-9


def test_balanced_accuracy_gives_a_constant_answer_nothing() -> None:
    truth = torch.tensor([0] * 9 + [1])
    found = balanced_accuracy(torch.zeros(10, dtype=torch.int64), truth)
    assert found == pytest.approx((0.9, 0.5, 0.9))


def test_bits_of_all_sources(small_images: ImageSet, quadrant_bits: TaskSet) -> None:
    sources = {one.source: one for one in abstractions(small_images, quadrant_bits, CPU)}
    assert list(sources) == ["discovered", "human", "pca", "untrained", "random", "permuted", "one-hot"]
    assert all(one.parts == (2, 2) for name, one in sources.items() if name != "one-hot")
    assert sources["one-hot"].parts == (4,)
    # Permuted bits are the discovered ones of other images, both of one together.
    pairs = [sources[name].labels @ torch.tensor([2, 1]) for name in ("discovered", "permuted")]
    assert torch.equal(torch.bincount(pairs[0]), torch.bincount(pairs[1]))
    assert 0.5 < (pairs[0] != pairs[1]).double().mean() < 0.9
    for name in ("human", "pca", "untrained"):
        assert sources[name].labels.double().mean() == pytest.approx(0.5, abs=0.1)
    z = sources["discovered"].z(torch.arange(3))
    assert torch.equal(z[:, [1, 3]].long(), sources["discovered"].labels[:3])


def test_bits_are_as_many_as_the_search_found(small_images: ImageSet) -> None:
    found = TaskSet((small_images.labels % 2).astype(np.uint8)[None], ("one",), "discovered")
    assert len(make_bits(small_images, found, BITS_JOB).names) == 6
    three = TaskSet((small_images.labels % 3).astype(np.uint8)[None], ("one",), "discovered")
    with pytest.raises(WhichtaskError, match="bits have two sides; the tasks have 3 classes"):
        make_bits(small_images, three, BITS_JOB)


def test_compositions() -> None:
    bits = np.array(list(product((0, 1), repeat=3)))
    assert COMPOSITIONS["and"].of(bits[:, :2]).tolist() == [0, 0, 0, 0, 0, 0, 1, 1]
    assert COMPOSITIONS["xor"].of(bits[:, :2]).tolist() == [0, 0, 1, 1, 1, 1, 0, 0]
    assert COMPOSITIONS["three-way"].of(bits).tolist() == [0, 1, 1, 0, 1, 0, 0, 1]


def test_compositions_are_read_from_true_bits_and_coins_are_not() -> None:
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2, (2_000, 4))
    features = products((2 * bits - 1).astype(np.float64))
    assert features.shape == (2_000, 4 + 6 + 4)
    kinds = []
    for kind, labels in labellings(bits, 2, rng):
        right = (read_out(features[:1_000], labels[:1_000], features[1_000:]) == labels[1_000:]).mean()
        assert right == pytest.approx(0.5, abs=0.06) if kind == CHANCE else right == 1
        kinds.append(kind)
    assert kinds == [kind for kind in ("and", "xor", "three-way", CHANCE) for _ in range(2)]


def test_a_job_infers_what_is_in_the_image_and_nothing_else(
    small_images: ImageSet, quadrant_bits: TaskSet, tmp_path: Path
) -> None:
    job = BridgeJob(seed=0, repeat=0, bridge=SETTINGS)
    tables = study(small_images, quadrant_bits, job, CPU, LiveState(tmp_path, {"test": 1}))
    bits = tables["bits"]
    assert set(bits["method"]) == {"one-step", "iterative", "enumerated"}
    assert (bits["majority"] >= 0.5).sum() >= 3 * 6 * 2
    means = bits[(bits["method"] == "one-step") & (bits["code"] == 1)].groupby("source")["balanced"].mean()
    # A code of one number leaves the quadrant to Z.
    assert means["discovered"] > 0.8
    for source in ("random", "permuted"):
        assert means[source] == pytest.approx(0.5, abs=0.12)
    networks = tables["networks"]
    main = networks[networks["code"] == 1].set_index("source")
    assert main["reliance"]["discovered"] > 0.1 > main["reliance"]["permuted"]
    assert (main["kl"] > -1e-9).all()
    assert networks["kl"].isna().sum() == 7
    readout = tables["readout"].set_index(["source", "method"])["accuracy"]
    assert readout["one-hot", "given"] == readout["discovered", "given"] == 1
    assert isinstance(tables["compositions"], pd.DataFrame)
    assert set(tables["compositions"]["kind"]) == {"and", "xor", CHANCE}  # two bits have no three-way


def test_too_few_images_are_an_error(small_images: ImageSet, quadrant_bits: TaskSet, tmp_path: Path) -> None:
    job = BridgeJob(seed=0, repeat=0, bridge=SETTINGS.model_copy(update={"train_images": 400}))
    with pytest.raises(WhichtaskError, match="quadrants has 400 training and 100 test images"):
        study(small_images, quadrant_bits, job, CPU, LiveState(tmp_path, {"test": 1}))
