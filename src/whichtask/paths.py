"""Checks of folders that take no time, so that a run fails at its start and not after its first hour."""

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from whichtask.errors import WhichtaskError

SKEW_SECONDS = 60.0
"""By how much the clocks of machines that share a folder may differ."""


def require_writable(folder: Path) -> None:
    """Check that a folder can be written to, or made where it does not exist yet; nothing is made.

    Raises:
        WhichtaskError: it is a file, below a file, or not writable.
    """
    existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if os.path.lexists(path))
    if not existing.is_dir():
        raise WhichtaskError(f"results: cannot write to {folder}: {existing} is no folder")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise WhichtaskError(f"results: cannot write to {folder}: {existing} is not writable for this user")


def require_past(folder: Path) -> None:
    """Check that no file in a folder was written in the future, as after a clock was set back.

    Snakemake runs a job that reads one, and then removes what it made, because it would be older than its input.

    Raises:
        WhichtaskError: there is such a file, or the clock is wrong.
    """
    now = time.time()
    for path in folder.rglob("*"):
        with suppress(OSError):  # a running job may remove its temporary files meanwhile
            written = path.stat().st_mtime
            if written > now + SKEW_SECONDS:
                raise WhichtaskError(
                    f"results: {path} was written in the future, at {datetime.fromtimestamp(written):%Y-%m-%d %H:%M}; "
                    "set this machine's clock or `touch` the file: Snakemake removes what is made from it"
                )


def keep_inputs(read: Iterable[Path | None], written: Iterable[Path]) -> None:
    """Check, before any work, that nothing that is read would be written over, by another spelling or a link either.

    Args:
        read: inputs; None where one is not given.
        written: files that will be made.

    Raises:
        WhichtaskError: one file is both.
    """
    known = [path for path in read if path is not None]
    for target in written:
        for path in known:
            with suppress(OSError):  # what is not there cannot be written over
                if target.samefile(path):
                    raise WhichtaskError(
                        f"{target} would be written over, but it is read too, as {path}; choose another --out"
                    )
