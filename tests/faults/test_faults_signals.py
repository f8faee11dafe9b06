"""SIGTERM, SIGUSR1 and Ctrl-C: a job saves its state and leaves in time, wherever it is."""

import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from breaking import TAKEN_UP, at_step, report, slow_reading, stuck_at_step
from killing import PATIENCE, Running, Server
from tiny import JOBS, Whole, contents

from whichtask.machine import interrupts

NEVER = 1e9
"""Seconds between two saves, so that only the signal makes the job save."""
CONTROL_C = 130
STEPS = {
    "agreement": 6, "cifar100": 3, "discover": 5, "dynamics": 5, "language": 20, "proxy": 7, "simclr": 4, "splits": 6,
    "toy-learning": 20,
}  # fmt: skip
"""Place among those where a job could save at which the signal comes."""


def wait_for(marker: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not marker.exists() and time.monotonic() < deadline:
        time.sleep(0.01)


def goes_on(name: str, server: Server, command: list[str], out: Path, whole: Whole) -> None:
    """Run an interrupted job to its end: it takes up its state and makes the bits of an undisturbed run."""
    again = server.run(command, NEVER, report)
    assert again.code == 0, again.said
    assert TAKEN_UP in again.said
    assert contents(out, JOBS[name]) == whole.outputs
    assert not any((out / ".state").iterdir())


@pytest.mark.parametrize(
    ("name", "number"), [*((name, signal.SIGTERM) for name in STEPS), ("discover", signal.SIGUSR1)]
)
def test_a_signal_saves_what_the_job_has_done(
    name: str, number: signal.Signals, inputs: Path, tmp_path: Path, server: Server, whole: Callable[[str], Whole]
) -> None:
    command = JOBS[name].command(inputs, tmp_path)
    ended = server.run(command, NEVER, partial(at_step, STEPS[name], number))
    assert ended.code == 143, ended.said
    assert f"{number.name}: the state is saved" in ended.said
    assert "Traceback" not in ended.said
    assert contents(tmp_path, JOBS[name]).items() <= whole(name).outputs.items()
    goes_on(name, server, command, tmp_path, whole(name))


@pytest.mark.parametrize("stubborn", [False, True])
def test_a_step_that_takes_too_long_is_left(
    stubborn: bool, inputs: Path, tmp_path: Path, server: Server, whole: Callable[[str], Whole]
) -> None:
    command, marker = JOBS["discover"].command(inputs, tmp_path), tmp_path / "stuck"
    running = server.start(command, 0, partial(stuck_at_step, 4, marker, stubborn))
    wait_for(marker)
    running.send(signal.SIGTERM)
    ended = running.end()
    assert ended.code == 143
    assert "SIGTERM: no new state within 0.5 s; the same command goes on" in ended.said
    goes_on("discover", server, command, tmp_path, whole("discover"))


def test_there_are_ten_seconds_from_the_signal_to_the_end() -> None:
    assert interrupts.GRACE_SECONDS + interrupts.LAST_SECONDS < 10


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1, signal.SIGINT])
def test_a_signal_before_the_first_step_leaves_nothing(
    number: signal.Signals, inputs: Path, tmp_path: Path, server: Server
) -> None:
    running: Running = server.start(
        JOBS["agreement"].command(inputs, tmp_path / "out"), 0, partial(slow_reading, tmp_path / "reading")
    )
    wait_for(tmp_path / "reading")
    running.send(number)
    ended = running.end()
    # What a shell reports as 143 and 138; Ctrl-C makes Python leave with what a shell reports for it.
    assert ended.code == (CONTROL_C if number == signal.SIGINT else -number)
    assert "Traceback" not in ended.said
    assert not (tmp_path / "out").exists()


def test_control_c_ends_at_once_and_the_last_state_stays(
    inputs: Path, tmp_path: Path, server: Server, whole: Callable[[str], Whole]
) -> None:
    command = JOBS["discover"].command(inputs, tmp_path)
    ended = server.run(command, 0, partial(at_step, 5, signal.SIGINT))
    assert ended.code == CONTROL_C
    assert "Traceback" not in ended.said
    goes_on("discover", server, command, tmp_path, whole("discover"))
