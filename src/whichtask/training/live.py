"""Live state: where a job keeps what it needs to go on after it was killed.

Snakemake deletes declared outputs before every attempt, so this lives at an undeclared path,
``RESULTS/.state/HASH/``. The hash covers the resolved settings, the package's own code and the inputs: the same job
resumes, a changed one starts clean. The folder is removed when the job succeeds.

A job that keeps live state does not die of SIGTERM or SIGUSR1 at once: the next save is due immediately, and the job
exits after it (``interrupts``).
"""

import hashlib
import json
import shutil
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from torch import Tensor

import whichtask
from whichtask import interrupts
from whichtask.artifacts import read_tensors, write_tensors

SAVE_EVERY_SECONDS = 20.0


@cache
def code_digest() -> str:
    """Return the SHA-256 of the package's own source files."""
    root = Path(whichtask.__file__).parent
    sha = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        sha.update(path.relative_to(root).as_posix().encode())
        sha.update(path.read_bytes())
    return sha.hexdigest()


class LiveState:
    """One job's folder of live state.

    Args:
        results: the results folder of the run.
        job: everything that decides the job's numbers: settings and digests of its inputs, as plain JSON values.
        every: least seconds between two throttled saves; default ``SAVE_EVERY_SECONDS``.
    """

    def __init__(self, results: Path, job: Mapping[str, Any], every: float | None = None):
        text = json.dumps({"job": job, "code": code_digest()}, sort_keys=True)
        self.folder = Path(results) / ".state" / hashlib.sha256(text.encode()).hexdigest()[:24]
        self.every = SAVE_EVERY_SECONDS if every is None else every
        self._saved = time.monotonic()
        interrupts.listen()

    def due(self) -> bool:
        """Say whether enough time has passed since the last save, or a signal asks to save and leave."""
        return interrupts.pending() or time.monotonic() - self._saved >= self.every

    def save(self, name: str, tensors: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> None:
        """Replace the state called ``name`` by named tensors and JSON values, atomically; leave if a signal asks to."""
        write_tensors(self.folder / f"{name}.safetensors", tensors, metadata)
        self._saved = time.monotonic()
        if interrupts.pending():
            interrupts.leave()

    def load(self, name: str) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """Return the state called ``name``, or None when there is none.

        Raises:
            WhichtaskError: the file is damaged (it is written atomically, so something else broke it).
        """
        path = self.folder / f"{name}.safetensors"
        return read_tensors(path) if path.exists() else None

    def remove(self, name: str) -> None:
        """Remove the state called ``name`` if there is one."""
        (self.folder / f"{name}.safetensors").unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove the whole folder: the job is done."""
        shutil.rmtree(self.folder, ignore_errors=True)
