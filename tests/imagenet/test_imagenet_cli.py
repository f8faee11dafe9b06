"""The verbs on a folder, as a person uses them."""

import sys
from pathlib import Path

import pytest
import yaml

from whichtask.artifacts import read_csv, read_npz, read_tensors
from whichtask.cli import main
from whichtask.config import ImageNetJob


def run(monkeypatch: pytest.MonkeyPatch, *words: str | Path) -> int:
    """Run the command line in this process; return its exit code."""
    monkeypatch.setattr(sys, "argv", ["whichtask", *map(str, words)])
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


def test_from_a_folder_to_accuracies(
    folder: Path,
    job: ImageNetJob,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    small = job.model_copy(update={"imagenet": job.imagenet.model_copy(update={"epochs": 1})})
    common = ["--job", small.model_dump_json(), "--threads", "1", "--workers", "0"]
    assert run(monkeypatch, "imagenet", "split", folder, "--out", "split", *common) == 0
    for control in ("adversarial", "random"):
        code = run(
            monkeypatch,
            "imagenet",
            "train",
            folder,
            "--split",
            "split",
            "--control",
            control,
            "--out",
            control,
            *common,
        )
        assert code == 0
    rows = [read_csv(tmp_path / control / "accuracies.csv") for control in ("adversarial", "random")]
    assert [table["split"].item() for table in rows] == ["adversarial", "random"]
    assert rows[0]["images_train"].item() == rows[1]["images_train"].item() == 24
    stored = read_npz(tmp_path / "random" / "confusion.npz")
    assert (stored["confusion"].shape, stored["class_names"].tolist()) == ((4, 4), ["n01", "n02", "n03", "n04"])
    assert len(read_csv(tmp_path / "random" / "history.csv")) == 1
    weights, _ = read_tensors(tmp_path / "random" / "network.safetensors")
    assert weights["fc.weight"].shape == (4, 512)
    settings = yaml.safe_load((tmp_path / "split" / "config.yaml").read_text())
    assert (settings["imagenet"]["folder"], settings["imagenet"]["network"]) == (str(folder), "resnet18")
    capsys.readouterr()
    assert run(monkeypatch, "imagenet", "split", tmp_path / "nowhere", "--out", "x", *common) == 1
    assert capsys.readouterr().err.startswith("error: ")
