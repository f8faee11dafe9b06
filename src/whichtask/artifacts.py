"""Files that are either whole or not there: written beside, synced, then renamed over the target."""

import fcntl
import glob
import hashlib
import io
import json
import math
import os
import secrets
import zipfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import yaml
from safetensors import SafetensorError, safe_open

from whichtask.errors import WhichtaskError

if TYPE_CHECKING:
    from torch import Tensor

Array = npt.NDArray[Any]
_HEAD = 64  # bytes that tell what a file is
_MOST_SAID = 300  # characters of a library's words


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Yield a path beside ``target``; on success it is synced and renamed over the target, on failure removed.

    The temporary name keeps the target's suffix, because several writers choose their format by it. A writer that was
    killed leaves its temporary file; the next writer of the same target removes it.

    Raises:
        WhichtaskError: the folder cannot be made or written to.
    """
    target = Path(target)
    temporary = target.with_name(f".{target.stem}.{secrets.token_hex(4)}{target.suffix}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(target)
        with _held(temporary):
            yield temporary
            with temporary.open("rb+") as handle:
                os.fsync(handle.fileno())
            temporary.replace(target)
    except OSError as error:
        raise WhichtaskError(
            f"cannot write {target}: {error.strerror or error}. "
            "The results folder must be writable and the disk must have space."
        ) from error
    finally:
        with suppress(OSError):  # where it could not be made, it cannot be removed either
            temporary.unlink()


@contextmanager
def _held(temporary: Path) -> Iterator[None]:
    """Make a file and lock it for as long as its writer lives: the kernel unlocks it even after SIGKILL."""
    while True:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        with suppress(OSError):  # a file system without locks: nothing is ever taken for a leftover there
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if temporary.exists():
            break
        os.close(descriptor)  # another writer took it for a leftover before it was locked
    try:
        yield
    finally:
        os.close(descriptor)


def _remove_leftovers(target: Path) -> None:
    """Remove temporary files of this target whose writers are gone."""
    for leftover in target.parent.glob(f".{glob.escape(target.stem)}.????????{glob.escape(target.suffix)}"):
        with suppress(OSError):  # locked by a living writer, renamed meanwhile, or not ours to remove
            descriptor = os.open(leftover, os.O_WRONLY | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                leftover.unlink()
            finally:
                os.close(descriptor)


def write_text(target: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    with atomic_path(target) as path:
        path.write_text(text, encoding="utf-8")


def write_yaml(target: Path, content: Mapping[str, Any]) -> None:
    """Write a mapping as YAML, keys in the given order, atomically."""
    write_text(target, yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True, width=120))


FLOATS = "%.9g"
"""How tables hold numbers."""


def write_csv(target: Path, table: pd.DataFrame) -> None:
    """Write a table as CSV without its index, floats with 9 significant digits, atomically."""
    with atomic_path(target) as path:
        table.to_csv(path, index=False, float_format=FLOATS)


def read_csv(path: Path) -> pd.DataFrame:
    """Read a table that ``write_csv`` wrote.

    Raises:
        WhichtaskError: the file is missing, empty, cut off within a line or no CSV.
    """
    try:
        content = Path(path).read_bytes()
        if content and (other := kind_of(content[:_HEAD])):
            raise ValueError(other)  # noqa: TRY301
        if not content.endswith(b"\n"):
            raise ValueError("it does not end with a whole line")  # noqa: TRY301
        return pd.read_csv(io.BytesIO(content))
    except (OSError, ValueError) as error:
        raise WhichtaskError(f"cannot read the table {path}: {one_line(error)}") from error


def write_npz(target: Path, arrays: Mapping[str, Array]) -> None:
    """Write named arrays (no object arrays) as a compressed ``.npz``, atomically."""
    for name, array in arrays.items():
        if array.dtype == object:
            raise TypeError(f"array {name!r} has dtype object, which would need pickle")
    with atomic_path(target) as path, path.open("wb") as handle:
        np.savez_compressed(handle, allow_pickle=False, **arrays)


def read_npz(path: Path, unread: Collection[str] = ()) -> dict[str, Array]:
    """Read all arrays of an ``.npz``; nothing is unpickled.

    Args:
        path: the file.
        unread: names of arrays of which shape and dtype are enough: zeros that take no memory stand for them.

    Raises:
        WhichtaskError: the file is missing, truncated, something else than its name says, or holds pickled objects.
    """
    try:
        # Opened here, because NumPy leaves the file open when it rejects an archive.
        with Path(path).open("rb") as handle:
            head = handle.read(_HEAD)
            if other := kind_of(head) or ("" if head.startswith(b"PK") else "it is no archive of arrays"):
                raise ValueError(other)  # noqa: TRY301
            handle.seek(0)
            with np.load(handle, allow_pickle=False) as archive:
                _require_memory(archive.zip)
                headers = {name: _header(archive.zip, name) for name in archive.files}
                return {name: headers[name] if name in unread else archive[name] for name in archive.files}
    except Exception as error:  # zipfile, zlib and NumPy raise half a dozen types for damaged files
        raise WhichtaskError(f"cannot read {path} as an .npz of plain arrays: {one_line(error)}") from error


def kind_of(head: bytes) -> str:
    """Say what a file is that is often found in place of another, from its first bytes; empty where it is none."""
    if head.startswith(b"version https://git-lfs"):
        return "it is a Git LFS pointer, which stands for the file; `git lfs pull` gets the file itself"
    if head.startswith(b"\x93NUMPY"):
        return "it is one array (.npy), not an archive of named ones"
    if head.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "it is a web page, as servers send it instead of a file"
    return "" if head else "it is empty"


def one_line(error: BaseException) -> str:
    """Return what an exception says as one line that is never empty and can be shown, however damaged its file was."""
    said = printable(" ".join(str(error).split())) or type(error).__name__
    return said if len(said) <= _MOST_SAID else f"{said[:_MOST_SAID]}..."


def printable(name: object) -> str:
    """Return a name or path as it can be shown: a line break or another control character in it is escaped."""
    return str(name) if str(name).isprintable() else ascii(str(name))


def _header(archive: zipfile.ZipFile, name: str) -> Array:
    """Return zeros without memory of the shape and dtype of an array, whose bytes the archive must really have."""
    member = name if name in archive.namelist() else f"{name}.npy"
    with archive.open(member) as stream:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(stream)
    if dtype.hasobject:
        raise ValueError(f"its array {name!r} holds Python objects, which are not read; save numbers or text")
    if math.prod(shape) * dtype.itemsize > archive.getinfo(member).file_size:
        raise ValueError(f"its array {name!r} of shape {shape} is cut off")
    return np.broadcast_to(np.zeros((), dtype), shape)


def _require_memory(archive: zipfile.ZipFile) -> None:
    """Refuse an archive whose arrays would not fit into this machine: a small file may unpack to any size."""
    require_memory(sum(entry.file_size for entry in archive.infolist()), "its arrays")


def require_memory(size: int, what: str) -> None:
    """Refuse what would not fit into this machine.

    Args:
        size: bytes.
        what: its name, a plural.

    Raises:
        MemoryError: there are more bytes than the machine has.
    """
    if size > os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"):
        raise MemoryError(f"{what} take {size / 1e9:.1f} GB, more than this machine has")


def write_tensors(target: Path, tensors: Mapping[str, "Tensor"], metadata: Mapping[str, Any] | None = None) -> None:
    """Write tensors as safetensors with JSON metadata, atomically."""
    from safetensors.torch import save  # noqa: PLC0415  # figures read tables here and need not wait for torch

    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    content = save(whole, metadata={"json": json.dumps(dict(metadata or {}))})
    with atomic_path(target) as path:
        path.write_bytes(content)  # safetensors' own writer would make a file that only its owner can read


def read_tensors(path: Path) -> tuple[dict[str, "Tensor"], dict[str, Any]]:
    """Read what ``write_tensors`` wrote.

    Returns:
        The tensors by name, on the CPU, and the metadata.

    Raises:
        WhichtaskError: the file is missing or damaged.
    """
    try:
        with Path(path).open("rb") as file:
            if other := kind_of(file.read(_HEAD)):
                raise OSError(other)  # noqa: TRY301
        with safe_open(path, framework="pt") as handle:
            metadata = json.loads((handle.metadata() or {}).get("json", "{}"))
            # `handle` is no mapping: it has keys() but cannot be iterated.
            tensors = {name: handle.get_tensor(name) for name in handle.keys()}  # noqa: SIM118
            return tensors, metadata
    except (OSError, SafetensorError, json.JSONDecodeError) as error:
        raise WhichtaskError(f"cannot read {path} as safetensors: {one_line(error)}") from error


def require_digest(kept: object, own: str | None, what: object, name: str) -> None:
    """Check that a result is of the images that it is used with, where both have a digest.

    Args:
        kept: what the result says, or None.
        own: the digest of the images at hand, or None.
        what: the result, as an error calls it.
        name: of the images.

    Raises:
        WhichtaskError: the digests differ.
    """
    if kept and own and kept != own:
        raise WhichtaskError(
            f"{what} is of other images than those of {name}: their digests differ ({str(kept)[:12]}... and "
            f"{own[:12]}...); make it anew from these images"
        )


def digest(*arrays: Array) -> str:
    """Return the SHA-256 (hex) of arrays: dtype, shape and bytes in C order."""
    sha = hashlib.sha256()
    for array in arrays:
        sha.update(f"{array.dtype.str}{array.shape}".encode())
        sha.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)  # without a copy of all images
    return sha.hexdigest()
