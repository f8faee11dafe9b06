"""What is done to a verb in its own process before it starts; ``functools.partial`` makes a preparation of each."""

import errno
import itertools
import os
import resource
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from whichtask.machine import interrupts
from whichtask.training.live import LiveState

TAKEN_UP = "taken up: "
"""What ``report`` prints before the name of each state that a job goes on from."""


def at_step(step: int, number: int) -> None:
    """Send this process a signal at the so-manieth place where it could save."""
    act_at_step(step, lambda: os.kill(os.getpid(), number))


def remove_at_step(step: int, folder: Path) -> None:
    """Remove a folder at the so-manieth place where the job could save."""
    act_at_step(step, lambda: shutil.rmtree(folder))


def act_at_step(step: int, act: Callable[[], object]) -> None:
    """Do something at the so-manieth place where the job could save."""
    due, calls = LiveState.due, itertools.count(1)

    def counting(self: LiveState) -> bool:
        if next(calls) == step:
            act()
        return due(self)

    LiveState.due = counting  # type: ignore[method-assign]


def report() -> None:
    """Let the job say which states it goes on from, and how often it could save."""
    load, due = LiveState.load, LiveState.due

    def loading(self: LiveState, name: str) -> Any:
        found = load(self, name)
        if found is not None:
            print(f"{TAKEN_UP}{name}", flush=True)
        return found

    def counting(self: LiveState) -> bool:
        print("a step", flush=True)
        return due(self)

    LiveState.load = loading  # type: ignore[method-assign]
    LiveState.due = counting  # type: ignore[method-assign]


def stuck_at_step(step: int, marker: Path, stubborn: bool) -> None:
    """Let a step last for ever, and a stubborn one swallow every exception; shorten the job's patience."""
    interrupts.GRACE_SECONDS, interrupts.LAST_SECONDS = 0.5, 0.5

    def wait() -> None:
        marker.touch()
        while True:
            try:
                time.sleep(60)
            except BaseException:
                if not stubborn:
                    raise

    act_at_step(step, wait)


def slow_reading(marker: Path) -> None:
    """Let the reading of images last for ever."""
    from whichtask.data import ImageSet

    def load(path: Path) -> ImageSet:
        marker.touch()
        time.sleep(600)
        raise AssertionError

    ImageSet.load = load  # type: ignore[method-assign]


def full_disk(writes: int) -> None:
    """Let the disk be full after so many files."""
    fsync, calls = os.fsync, itertools.count()

    def failing(fd: Any) -> None:
        if next(calls) >= writes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(fd)

    os.fsync = failing


def small_files(limit: int) -> None:
    """Let the system refuse to write more than so many bytes into one file."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


def die_before_output(outputs: int) -> None:
    """Kill this process when so many outputs are there and one more is written beside its place."""
    replace, calls = Path.replace, itertools.count()

    def dying(self: Path, target: Path) -> Path:
        if ".state" not in target.parts and next(calls) == outputs:
            os.kill(os.getpid(), signal.SIGKILL)
        return replace(self, target)

    Path.replace = dying  # type: ignore[method-assign, assignment]


def other_code() -> None:
    """Let the package be of another version."""
    from whichtask.training import live

    live.code_digest = lambda: "another version"  # type: ignore[assignment]


def jumping_clock() -> None:
    """Let the time of day go back by an hour with every look at it."""
    hours = itertools.count()
    clock = time.time
    time.time = lambda: clock() - 3600 * next(hours)
