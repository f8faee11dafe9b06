"""The command of a warm start: ask the server for a process that does a job, and be its stand-in until it ends.

Run with ``python -IS warm_client.py SOCKET COMMAND WORDS...``, where COMMAND does the job when the server does not. It
imports nothing of the package, as it starts hundreds of times in a run.
"""

import json
import os
import signal
import socket
import sys
from contextlib import suppress
from types import FrameType
from typing import BinaryIO

FORWARDED = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)


def ask(address: str, words: list[str]) -> tuple[int, BinaryIO]:
    """Ask for a process with this one's folder, variables and streams; return its number, and where its end is told.

    Raises:
        OSError, ValueError: there is no server, or it has ended.
    """
    request = json.dumps({"words": words, "folder": os.getcwd(), "environment": dict(os.environ)}).encode()  # noqa: PTH109
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(address)
    socket.send_fds(connection, [len(request).to_bytes(8, "big")], [0, 1, 2])
    connection.sendall(request)
    reply = connection.makefile("rb")
    return int(reply.readline()), reply


def stand_in(process: int, reply: BinaryIO) -> int:
    """Hand signals on until the process ends; return its exit code, or minus the signal that ended it."""

    def hand_on(number: int, frame: FrameType | None) -> None:
        with suppress(ProcessLookupError):
            os.kill(process, number)

    for number in FORWARDED:
        signal.signal(number, hand_on)
    status = reply.readline()
    if status:
        return os.waitstatus_to_exitcode(int(status))
    hand_on(signal.SIGKILL, None)  # nobody is left who could tell how it ends
    return -signal.SIGKILL


def main() -> None:
    """Do the job of the command line."""
    address, command, *words = sys.argv[1:]
    try:
        process, reply = ask(address, words)
    except (OSError, ValueError):
        os.execv(command, [command, *words])  # noqa: S606  # the same job, started cold
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the process itself
    code = stand_in(process, reply)
    if code < 0:  # die as it died
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    main()
