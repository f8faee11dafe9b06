"""SIGUSR1, as SLURM's --signal sends it: it reaches the training job, and nothing on the way dies of it."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from projects import ROOT

pytestmark = pytest.mark.workflow
PATIENCE = 120  # seconds; a busy machine is no failure
JOB = """
import pathlib, signal, sys, time
def save(number, frame):
    pathlib.Path("saved").touch()
    sys.exit(143)
signal.signal(signal.SIGUSR1, save)
pathlib.Path("ready").touch()
time.sleep(600)
"""
# SLURM with cgroups sends it to the first process of a step only, SLURM that tracks process groups to all of them.
REACHES: dict[str, Callable[[int, int], None]] = {"the first process": os.kill, "all processes": os.killpg}


def start(folder: Path, command: str) -> "subprocess.Popen[str]":
    """Start Snakemake, as leader of a process group, on a workflow of one job, and wait until the job is ready."""
    (folder / "job.py").write_text(JOB)
    (folder / "Snakefile").write_text(
        f"include: {str(ROOT / 'workflow' / 'rules' / 'signals.smk')!r}\n"
        f"rule job:\n    output: 'made'\n    log: 'job.log'\n    shell: {command!r}\n"
    )
    words = [sys.executable, "-m", "snakemake", "--cores", "1", "--workflow-profile", "none"]
    process = subprocess.Popen(
        words, cwd=folder, text=True, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    deadline = time.monotonic() + PATIENCE
    while not (folder / "ready").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    if not (folder / "ready").exists():
        process.kill()
        pytest.fail(process.communicate()[0])
    return process


@pytest.mark.parametrize("reached", REACHES)
def test_the_job_saves_and_leaves(tmp_path: Path, reached: str) -> None:
    process = start(tmp_path, f"{shlex.quote(sys.executable)} job.py > {{log}} 2>&1")
    REACHES[reached](process.pid, signal.SIGUSR1)
    said = process.communicate(timeout=PATIENCE)[0]
    assert (tmp_path / "saved").exists()
    assert "exit status 143" in said
    assert process.returncode == 1, "Snakemake reports the job's failure; it does not die of the signal"


@pytest.mark.parametrize("reached", REACHES)
def test_a_job_that_does_not_handle_it_goes_on(tmp_path: Path, reached: str) -> None:
    process = start(tmp_path, "touch ready; sleep 1; touch {output}")
    REACHES[reached](process.pid, signal.SIGUSR1)
    said = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode == 0, said
    assert (tmp_path / "made").exists()


def test_the_shell_is_as_strict_as_ever(tmp_path: Path) -> None:
    process = start(tmp_path, "touch ready; false | touch {output}")
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 1


def test_the_workflow_includes_it() -> None:
    assert 'include: "workflow/rules/signals.smk"' in (ROOT / "Snakefile").read_text()
