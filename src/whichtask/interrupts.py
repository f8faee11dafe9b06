"""A polite end: SIGTERM and SIGUSR1 let the step in progress end and the state be saved, then the job exits with 143.

Schedulers send one of them before they kill a job (``--signal=USR1@60`` of SLURM, Ctrl-C twice in Snakemake sends
TERM). Whoever keeps state asks ``pending`` between two steps and calls ``leave`` once the state is on disk.
"""

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

_received: list[int] = []


def listen() -> None:
    """Note these signals from now on instead of dying of them; in threads other than the main one, do nothing."""
    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            signal.signal(number, _note)


def _note(number: int, frame: FrameType | None) -> None:
    _received.append(number)


def pending() -> bool:
    """Say whether one of the signals has come since ``listen``."""
    return bool(_received)


def leave() -> NoReturn:
    """Exit with ``EXIT_CODE``, saying why."""
    name = signal.Signals(_received[0]).name
    print(f"{name}: the state is saved; the same command goes on from here", file=sys.stderr, flush=True)
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
