"""A check of folders that takes no time, so that a run fails at its start and not after its first hour."""

import os
from pathlib import Path

from whichtask.errors import WhichtaskError


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
