"""On a real SLURM: a training job that is warned of its time limit, then requeued, ends with undisturbed bits.

``.ci/slurm prove`` starts a SLURM of one node and runs this file on it.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
import yaml
from projects import SLURM, Project

from whichtask.data import ImageSet
from whichtask.machine.interrupts import handles

pytestmark = [
    pytest.mark.workflow,
    pytest.mark.skipif(os.environ.get("WHICHTASK_LIVE_SLURM") != "1", reason="needs a SLURM: .ci/slurm prove"),
]
EPOCHS = 4000  # a minute or more, because SLURM looks every 30 s for jobs to warn
PATIENCE = 900  # seconds; a busy machine is no failure
TARGET = "results/live/agreement/mine/cnn/random.csv"
LOG = "results/live/logs/agreement/mine/cnn/random.log"
FILES = ("--configfile", "config/smoke.yaml", "mine.yaml")
QUICK = ("--slurm-init-seconds-before-status-checks", "2", "--max-status-checks-per-second", "1")


@pytest.fixture
def projects(tmp_path: Path, small_images: ImageSet) -> Iterator[tuple[Project, Project]]:
    """Two projects whose only training job takes a minute or more."""
    both = project_in(tmp_path / "undisturbed", small_images), project_in(tmp_path / "disturbed", small_images)
    yield both
    for project in both:
        project.stop()


def project_in(folder: Path, images: ImageSet) -> Project:
    project = Project(folder)
    images.save(folder / "mine.npz")
    content = {
        "results": "results/live",
        "data": {"name": "mine.npz", "train_images": 250, "heldout_images": 80, "discovery_heldout_images": 70},
        "tasks": {"random": 1},
        "networks": {"vit": {"patch": 4}},
        "agreement": {"pairs": 1, "images": 250, "epochs": EPOCHS, "stop_train_accuracy": None, "batch_size": 50},
        "plan": {"network_images": 100, "image_sweep": [100, 200]},
        "dynamics": {"images": 200},
        "splits": {"images": 250},
        "studies": {"images": 200},
    }
    (folder / "mine.yaml").write_text(yaml.safe_dump(content))
    return project


def scores(project: Project) -> pd.DataFrame:
    return pd.read_csv(project.folder / TARGET).drop(columns=["seconds", "images_per_s"])


def slurm(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def until(done: Callable[[], bool], process: "subprocess.Popen[str]", project: Project) -> None:
    """Wait for something while Snakemake runs."""
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert process.poll() is None, project.said
        assert time.monotonic() < deadline, project.said
        time.sleep(0.1)


def trains(project: Project) -> bool:
    """Say whether the project's training job runs and listens to signals."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            if not any(word.endswith(b"/whichtask") for word in words) or (process / "cwd").resolve() != project.folder:
                continue
        except OSError:
            continue
        if handles(int(process.name), signal.SIGUSR1):
            return True
    return False


def submitted(project: Project) -> list[str]:
    """Return the numbers of the training job's submissions so far."""
    lines = [line for line in project.said.splitlines() if "rule_agreement/" in line]
    return [line.partition("SLURM jobid ")[2].split()[0] for line in lines if "SLURM jobid " in line]


def test_a_warned_and_requeued_job_ends_with_the_same_bits(projects: tuple[Project, Project]) -> None:
    undisturbed, project = projects
    whole = undisturbed.start(TARGET, "--cores", "1", *FILES)
    process = project.start(TARGET, "--profile", SLURM, *QUICK, "--cores", "2", *FILES)
    log = project.folder / LOG

    until(lambda: trains(project), process, project)
    (first,) = submitted(project)
    # The warning comes five minutes before the limit, and that is now.
    slurm("scontrol", "update", f"JobId={first}", "TimeLimit=5")
    until(lambda: "SIGUSR1: the state is saved" in log.read_text(), process, project)
    assert list((project.folder / "results/live/.state").glob("*/fit.safetensors"))
    assert not (project.folder / TARGET).exists()

    until(lambda: len(submitted(project)) == 2 and trains(project), process, project)
    assert slurm("squeue", "--noheader", "--states=all", "--format=%T", f"--jobs={first}").strip() == "FAILED"
    second = submitted(project)[1]
    # What SLURM does to a preempted job; it begins again two minutes later.
    slurm("scontrol", "requeue", second)
    until(lambda: "SIGTERM: the state is saved" in log.read_text(), process, project)

    assert process.wait(PATIENCE) == 0, project.said
    assert submitted(project) == [first, second]
    assert "Restarts=1 " in slurm("scontrol", "show", "job", second)
    assert whole.wait(PATIENCE) == 0, undisturbed.said
    pd.testing.assert_frame_equal(scores(project), scores(undisturbed))
    assert not any((project.folder / "results/live/.state").iterdir()), "a finished job leaves no live state"
