"""Processes that run verbs and can be killed: forked from one that has imported them, so that a start takes no time."""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import NamedTuple

from whichtask.cli.server import IMPORTED

PATIENCE = 300  # seconds; a busy machine is no failure
IMPORTS = ["killing", "pytest", *IMPORTED]  # pytest: the main module of a test process, which every child looks for
Preparation = Callable[[], None]
"""Called in the child before the verb, to break something."""


class Ended(NamedTuple):
    """How a process ended: exit code, or minus the signal that killed it; wall seconds; all that it said."""

    code: int
    seconds: float
    said: str


@dataclass
class Running:
    """A verb in a process of its own."""

    process: ForkServerProcess
    log: Path
    started: float

    def wait(self, seconds: float) -> bool:
        """Wait at most so long; say whether it has ended."""
        self.process.join(seconds)
        return self.process.exitcode is not None

    def send(self, number: int) -> None:
        """Send it a signal, unless it has just ended."""
        assert self.process.pid
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, number)

    def end(self) -> Ended:
        """Wait until it ends."""
        if not self.wait(PATIENCE):
            self.send(signal.SIGKILL)
            self.process.join()
        code, seconds = self.process.exitcode, time.monotonic() - self.started
        self.process.close()
        assert code is not None
        return Ended(code, seconds, self.log.read_text())


class Server:
    """Starts verbs; all start alike, so that their times can be compared."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.count = folder, 0
        self.context: ForkServerContext = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(IMPORTS)

    def start(self, words: Sequence[str], every: float = 0.0, prepare: Preparation | None = None) -> Running:
        """Start a verb whose live state is saved every so many seconds."""
        self.count += 1
        log = self.folder / f"{self.count}.log"
        log.touch()
        process = self.context.Process(target=run_verb, args=(list(words), every, log, prepare))
        process.start()
        return Running(process, log, time.monotonic())

    def run(self, words: Sequence[str], every: float = 0.0, prepare: Preparation | None = None) -> Ended:
        """Run a verb to its end."""
        return self.start(words, every, prepare).end()


def run_verb(words: Sequence[str], every: float, log: Path, prepare: Preparation | None) -> None:
    """Run the command line in this process, as ``whichtask WORDS > LOG 2>&1`` would."""
    with log.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    # A shell that starts tests in the background lets them ignore Ctrl-C, and that is inherited.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from whichtask.cli import main
    from whichtask.training import live

    live.SAVE_EVERY_SECONDS = every
    sys.argv = ["whichtask", *words]
    if prepare:
        prepare()
    main()
