"""Runs Snakemake as a user would, in the same terminal."""

import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from whichtask.errors import WhichtaskError


def run_snakemake(folder: Path, words: Sequence[str]) -> None:
    """Run Snakemake to its end; what it says appears as it says it.

    Signals that ask to stop are left to Snakemake, which lets jobs save their state and gives its lock back.

    Raises:
        WhichtaskError: it ended with another exit code than 0.
    """
    command = [sys.executable, "-m", "snakemake", *words]
    process = subprocess.Popen(command, cwd=folder)  # noqa: S603  # words, no shell

    def hand_on(number: int, frame: FrameType | None) -> None:
        process.send_signal(number)

    def interrupt(number: int, frame: FrameType | None) -> None:
        if not sys.stdin.isatty():  # a terminal sends Ctrl-C to Snakemake as well
            process.send_signal(number)

    handlers = {signal.SIGTERM: hand_on, signal.SIGUSR1: hand_on, signal.SIGINT: interrupt}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        code = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if code:
        raise WhichtaskError(
            f"Snakemake ended with exit code {code}; what it said is above. The same command goes on from here."
        )
