"""The verb `discover` with its optional inputs, as a person calls it."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from whichtask.artifacts import read_npz, read_tensors, write_tensors
from whichtask.cli import main
from whichtask.config import CnnSpec, DataSettings, DiscoveryJob, DiscoverySettings
from whichtask.data import ImageSet
from whichtask.networks import build
from whichtask.tasks import TaskSet

NETWORK = CnnSpec(width=2, hidden=8)
SEARCH = {
    "tasks": 2,
    "dimensions": 3,
    "inner_steps": 1,
    "inner_batch_size": 20,
    "agreement_batch_size": 20,
    "outer_steps": 2,
}


@pytest.fixture
def folder(tmp_path: Path, small_images: ImageSet, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    small_images.save(tmp_path / "data.npz")
    return tmp_path


def discover(*words: str, **changes: object) -> int:
    """Run the verb in this process with changed settings; return its exit code."""
    job = DiscoveryJob(
        seed=0,
        data=DataSettings(train_images=200, heldout_images=80, discovery_heldout_images=80),
        encoder=NETWORK,
        network=NETWORK,
        discovery=DiscoverySettings.model_validate(SEARCH | changes),
    )
    common = ["--data", "data.npz", "--job", job.model_dump_json(), "--out", "set", "--tasks", "found.npz"]
    before = sys.argv
    sys.argv = ["whichtask", "discover", *common, "--threads", "1", *words]
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    finally:
        sys.argv = before
    return 0


def test_three_classes_beside_a_human_task(folder: Path) -> None:
    TaskSet((np.arange(500)[None] % 2).astype(np.uint8), ("even",), "human").save(folder / "human.npz")
    assert discover("--human", "human.npz", classes=3, human_tasks=1) == 0
    arrays = read_npz(folder / "set" / "logits.npz")
    assert arrays["logits"].shape == (2, 500, 3)
    assert arrays["embeddings"].shape == (500, 3)
    found = TaskSet.load(folder / "found.npz")
    assert len(found.names) == len(arrays["kept"])
    assert len(found.provenance["human"]) == 64
    assert "human.weight" in read_tensors(folder / "set" / "encoder.safetensors")[0]


def test_a_frozen_pretrained_backbone(folder: Path) -> None:
    state = build(NETWORK, (8, 8, 1), 2, seed=("pretrained",)).state_dict()
    state = {name: value for name, value in state.items() if not name.startswith("head.")}
    write_tensors(folder / "backbone.safetensors", state)
    assert discover("--backbone", "backbone.safetensors", pretraining="simclr", freeze_backbone=True) == 0
    saved = read_tensors(folder / "set" / "encoder.safetensors")[0]
    assert all(torch.equal(saved[f"backbone.{name}"], value) for name, value in state.items())
    assert TaskSet.load(folder / "found.npz").kind == "regulated"


@pytest.mark.parametrize(
    ("words", "changes", "message"),
    [
        ([], {"human_tasks": 1}, "needs --human"),
        ([], {"pretraining": "simclr"}, "needs --backbone"),
        (["--backbone", "nothing"], {}, "takes no --backbone"),
        (["--backbone", "nothing"], {"pretraining": "simclr"}, "cannot read the backbone nothing"),
        (["--human", "nothing"], {"human_tasks": 1}, "cannot read nothing"),
    ],
)
def test_missing_inputs_are_errors(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], changes: dict[str, object], message: str
) -> None:
    assert discover(*words, **changes) == 1
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_a_task_without_two_labels_is_named_and_dropped(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def flat(count: int, dimensions: int, generator: np.random.Generator) -> np.ndarray:
        return np.asarray(np.eye(dimensions)[:count] * np.array([[1.0], [0.0]]))

    monkeypatch.setattr("whichtask.discovery.encoder.orthogonal_directions", flat)
    assert discover() == 0
    assert "discovered_01 gives all images one label" in capsys.readouterr().out
    assert TaskSet.load(folder / "found.npz").names == ("discovered_00",)
    assert read_npz(folder / "set" / "logits.npz")["kept"].tolist() == [0]
