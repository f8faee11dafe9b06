"""Live state: where a job keeps what it needs to go on after it was killed.

Snakemake deletes declared outputs before every attempt, so this lives at an undeclared path,
``RESULTS/.state/HASH/``. The hash covers the resolved settings, the package's own code and the inputs: the same job
resumes, a changed one starts clean. The folder is removed when the job succeeds.

A job that keeps live state does not die of SIGTERM or SIGUSR1 at once: the next save is due immediately, and the job
exits after it (``interrupts``). Every file carries a checksum of its content; one that is damaged is set aside, and the
part of the job that it belonged to begins again.
"""

import hashlib
import json
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import whichtask
from whichtask.artifacts import read_tensors, write_tensors
from whichtask.errors import WhichtaskError
from whichtask.machine import interrupts
from whichtask.paths import require_writable

SAVE_EVERY_SECONDS = 20.0

_finished: ContextVar[list[Path] | None] = ContextVar("finished", default=None)


@contextmanager
def until_written() -> Iterator[None]:
    """Keep the state of jobs that finish inside until the end of the block, where their outputs are on disk.

    Where writing fails, as on a full disk, the state stays: the same command then only has to write again.
    """
    folders: list[Path] = []
    token = _finished.set(folders)
    try:
        yield
    finally:
        _finished.reset(token)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


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

    Raises:
        WhichtaskError: the results folder cannot be written to.
    """

    def __init__(self, results: Path, job: Mapping[str, Any], every: float | None = None):
        require_writable(Path(results))
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
        whole = {key: tensor.detach().cpu().contiguous() for key, tensor in tensors.items()}
        content = {"checksum": _checksum(whole, metadata), "state": metadata}
        try:
            write_tensors(self._path(name), whole, content)
        except WhichtaskError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise
            # The same job, finished in another process, has removed the folder meanwhile.
            write_tensors(self._path(name), whole, content)
        self._saved = time.monotonic()
        if interrupts.pending():
            interrupts.leave()

    def load(self, name: str) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """Return the state called ``name``, or None when there is none or it is damaged.

        It is written atomically, so something else broke it then: it is set aside, and stderr says so.
        """
        path = self._path(name)
        if not path.exists():
            return None
        try:
            return _read(path)
        except WhichtaskError as error:
            with suppress(OSError):
                path.replace(path.with_suffix(".damaged"))
            print(f"damaged state set aside, this part begins again: {error}", file=sys.stderr, flush=True)
            return None

    def remove(self, name: str) -> None:
        """Remove the state called ``name`` if there is one."""
        self._path(name).unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove the whole folder, or let ``until_written`` do it at its end: the job is done."""
        finished = _finished.get()
        if finished is None:
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            finished.append(self.folder)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.safetensors"


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read a state file.

    Raises:
        WhichtaskError: it is damaged.
    """
    tensors, content = read_tensors(path)
    if content.get("checksum") != _checksum(tensors, content.get("state", {})):
        raise WhichtaskError(f"{path} does not have the content whose checksum it carries")
    state: dict[str, Any] = content["state"]
    return tensors, state


def _checksum(tensors: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> str:
    """Return the SHA-256 (hex) of CPU tensors and JSON values; it does not tell 1 from "1" as a key, as JSON cannot."""
    sha = hashlib.sha256(json.dumps(metadata).encode())
    for name, tensor in sorted(tensors.items()):
        sha.update(f"{name}{tensor.dtype}{tuple(tensor.shape)}".encode())
        sha.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return sha.hexdigest()
