"""A polite end: SIGTERM and SIGUSR1 let the step in progress end and the state be saved, then the job exits with 143.

Schedulers send one of them before they kill a job (``--signal=USR1@60`` of SLURM, Ctrl-C twice in Snakemake sends
TERM). Whoever keeps state asks ``pending`` between two steps and calls ``leave`` once the state is on disk. A step may
take too long for that: ``GRACE_SECONDS`` after the signal the job leaves wherever it is, with the state it saved last.
"""

import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn

EXIT_CODE = 143
"""128 + SIGTERM, what a shell reports for a process that SIGTERM ended."""
SIGNALS = (signal.SIGTERM, signal.SIGUSR1)
GRACE_SECONDS = 5.0
"""How long a job that got a signal may go on towards its next save."""
LAST_SECONDS = 2.0
"""How long it may then take to unwind."""

_received: list[int] = []


def listen() -> None:
    """Note these signals from now on instead of dying of them; in threads other than the main one, do nothing."""
    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            signal.signal(number, _note)
        signal.signal(signal.SIGALRM, _give_up)


def _note(number: int, frame: FrameType | None) -> None:
    if not _received:
        signal.setitimer(signal.ITIMER_REAL, GRACE_SECONDS, LAST_SECONDS)
    _received.append(number)


def _give_up(number: int, frame: FrameType | None) -> None:
    """Leave without a new state; at the second call at once, as something has caught the first exit."""
    if number in _received:
        os._exit(EXIT_CODE)
    _received.append(number)
    _leave(f"no new state within {GRACE_SECONDS:g} s")


def pending() -> bool:
    """Say whether one of the signals has come since ``listen``."""
    return bool(_received)


def leave() -> NoReturn:
    """Exit with ``EXIT_CODE``, saying why; call it once the state is on disk."""
    _leave("the state is saved")


def _leave(how: str) -> NoReturn:
    name = signal.Signals(_received[0]).name
    print(f"{name}: {how}; the same command goes on from what was saved last", file=sys.stderr, flush=True)
    sys.exit(EXIT_CODE)


def handles(process: int, number: int) -> bool:
    """Say whether a process handles a signal itself; one that does not would die of it. False for one that is gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return False
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


def hand_on(number: int, frame: FrameType | None) -> None:
    """Send a signal to all processes below this one that handle it; a handler for the Snakemake above a job."""
    import psutil  # noqa: PLC0415  # only Snakemake needs it

    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if handles(child.pid, number):
                child.send_signal(number)
