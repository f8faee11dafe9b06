"""The study on small images, the verb, the figures, and bad input."""

import sys
from pathlib import Path

import pandas as pd
import pytest
import torch

from whichtask.cli import main
from whichtask.config import FigureSettings, load_config
from whichtask.config.gbi import Cifar100Job, Cifar100Settings, FitSettings, InferenceSettings
from whichtask.config.gbi.cifar100 import GatedSettings, SweepSettings
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.figures import draw, read_numbers
from whichtask.gbi.cifar100 import accuracies, reliances
from whichtask.gbi.gated.study import Study
from whichtask.training import LiveState

SETTINGS = Cifar100Settings(
    seeds=[0],
    train_images=300,
    validation_images=80,
    test_images=90,
    components=10,
    network=GatedSettings(encoder=16, code=2, noise=1.0, hidden=32),
    fit=FitSettings(epochs=8, batch_size=30, learning_rate=1e-2),
    other_epochs=8,
    inference=InferenceSettings(learning_rate=0.2, steps=20, weight=0.0),
    sweep=SweepSettings(codes=[1], noises=[0.0], hidden=[4], entries=["additive"], epochs=2, test_images=50, width=32),
)
CPU = torch.device("cpu")


def study(images: ImageSet, folder: Path, **changes: object) -> tuple[Study, Cifar100Job]:
    job = Cifar100Job(seed=0, repeat=0, cifar100=SETTINGS.model_copy(update=changes))
    return Study(images, job.cifar100, "gbi.cifar100", (0, 0), CPU, LiveState(folder, {"job": str(changes)})), job


def test_parts_are_disjoint_and_the_tables_whole(small_images: ImageSet, tmp_path: Path) -> None:
    found, job = study(small_images, tmp_path)
    rows = {part: set(rows.tolist()) for part, rows in found.rows.items()}
    assert {part: len(own) for part, own in rows.items()} == {"train": 300, "validation": 80, "test": 90}
    assert not rows["train"] & rows["validation"]
    assert max(rows["train"] | rows["validation"]) < small_images.n_train <= min(rows["test"])
    table = accuracies(found, job).set_index("method")
    assert set(table["level"]) == {"classes"}, "the quadrants have no coarse classes"
    # A decoder that sees Z only learns the class means.
    assert table["accuracy"]["pure generative, likelihood"] == pytest.approx(
        table["accuracy"]["class mean, likelihood"], abs=0.1
    )
    assert table["accuracy"]["one-step"] > 0.5
    assert table["forward_passes"]["likelihood"] == 4
    assert set(table["epochs"].dropna()) == {8}
    pd.testing.assert_frame_equal(table, accuracies(*study(small_images, tmp_path)).set_index("method"))


def test_shuffled_labels_make_z_useless(small_images: ImageSet, tmp_path: Path) -> None:
    rows = reliances(*study(small_images, tmp_path)).set_index("changed")
    assert rows["reliance"]["nothing"] > 0.02
    assert abs(rows["reliance"]["labels"]) < rows["reliance"]["nothing"] / 3
    assert list(rows.index) == ["nothing", "code", "noise", "hidden", "entry", "labels"]


def test_other_networks_have_their_own_length(small_images: ImageSet, tmp_path: Path) -> None:
    table = accuracies(*study(small_images, tmp_path, other_epochs=1)).set_index("method")
    assert table["epochs"]["one-step"] == table["epochs"]["iterative"] == 8
    assert table["epochs"]["pure generative, likelihood"] == 1


def test_bad_input(small_images: ImageSet, tmp_path: Path) -> None:
    with pytest.raises(WhichtaskError, match="64"):
        study(small_images, tmp_path, components=65)
    with pytest.raises(WhichtaskError, match="80 validation, 321 training"):
        study(small_images, tmp_path, train_images=321)
    with pytest.raises(WhichtaskError, match="code"):
        load_config({"gbi": {"cifar100": {"network": {"code": 0}}}})


def test_the_verb_and_its_figures(small_images: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_images.save(tmp_path / "x.npz")
    quick = SETTINGS.model_copy(update={"fit": FitSettings(epochs=1, batch_size=100)})
    for repeat in (0, 1):
        job = Cifar100Job(seed=0, repeat=repeat, cifar100=quick).model_dump_json()
        out = tmp_path / f"out{repeat}"
        command = ["whichtask", "gbi", "cifar100", "--data", str(tmp_path / "x.npz"), "--out", str(out)]
        monkeypatch.setattr(sys, "argv", [*command, "--job", job, "--results", str(tmp_path), "--threads", "1"])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code in (0, None)
        assert {path.name for path in out.iterdir()} == {"accuracy.csv", "reliance.csv", "config.yaml"}
    for figure, name in (("gbi_cifar100_table", "accuracy"), ("gbi_z_reliance", "reliance")):
        inputs = {name: [tmp_path / f"out{repeat}" / f"{name}.csv" for repeat in (0, 1)]}
        draw(figure, inputs, tmp_path / f"{figure}.png", FigureSettings(dpi=50))
        drawn = read_numbers(tmp_path / f"{figure}.csv")
        assert set(drawn["row"]) == {"seed", "mean"}
        assert (drawn.loc[drawn["row"] == "mean", "n"] == 2).all()
    assert (tmp_path / "gbi_z_reliance.svg").exists()
