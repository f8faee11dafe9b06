"""Snakemake that is killed, started twice, or whose jobs die: what it says, and that nothing is lost."""

import shlex
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import yaml
from breaking import TAKEN_UP
from killing import PATIENCE
from projects import ROOT, Project
from tiny import CONFIG, Whole, content

from whichtask.data import ImageSet
from whichtask.tasks import random_tasks

pytestmark = pytest.mark.workflow
SCORES = "results/agreement/data/cnn/random.csv"
LOGITS = "results/discovery/data/discovered/logits.npz"
RUN = ("--cores", "1", "--configfile", "tiny.yaml")
# Saves at every step; dies once in the middle where a file asks for it, or waits there for as long as a file asks.
COMMAND = f"""#!/bin/sh
'''exec' {shlex.quote(sys.executable)} "$0" "$@"
' '''  # a shebang cannot hold a path with a space; Python reads these lines as a text
import os, sys, time
from functools import partial
from pathlib import Path
sys.path.insert(0, {str(ROOT / "tests" / "support")!r})
import breaking
from whichtask.cli import main
from whichtask.training import live
live.SAVE_EVERY_SECONDS = 0
breaking.report()
dying, waiting = Path("die-" + sys.argv[1]), Path("wait-" + sys.argv[1])
def wait():
    Path("reached").touch()
    while waiting.exists():
        time.sleep(0.05)
if dying.exists():
    dying.unlink()
    breaking.at_step(5, 9)
if waiting.exists():
    breaking.act_at_step(5, wait)
main()
"""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory, small_images: ImageSet) -> Project:
    """A project with images and random tasks, before any training."""
    folder = tmp_path_factory.mktemp("started")
    small_images.save(folder / "data.npz")
    small_images.save(folder / "results/data/data.npz")
    random_tasks(len(small_images.labels), 2, 0).save(folder / "results/tasks/data/random.npz")
    (folder / "tiny.yaml").write_text(yaml.safe_dump(CONFIG | {"data": CONFIG["data"] | {"name": "data.npz"}}))
    commands = folder / "commands"
    commands.mkdir()
    (commands / "whichtask").write_text(COMMAND)
    (commands / "whichtask").chmod(0o755)
    return Project(folder, commands)


@pytest.fixture
def project(started: Project, tmp_path: Path) -> Iterator[Project]:
    Project.like(started, tmp_path)
    project = Project(tmp_path, tmp_path / "commands")
    yield project
    for path in tmp_path.glob("wait-*"):
        path.unlink()
    project.stop()


@pytest.fixture(scope="module")
def undisturbed(whole: Callable[[str], Whole]) -> dict[str, bytes]:
    """What the same commands make outside of Snakemake, without faults."""
    return {SCORES: whole("agreement").outputs["random.csv"], LOGITS: whole("discover").outputs["logits.npz"]}


def found(project: Project) -> dict[str, bytes]:
    return {name: content(project.folder / name) for name in (SCORES, LOGITS) if (project.folder / name).exists()}


def log(project: Project, name: str) -> str:
    return (project.folder / "results/logs" / name).read_text()


def refused(project: Project, *words: str) -> None:
    """Check that Snakemake does not start, because another one runs or was killed in this folder, and says so."""
    run = project.run(sys.executable, "-m", "snakemake", *words)
    assert run.returncode == 1
    assert "Directory cannot be locked" in run.stderr
    assert "--unlock" in run.stderr


def waits(project: Project) -> None:
    """Wait until a job is in the middle."""
    deadline = time.monotonic() + PATIENCE
    while not (project.folder / "reached").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert (project.folder / "reached").exists(), project.said


def kill_everything(project: Project) -> None:
    """End Snakemake and all below it as a power cut would."""
    (snakemake,) = (one for one in project.started if one.poll() is None)
    for process in [*psutil.Process(snakemake.pid).children(recursive=True), psutil.Process(snakemake.pid)]:
        process.kill()
    snakemake.wait()


def test_a_job_that_dies_once_is_tried_again_and_goes_on(project: Project, undisturbed: dict[str, bytes]) -> None:
    (project.folder / "die-agreement").touch()
    code, said = project.snakemake(SCORES, "--retries", "1", *RUN)
    assert code == 0, said
    assert "Trying to restart job" in said
    assert TAKEN_UP in log(project, "agreement/data/cnn/random.log")
    assert found(project)[SCORES] == undisturbed[SCORES]


def test_a_second_run_in_the_same_folder_is_refused_and_the_first_loses_nothing(
    project: Project, undisturbed: dict[str, bytes]
) -> None:
    (project.folder / "wait-agreement").touch()
    first = project.start(SCORES, *RUN)
    waits(project)
    refused(project, SCORES, *RUN)
    (project.folder / "wait-agreement").unlink()
    assert first.wait() == 0, project.said
    assert found(project)[SCORES] == undisturbed[SCORES]


def test_a_killed_run_is_unlocked_and_goes_on_and_a_changed_key_begins_its_own_jobs_again(
    project: Project, undisturbed: dict[str, bytes]
) -> None:
    """Kill Snakemake in the middle of a search and of a score; then go on with another key for scores, and back."""
    for verb, target in (("discover", LOGITS), ("agreement", SCORES)):
        (project.folder / f"wait-{verb}").touch()
        project.start(target, *RUN)
        waits(project)
        kill_everything(project)
        (project.folder / f"wait-{verb}").unlink()
        (project.folder / "reached").unlink()
        assert not found(project)
        if verb == "discover":
            refused(project, target, *RUN)
        code, said = project.snakemake("--unlock", *RUN)
        assert code == 0, said
    assert len(list((project.folder / "results/.state").iterdir())) == 2
    code, said = project.snakemake(LOGITS, SCORES, *RUN, "--config", "agreement={epochs: 3}")
    assert code == 0, said
    assert TAKEN_UP in log(project, "discovery/data/discovered.log")
    assert TAKEN_UP not in log(project, "agreement/data/cnn/random.log")
    assert found(project)[LOGITS] == undisturbed[LOGITS]
    assert found(project)[SCORES] != undisturbed[SCORES]
    code, said = project.snakemake(SCORES, *RUN)
    assert code == 0, said
    assert TAKEN_UP in log(project, "agreement/data/cnn/random.log"), "its state has waited"
    assert found(project) == undisturbed
