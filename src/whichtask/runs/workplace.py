"""What Snakemake leaves in its own folder ``.snakemake``: locks, marks of jobs under way, logs of runs.

None of it is an interface, so all of it is read with care: what is not as expected counts as not there.
"""

import platform
import re
from contextlib import suppress
from pathlib import Path
from typing import Literal

import psutil
from pydantic import BaseModel

from whichtask.runs.names import printable
from whichtask.runs.snakemake_files import records_by_output

LATEST_LOGS = 3
DRY_RUN = re.compile(r"--dry-?run|-[A-Za-z]*n[A-Za-z]*")
"""Words of a command line by which a Snakemake takes no lock."""


class Work(BaseModel):
    """Whether a Snakemake is at work in the folder."""

    state: Literal["none", "here", "elsewhere", "stale lock"]
    process: int | None = None
    """Its process, if it is on this machine."""
    host: str | None = None
    """The machine that its log names."""
    since: float | None = None
    """When it took the lock [seconds since 1970]."""
    command: str | None = None


def find_work(folder: Path) -> Work:
    """Look whether a Snakemake is at work in a folder, here or on another machine, or has left a lock."""
    taken = [lock.stat().st_mtime for lock in (folder / ".snakemake" / "locks").glob("*.lock") if lock.exists()]
    if not taken:
        return Work(state="none")
    command, host = _last_run(folder)
    found = Work(state="stale lock", host=host, since=max(taken), command=command)
    if processes := _snakemakes(folder):
        return found.model_copy(update={"state": "here", "process": processes[0]})
    return found if host in (None, platform.node()) else found.model_copy(update={"state": "elsewhere"})


def _snakemakes(folder: Path) -> list[int]:
    """Return the Snakemakes at work in a folder on this machine; not those that wrap one job, and no dry runs."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):  # of another user, or gone
            words = process.cmdline()
            called = any(Path(word).name == "snakemake" for word in words[:4])
            idle = "--mode" in words or any(map(DRY_RUN.fullmatch, words))
            if called and not idle and Path(process.cwd()) == folder.resolve():
                found.append(process.pid)
    return found


def _last_run(folder: Path) -> tuple[str | None, str | None]:
    """Return command and machine of the last run, from the head of its log; dry runs and checks have none."""
    for log in _logs(folder):
        head = _read(log)[:4000]
        if host := re.search(r"^ *Host: (.+)$", head, re.M):
            # The path of the program may hold spaces.
            command = re.search(r"^ *Command: (?:.*?/)?(?:snakemake|__main__\.py)(?: (.*))?$", head, re.M)
            return (f"snakemake {command[1] or ''}".strip() if command else None), host[1]
    return None, None


def _logs(folder: Path) -> list[Path]:
    """Return the logs of Snakemake's runs, the newest first; their names begin with their time."""
    return sorted((folder / ".snakemake" / "log").glob("*.snakemake.log"), reverse=True)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def find_marks(folder: Path) -> dict[str, float]:
    """Return what has begun and not ended: outputs, with the time when their job began [seconds since 1970]."""
    marks = {}
    for output, record in records_by_output(folder / ".snakemake" / "incomplete"):
        with suppress(OSError):  # it has just ended
            marks[output] = record.stat().st_mtime
    return marks


def find_writers(folder: Path) -> set[Path]:
    """Return files that processes in the folder have open: the log of every job that runs on this machine is there."""
    here = folder.resolve()
    found: set[Path] = set()
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if Path(process.cwd()) == here:
                found |= {Path(file.path) for file in process.open_files()}
    return found


def find_failures(folder: Path) -> set[str]:
    """Return the logs of jobs that failed in the last runs."""
    failed: set[str] = set()
    for log in _logs(folder)[:LATEST_LOGS]:
        failed |= set(re.findall(r"^ +log: (.+) \(check log file\(s\) for error details\)$", _read(log), re.M))
    return failed


def last_line(path: Path) -> str:
    """Return the last line of a log that says something, without characters that a terminal would act on."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 4096))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    lines = [line.strip() for line in re.split(r"[\r\n]", text)]
    said = next((line for line in reversed(lines) if line), "")
    return printable(said)
