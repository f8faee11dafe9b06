"""Which commit the code is at, asked of git."""

import os
import subprocess
from pathlib import Path
from typing import NamedTuple


class Source(NamedTuple):
    """State of the project's code."""

    commit: str | None
    """Hexadecimal; None where the project is no git clone, such as an unpacked archive."""
    changed: bool | None
    """Whether files differ from that commit, or are new and not ignored; None without a commit."""


def source_of(project: Path) -> Source:
    """Return the commit of a project's folder and whether its files are those of the commit; nothing is written."""
    answer = _git(project, "rev-parse", "--show-toplevel", "HEAD")
    if answer is None:
        return Source(None, None)
    root, commit = answer.splitlines()
    if Path(root).resolve() != project.resolve():  # an archive that was unpacked inside another project's clone
        return Source(None, None)
    return Source(commit, bool(_git(project, "status", "--porcelain")))


def _git(project: Path, *words: str) -> str | None:
    """Return what git says, or None where there is no git, no clone, no commit, or a clone of somebody else."""
    # Without the optional lock, git does not refresh its index on the way.
    environment = os.environ | {"GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(  # noqa: S603  # no word comes from outside
            ["git", *words],  # noqa: S607  # the user's own git
            cwd=project,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=True,
            timeout=20,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
