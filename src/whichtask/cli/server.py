"""The process that jobs of a run fork from: ``python -P server.py LISTENER FOLDER``; see ``machine.warm``.

It lives as long as its standard input is open, and then until the last job has ended.
"""

import atexit
import gc
import json
import os
import selectors
import shutil
import signal
import socket
import sys
import tempfile
from contextlib import suppress
from importlib import import_module
from typing import Any, NamedTuple, NoReturn

from whichtask.plan.experiments import EXPERIMENTS

IMPORTED = [
    "whichtask.agreement",
    "whichtask.cli",
    "whichtask.discovery",
    "whichtask.figures",
    "whichtask.splits",
    "whichtask.data.text",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    *sorted({card.function.partition(":")[0] for card in EXPERIMENTS.values()}),
]
"""Modules of most jobs; the others import the rest themselves."""
LEFT_TO_JOBS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)


class Job(NamedTuple):
    """A child."""

    process: int
    connection: socket.socket
    """Through which its end is told."""


class Request(NamedTuple):
    """What a child is to do."""

    content: dict[str, Any]
    """Words of the command line, folder, environment."""
    streams: list[int]
    """Input, output, errors."""


def serve(listener: socket.socket) -> Request | None:
    """Fork a child for each request; return the request in the child, and None in the server when all is done."""
    jobs: dict[int, Job] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        selector.register(sys.stdin, selectors.EVENT_READ)
        open_ = True
        while open_ or jobs:
            for key, _ in selector.select():
                if key.fileobj is listener:
                    connection, _ = listener.accept()
                    if (request := _receive(connection)) is None:
                        continue
                    if (process := os.fork()) == 0:
                        for descriptor, job in jobs.items():
                            os.close(descriptor)
                            job.connection.close()
                        connection.close()
                        return request
                    for stream in request.streams:
                        os.close(stream)
                    descriptor = os.pidfd_open(process)
                    jobs[descriptor] = Job(process, connection)
                    selector.register(descriptor, selectors.EVENT_READ)
                    selector.register(connection, selectors.EVENT_READ, process)
                    _tell(connection, process)
                elif key.fileobj is sys.stdin:
                    open_ = False
                    selector.unregister(sys.stdin)
                elif key.fd in jobs:
                    process, connection = jobs.pop(key.fd)
                    _tell(connection, os.waitpid(process, 0)[1])
                    selector.unregister(key.fd)
                    os.close(key.fd)
                    with suppress(KeyError):
                        selector.unregister(connection)
                    connection.close()
                else:  # the command was killed: so is its job, unless it has just ended
                    with suppress(KeyError, ValueError):
                        selector.unregister(key.fileobj)
                        os.kill(key.data, signal.SIGKILL)
    return None


def _receive(connection: socket.socket) -> Request | None:
    """Read what a command asks for; None when it was killed meanwhile."""
    head, streams, _, _ = socket.recv_fds(connection, 8, 3)
    length = int.from_bytes(head, "big")
    with connection.makefile("rb") as file:
        text = file.read(length)
    if len(head) == 8 and len(text) == length:
        return Request(json.loads(text), streams)
    for stream in streams:
        os.close(stream)
    connection.close()
    return None


def _tell(connection: socket.socket, number: int) -> None:
    with suppress(OSError):  # it was killed
        connection.sendall(b"%d\n" % number)


def become(request: Request) -> None:
    """Make this process what the command would have been."""
    for target, stream in enumerate(request.streams):
        os.dup2(stream, target)
        os.close(stream)
    # Streams as a new process opens them.
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", buffering=1 if os.isatty(1) else -1, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    os.chdir(request.content["folder"])
    os.environ.clear()
    os.environ.update(request.content["environment"])
    tempfile.tempdir = None
    sys.argv = ["whichtask", *request.content["words"]]


def leave(code: int) -> NoReturn:
    """End without freeing every object of the server's, of which each would have to be copied first."""
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main() -> None:
    """Serve; in a child, do the job."""
    descriptor, folder = sys.argv[1:]
    listener = socket.socket(fileno=int(descriptor))
    before = {number: signal.signal(number, signal.SIG_IGN) for number in LEFT_TO_JOBS}
    for module in IMPORTED:
        import_module(module)
    from whichtask.cli import main as run
    from whichtask.training.live import code_digest

    code_digest()  # of the code that jobs will run, also when somebody edits it meanwhile
    gc.freeze()  # what is never looked at again stays shared
    request = serve(listener)
    if request is None:
        shutil.rmtree(folder, ignore_errors=True)
        return
    listener.close()
    for number, handler in before.items():
        # As the shell has it: a warning is ignored until the job can do something about it.
        signal.signal(number, signal.SIG_IGN if number == signal.SIGUSR1 else handler)
    become(request)
    try:
        run()
    except SystemExit as end:
        if isinstance(end.code, str):
            raise
        leave(end.code or 0)


if __name__ == "__main__":
    main()
