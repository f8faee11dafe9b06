"""A warm start for the jobs of a run: they fork from one process that has imported torch and all else.

Those imports take two to three seconds of a core, and a run has hundreds of jobs, many of them shorter. For as long as
a run lasts, the first ``whichtask`` on its PATH is one that asks that process (``whichtask.cli.server``) for a child
which does the job. Whatever goes wrong with that, the command of the environment does the job, as it does on a cluster.
"""

import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import MutableMapping
from pathlib import Path

from whichtask.machine.leases import installed_cards

FEWEST = 4
"""Jobs for which it pays: as many would have imported what the server imports."""
COMMAND = "whichtask"
CLIENT = Path(__file__).with_name("warm_client.py")
SERVER = CLIENT.parents[1] / "cli" / "server.py"
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class WarmStart:
    """The process that jobs fork from, and a command that asks it; both end with ``stop`` or with this process.

    Args:
        environment: variables that jobs inherit; its PATH is changed in place.
    """

    def __init__(self, environment: MutableMapping[str, str] = os.environ):
        self.environment = environment
        self.before = environment["PATH"]
        self.folder = folder = Path(tempfile.mkdtemp(prefix="whichtask-"))  # nobody else may enter it
        command = folder / COMMAND
        words = [sys.executable, "-IS", str(CLIENT), str(folder / "socket"), str(_own_command(self.before))]
        command.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', encoding="utf-8")
        command.chmod(0o700)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(folder / "socket"))
            listener.listen(64)
            self.server = subprocess.Popen(  # noqa: S603  # our own code
                [sys.executable, "-P", str(SERVER), str(listener.fileno()), str(folder)],
                pass_fds=[listener.fileno()],
                stdin=subprocess.PIPE,  # its end is ours, however that comes
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**environment, **dict.fromkeys(THREADS, "1")},
            )
        environment["PATH"] = os.pathsep.join([str(folder), self.before])

    def stop(self) -> None:
        """End it; no job may be running."""
        self.environment["PATH"] = self.before
        self.server.communicate()
        shutil.rmtree(self.folder, ignore_errors=True)  # where it was killed


def _own_command(path: str) -> Path | None:
    """Return the command of this Python's environment if it is the first on a PATH."""
    found = shutil.which(COMMAND, path=path)
    return Path(found) if found and Path(found).parent.samefile(Path(sys.executable).parent) else None


def pays(jobs: int) -> bool:
    """Say whether so many jobs should start warm: not where jobs call another command, or where there are GPUs.

    A process must not have touched a GPU before it forks, and nobody promises that imports do not.
    """
    return (
        jobs >= FEWEST and sys.platform == "linux" and bool(_own_command(os.environ["PATH"])) and not installed_cards()
    )
