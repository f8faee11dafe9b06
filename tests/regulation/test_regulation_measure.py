"""Flip rates and the share of colour against tasks whose answers are known, and both verbs."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from whichtask.artifacts import read_csv, read_tensors, write_tensors
from whichtask.cli import main
from whichtask.config import CnnSpec, DataSettings, DiscoverySettings, RegulationJob, SimclrJob, SimclrSettings
from whichtask.data import ImageSet
from whichtask.discovery import TaskEncoder, load_backbone, make_encoder
from whichtask.discovery.saved import load_encoder
from whichtask.errors import WhichtaskError
from whichtask.networks import build
from whichtask.studies.regulation import colour_share, flip_rates, regulation_table
from whichtask.training import Division, ImageBank, divide

DATA = DataSettings(train_images=200, heldout_images=80, discovery_heldout_images=80)


def job(**discovery: Any) -> RegulationJob:
    return RegulationJob(
        seed=0,
        data=DATA,
        encoder=CnnSpec(width=2, hidden=8),
        network=CnnSpec(width=2, hidden=8),
        discovery=DiscoverySettings.model_validate({"tasks": 2, "dimensions": 3} | discovery),
        simclr=SimclrSettings(),
    )


def colourful(count: int = 300) -> ImageSet:
    """Noise of 8x8 pixels, each image with a mean colour of its own."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(40, 160, (count, 1, 1, 3)) + rng.integers(-40, 40, (count, 8, 8, 3))
    images = pixels.astype(np.uint8)
    labels = np.arange(count) % 2
    return ImageSet("noise", images, labels, images[:10], labels[:10], ("a", "b"))


class Known(TaskEncoder):
    """Tasks whose flip rates are known: none on mean brightness of all, side of the brighter half, red above blue."""

    def hard_labels(self, embeddings: Tensor) -> Tensor:
        return (embeddings > 0).T.to(torch.uint8)

    def forward(self, images: Tensor) -> Tensor:
        half = images.shape[3] // 2
        sides = images[..., :half].mean((1, 2, 3)) - images[..., half:].mean((1, 2, 3))
        return torch.stack([torch.ones(len(images)), sides], dim=1)


def test_flip_rates_of_known_tasks(small_images: ImageSet) -> None:
    bank, chosen = ImageBank.of(small_images), job()
    encoder = Known(build(chosen.encoder, bank.shape, 2, seed=("any",)), chosen.discovery, (0,))
    everything = torch.arange(500)
    labels = encoder.hard_labels(encoder(bank.batch(everything)))
    rates = {
        name: flip_rates(encoder, bank, everything, labels, chosen, name) for name in ("flip", "colour_jitter", "all")
    }
    # A constant task never flips; the side of the brighter half always flips with the image and never by jitter alone,
    # which changes all pixels alike (up to what is cut off at white).
    assert [rates[name][0] for name in rates] == [0, 0, 0]
    assert rates["flip"][1] == 1
    assert rates["colour_jitter"][1] < 0.05
    assert 0.4 < rates["all"][1] < 0.6
    assert (rates["all"] == flip_rates(encoder, bank, everything, labels, chosen, "all")).all()


def test_colour_explains_a_task_on_colour_and_not_one_on_chance() -> None:
    images = colourful()
    bank = ImageBank.of(images)
    means = torch.from_numpy(images.images.mean((1, 2)))
    chance = torch.from_numpy(np.random.default_rng(1).integers(0, 2, len(means)))
    red = (means[:, 0] > means[:, 2]).long()
    thirds = (means[:, 0] > 80).long() + (means[:, 0] > 120)
    order = np.random.default_rng(2).permutation(300)
    division = Division(order[:150], order[150:250], order[250:])
    labels = torch.stack([red, 1 - red, chance, thirds]).to(torch.uint8)
    shares = colour_share(bank, division, labels)
    # The regression of the sign of a difference of two uniform colours on that difference: R^2 = 2/3.
    assert shares[0] == pytest.approx(2 / 3, abs=0.1)
    assert shares[1] == pytest.approx(shares[0])
    assert abs(shares[2]) < 0.12
    assert 0.3 < shares[3] < 0.8
    grey = ImageSet("grey", images.x_train[..., :1], images.y_train, images.x_test[..., :1], images.y_test, ("a", "b"))
    bright = (means[:, :1] > 100).T.to(torch.uint8)
    assert colour_share(ImageBank.of(grey), division, bright)[0] == pytest.approx(0.75, abs=0.1)


