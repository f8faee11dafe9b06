"""The warm start: jobs that fork from a server are what the command would have been, and end with it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from whichtask.machine.warm import FEWEST, WarmStart, pays
from whichtask.tasks import random_tasks

PATIENCE = 120  # seconds; a busy machine is no failure
BIN = str(Path(sys.executable).parent)


@pytest.fixture(scope="module")
def warm() -> Iterator[WarmStart]:
    warm = WarmStart({**os.environ, "PATH": os.pathsep.join([BIN, os.environ["PATH"]])})
    yield warm
    warm.stop()
    assert warm.server.returncode == 0
    assert not warm.folder.exists()
    assert str(warm.folder) not in warm.environment["PATH"]


def start(warm: WarmStart, folder: Path, *words: str, **variables: str) -> "subprocess.Popen[str]":
    environment = dict(warm.environment) | variables
    command = ["/bin/sh", "-c", 'exec whichtask "$@"', "sh", *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, env=environment, text=True, stdout=pipe, stderr=pipe)


def run(warm: WarmStart, folder: Path, *words: str, **variables: str) -> tuple[int, str, str]:
    process = start(warm, folder, *words, **variables)
    said, errors = process.communicate(timeout=PATIENCE)
    return process.returncode, said, errors


def children(warm: WarmStart) -> list[psutil.Process]:
    return psutil.Process(warm.server.pid).children()


def wait_for(what: str, warm: WarmStart, number: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while len(children(warm)) != number:
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


@pytest.fixture
def waiting(warm: WarmStart, tmp_path: Path) -> "subprocess.Popen[str]":
    """A job that waits for an input that never comes."""
    os.mkfifo(tmp_path / "tasks.npz")
    process = start(warm, tmp_path, "tasks", "similarity", "--tasks", "tasks.npz", "--out", "made.csv")
    wait_for("the job has not begun", warm, 1)
    return process


def test_a_job_has_the_folder_and_the_variables_of_its_command(warm: WarmStart, tmp_path: Path) -> None:
    random_tasks(50, 2, seed=0).save(tmp_path / "tasks.npz")
    found = run(warm, tmp_path, "tasks", "similarity", "--tasks", "tasks.npz", "--out", "made.csv")
    assert found == (0, "", "")
    assert (tmp_path / "made.csv").exists()
    said = run(warm, tmp_path, "--help", COLUMNS="50")[1]
    assert said.lstrip().startswith("Usage: whichtask")
    assert max(map(len, said.splitlines())) == 50


def test_a_mistake_is_the_same_error(warm: WarmStart, tmp_path: Path) -> None:
    code, said, errors = run(warm, tmp_path, "tasks", "similarity", "--tasks", "none.npz", "--out", "made.csv")
    assert (code, said) == (1, "")
    assert errors.startswith("error: cannot read none.npz")
    assert run(warm, tmp_path, "no-such-verb")[0] == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_ends_the_command_ends_its_job(
    warm: WarmStart, waiting: "subprocess.Popen[str]", number: signal.Signals
) -> None:
    waiting.send_signal(number)
    waiting.communicate(timeout=PATIENCE)
    assert waiting.returncode in {-number, 128 + number}
    wait_for("the job goes on", warm, 0)


def test_a_job_that_is_killed_is_a_killed_command(warm: WarmStart, waiting: "subprocess.Popen[str]") -> None:
    children(warm)[0].kill()
    waiting.communicate(timeout=PATIENCE)
    assert waiting.returncode == -signal.SIGKILL


def test_without_a_server_the_command_does_the_job(tmp_path: Path) -> None:
    warm = WarmStart({**os.environ, "PATH": os.pathsep.join([BIN, os.environ["PATH"]])})
    warm.server.kill()
    assert run(warm, tmp_path, "--help")[0] == 0
    warm.stop()


def test_another_command_and_few_jobs_start_as_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.pathsep.join([BIN, os.environ["PATH"]]))
    monkeypatch.setattr("whichtask.machine.warm.installed_cards", list)
    assert pays(FEWEST)
    assert not pays(FEWEST - 1)
    (tmp_path / "whichtask").write_text("#!/bin/sh\n")
    (tmp_path / "whichtask").chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path), os.environ["PATH"]]))
    assert not pays(FEWEST)


def test_not_beside_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.pathsep.join([BIN, os.environ["PATH"]]))
    monkeypatch.setattr("whichtask.machine.warm.installed_cards", lambda: ["GPU-0"])
    assert not pays(FEWEST)
