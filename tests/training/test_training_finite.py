"""Training that diverges ends with one sentence, in every trainer and search; it never counts as agreement."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import whichtask
from whichtask.config import (
    AgreementSettings,
    CnnSpec,
    DataSettings,
    DiscoveryJob,
    DiscoverySettings,
    LinearJob,
    MlpSpec,
    ProxyJob,
    SimclrJob,
    SimclrSettings,
    read_config,
)
from whichtask.config.gbi.continual import ContinualSettings
from whichtask.config.gbi.inference import FitSettings
from whichtask.config.gbi.toy import OnlineSettings
from whichtask.data import ImageSet
from whichtask.discovery import TaskSearch
from whichtask.errors import WhichtaskError
from whichtask.gbi.continual.learners import Data, FineTuning
from whichtask.gbi.fit import fit
from whichtask.gbi.toy.network import initial_weights
from whichtask.gbi.toy.train import Learner, learn
from whichtask.networks import build
from whichtask.studies.linear import LinearSearch
from whichtask.studies.proxy import proxy_rows
from whichtask.training import Division, GroupFit, ImageBank, LiveState, Sample, divide
from whichtask.training.simclr import Pretraining

HUGE = 1e30
DATA = DataSettings(train_images=200, heldout_images=80, discovery_heldout_images=60)
CNN, MLP = CnnSpec(width=2, hidden=8), MlpSpec(width=0.05)
SEARCH: dict[str, Any] = {
    "tasks": 2, "dimensions": 2, "inner_steps": 2, "inner_batch_size": 20, "agreement_batch_size": 20
}  # fmt: skip


def _bank(images: ImageSet) -> tuple[ImageBank, Division]:
    return ImageBank.of(images), divide(images.n_train, DATA)


def _agreement(images: ImageSet, live: LiveState, network: Any = CNN, rate: float = HUGE, **changes: Any) -> None:
    bank, _ = _bank(images)
    sample = Sample(bank, torch.arange(200), torch.arange(300, 400), torch.from_numpy(images.labels % 2))
    settings = AgreementSettings.model_validate({"epochs": 3, "batch_size": 50, "learning_rate": rate} | changes)
    networks = [build(network, bank.shape, 2, seed=("w", m)) for m in (0, 1)]
    GroupFit(networks, [0], sample, settings, ("agreement", 0, "human_03")).run(live)


def _search(images: ImageSet, **changes: Any) -> None:
    settings = DiscoverySettings.model_validate(SEARCH | changes)
    job = DiscoveryJob(seed=0, data=DATA, encoder=MLP, network=CNN, discovery=settings)
    TaskSearch(*_bank(images), job).run(4)


def _linear(images: ImageSet) -> None:
    settings = DiscoverySettings.model_validate(SEARCH | {"inner_learning_rate": HUGE})
    job = LinearJob(seed=0, data=DATA, encoder=MLP, network=CNN, discovery=settings, steps=3)
    embeddings = torch.randn(len(images.images), 2, generator=torch.Generator().manual_seed(0))
    LinearSearch(embeddings, *_bank(images), job).run()


def _proxy(images: ImageSet) -> None:
    bank, division = _bank(images)
    settings = DiscoverySettings.model_validate(SEARCH | {"inner_learning_rate": HUGE})
    job = ProxyJob(seed=0, data=DATA, encoder=MLP, network=CNN, discovery=settings, proxy_steps=[3], proxy_tasks=1)
    parts = torch.from_numpy(division.train), torch.from_numpy(division.discovery_heldout)
    proxy_rows(bank, *parts, torch.from_numpy(images.labels % 2), job, (0, "human_03", 0))


def _simclr(images: ImageSet) -> None:
    settings = SimclrSettings(epochs=2, batch_size=32, projection=8, learning_rate=HUGE, optimizer="lars")
    bank, division = _bank(images)
    run = Pretraining(bank, division.train, SimclrJob(seed=0, data=DATA, encoder=CNN, simclr=settings))
    for _ in range(run.total):
        run.step()


def _gbi(live: LiveState) -> None:
    network = torch.nn.Linear(3, 1)
    x = torch.randn(40, 3, generator=torch.Generator().manual_seed(0))

    def loss(rows: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        missed: torch.Tensor = network(x[rows]) - 1
        return missed.square().mean()

    settings = FitSettings(epochs=3, batch_size=10, learning_rate=HUGE)
    fit(network, loss, torch.arange(40), settings, ("k",), live, "net")


def _toy(live: LiveState) -> None:
    x = torch.rand(2, 12, generator=torch.Generator().manual_seed(0))
    learner = Learner(initial_weights(2, 2, 4, 0), OnlineSettings(window=3, learning_rate=HUGE))
    learn(learner, x, torch.full((2, 12, 2), 0.5), live, "gbi stream")


def _continual(images: ImageSet) -> None:
    data = Data(torch.from_numpy(images.images).flatten(1).float() / 255, torch.from_numpy(images.labels))
    settings = ContinualSettings(batch_size=20)
    learner = FineTuning(data, [[0, 1], [2, 3]], settings, HUGE, ("k",), 2000, "class")
    learner.learn(0, torch.from_numpy(np.flatnonzero(images.y_train < 2)))


TRAINERS: dict[str, tuple[Callable[[ImageSet, LiveState], None], str]] = {
    "agreement": (_agreement, "on human_03 .* agreement.learning_rate = 1e.30"),
    "agreement of mlps": (lambda images, live: _agreement(images, live, MLP), "on human_03"),
    "agreement at once": (lambda images, live: _agreement(images, live, execution="batched"), "on human_03"),
    "search, inner": (lambda images, _: _search(images, inner_learning_rate=HUGE), "discovery.inner_learning_rate"),
    "search, outer": (lambda images, _: _search(images, outer_learning_rate=HUGE), "discovery.outer_learning_rate"),
    "linear": (lambda images, _: _linear(images), "linear tasks"),
    "proxy": (lambda images, _: _proxy(images), "inner networks on human_03"),
    "simclr": (lambda images, _: _simclr(images), "simclr.learning_rate"),
    "gbi": (lambda _, live: _gbi(live), "net has"),
    "toy": (lambda _, live: _toy(live), "gbi stream has"),
    "continual": (lambda images, _: _continual(images), "FineTuning on task 0"),
}


@pytest.mark.parametrize("trainer", TRAINERS)
def test_training_that_diverges_ends_with_one_sentence(small_images: ImageSet, tmp_path: Path, trainer: str) -> None:
    train, said = TRAINERS[trainer]
    live = LiveState(tmp_path, {})
    with pytest.raises(WhichtaskError, match=rf"^the training of .*{said}") as caught:
        train(small_images, live)
    assert "\n" not in str(caught.value)


def test_training_that_does_not_diverge_goes_on(small_images: ImageSet, tmp_path: Path) -> None:
    _agreement(small_images, LiveState(tmp_path, {}), rate=1e-3)


def test_every_module_that_takes_steps_looks_at_its_numbers() -> None:
    root = Path(whichtask.__file__).parent
    steps = re.compile(r"\b(optimizer|slow)\.step\(\)")
    found = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if steps.search(text := path.read_text(encoding="utf-8")) and "require_finite(" not in text
    }
    assert found == {"training/trainers.py"}  # `fit` looks at the state of its trainer


@pytest.mark.parametrize("value", [".inf", "-.inf", ".nan"])
def test_settings_are_finite(tmp_path: Path, value: str) -> None:
    (tmp_path / "mine.yaml").write_text(f"agreement:\n  learning_rate: {value}\n", encoding="utf-8")
    with pytest.raises(WhichtaskError, match="agreement.learning_rate"):
        read_config([tmp_path / "mine.yaml"])