def test_the_table_has_a_row_for_each_task_and_measure() -> None:
    images, chosen = colourful(), job()
    bank, division = ImageBank.of(images), divide(300, DATA.model_copy(update={"train_images": 100}))
    encoder = make_encoder(chosen.encoder, bank.shape, chosen.discovery, (0,))
    table = regulation_table(encoder, bank, division, chosen, "base")
    assert table["augmentation"].tolist() == ["crop", "flip", "colour_jitter", "grey", "all", "mean_colour"] * 2
    assert table["task"].unique().tolist() == ["discovered_00", "discovered_01"]
    assert table[["set", "images", "views"]].drop_duplicates().to_numpy().tolist() == [["base", 80, 3]]
    rates = table.loc[table["augmentation"] != "mean_colour", "value"]
    assert rates.between(0, 1).all()
    assert rates.nunique() > 5
    assert not encoder.training


def test_a_frozen_backbone_keeps_its_own_statistics() -> None:
    images, chosen = colourful(), job(pretraining="simclr", freeze_backbone=True)
    bank, division = ImageBank.of(images), divide(300, DATA.model_copy(update={"train_images": 100}))
    encoder = make_encoder(chosen.encoder, bank.shape, chosen.discovery, (0,))
    before = {name: value.clone() for name, value in encoder.backbone.state_dict().items()}
    table = regulation_table(encoder, bank, division, chosen, "regulated")
    assert all(torch.equal(value, before[name]) for name, value in encoder.backbone.state_dict().items())
    assert table["task"].iloc[0] == "regulated_00"


def test_an_encoder_of_other_settings_is_refused(tmp_path: Path, small_images: ImageSet) -> None:
    bank, chosen = ImageBank.of(small_images), job()
    write_tensors(
        tmp_path / "e.safetensors", make_encoder(chosen.encoder, bank.shape, chosen.discovery, (0,)).state_dict()
    )
    load_encoder(tmp_path / "e.safetensors", bank, chosen)
    with pytest.raises(WhichtaskError, match=r"discovery\.dimensions"):
        load_encoder(tmp_path / "e.safetensors", bank, job(dimensions=4))


def run(*words: str | Path) -> None:
    """Run the command line in this process."""
    before = sys.argv
    sys.argv = ["whichtask", *map(str, words)]
    try:
        main()
    except SystemExit as end:
        if end.code not in (0, None):
            raise
    finally:
        sys.argv = before


def test_both_verbs(tmp_path: Path, small_images: ImageSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    small_images.save(tmp_path / "data.npz")
    data, chosen = ("--data", "data.npz", "--threads", "1"), job()
    settings = SimclrSettings(epochs=2, batch_size=64, projection=4)
    pretraining = SimclrJob(seed=0, data=DATA, encoder=chosen.encoder, simclr=settings)
    run("simclr", *data, "--job", pretraining.model_dump_json(), "--out", "backbone")
    assert sorted(path.name for path in Path("backbone").iterdir()) == [
        "backbone.safetensors",
        "config.yaml",
        "history.csv",
    ]
    assert read_csv(Path("backbone/history.csv"))["epoch"].tolist() == [1, 2]
    tensors, what = read_tensors(Path("backbone/backbone.safetensors"))
    assert what["verb"] == "simclr"
    assert not any(name.startswith("head") for name in tensors)
    encoder = make_encoder(chosen.encoder, (8, 8, 1), chosen.discovery, (0,))
    load_backbone(encoder, Path("backbone/backbone.safetensors"))
    write_tensors(Path("encoder.safetensors"), encoder.state_dict())
    measure = ("regulation", *data, "--job", chosen.model_dump_json(), "--set", "base")
    run(*measure, "--encoder", "encoder.safetensors", "--out", "regulation.csv")
    table = read_csv(Path("regulation.csv"))
    assert list(table) == ["data", "set", "task", "augmentation", "value", "images", "views"]
    assert table["augmentation"].tolist() == ["crop", "flip", "colour_jitter", "all", "mean_colour"] * 2
    with pytest.raises(SystemExit):
        run(*measure, "--encoder", "data.npz", "--out", "none.csv")
    assert not Path("none.csv").exists()
