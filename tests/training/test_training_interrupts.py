"""SIGTERM and SIGUSR1: a training job saves its state, exits with 143, and goes on with the same bits."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from whichtask.config import AgreementJob, load_config
from whichtask.data import ImageSet
from whichtask.tasks import random_tasks

EPOCHS = 200
PATIENCE = 300  # seconds; a busy machine is no failure


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images, a task, a job that trains for some seconds, and its uninterrupted result."""
    folder = tmp_path_factory.mktemp("interrupts")
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (500, 8, 8, 1), dtype=np.uint8), rng.integers(0, 2, 500)
    ImageSet("noise", x[:450], y[:450], x[450:], y[450:], ("a", "b")).save(folder / "data.npz")
    random_tasks(500, 1, 0).save(folder / "random.npz")
    settings = load_config(
        {
            "data": {"name": str(folder), "train_images": 350, "heldout_images": 50, "discovery_heldout_images": 50},
            "agreement": {"pairs": 1, "images": 350, "epochs": EPOCHS, "stop_train_accuracy": None, "batch_size": 50},
            "networks": {"cnn": {"arch": "cnn", "width": 4, "hidden": 16}},
            "plan": {"networks": ["cnn"], "image_sweep": [100], "network_images": 100},
            "discovery": {"inner_batch_size": 50, "agreement_batch_size": 50},
            "dynamics": {"images": 100},
            "splits": {"images": 100},
            "studies": {"images": 100, "inner_batch_size": 50, "networks": []},
            "ground_truth": {"networks": ["cnn"]},
        }
    )
    (folder / "job.json").write_text(AgreementJob.of(settings, "cnn").model_dump_json())
    assert finish(start(folder, "whole")) == (0, "")
    return folder


def start(folder: Path, name: str) -> "subprocess.Popen[str]":
    command = [
        *(Path(sys.executable).with_name("whichtask"), "agreement", "--data", folder / "data.npz", "--threads", "1"),
        *("--tasks", folder / "random.npz", "--out", folder / name / "scores.csv", "--results", folder / name),
        *("--job", (folder / "job.json").read_text()),
    ]
    return subprocess.Popen([str(word) for word in command], stderr=subprocess.PIPE, text=True)


def finish(process: "subprocess.Popen[str]") -> tuple[int, str]:
    said = process.communicate(timeout=PATIENCE)[1]
    return process.returncode, said


def scores(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / name / "scores.csv").drop(columns=["seconds", "images_per_s"])


def interrupt(process: "subprocess.Popen[str]", number: int) -> tuple[int, str]:
    """Send a signal once the process listens for it; return what it said."""
    status = Path(f"/proc/{process.pid}/status")
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        caught = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("SigCgt"))
        if int(caught.split()[1], 16) >> (number - 1) & 1:
            break
        time.sleep(0.05)
    time.sleep(0.3)
    os.kill(process.pid, number)
    return finish(process)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_signal_saves_and_the_resumed_run_has_the_same_bits(folder: Path, number: signal.Signals) -> None:
    name = number.name
    code, said = interrupt(start(folder, name), number)
    assert code == 143
    assert f"{name}: the state is saved" in said
    assert "Traceback" not in said
    assert list((folder / name / ".state").glob("*/fit.safetensors")), "the fit in progress was kept"
    assert not (folder / name / "scores.csv").exists()
    assert finish(start(folder, name)) == (0, "")
    pd.testing.assert_frame_equal(scores(folder, name), scores(folder, "whole"))
