"""Unpacking what was downloaded, with a limit: a small archive must not be able to fill the memory."""

import gzip
import tarfile
import zlib

from whichtask.errors import WhichtaskError

MOST_BYTES = 2**29
"""Of one archive's files that are used, unpacked. The most that any source has is 184 MB (CIFAR)."""


def inflate(content: bytes, wbits: int = zlib.MAX_WBITS) -> bytes:
    """Decompress a zlib stream, or with other ``wbits`` one with another header.

    Raises:
        WhichtaskError: it holds more than ``MOST_BYTES``.
        zlib.error: damaged.
    """
    stream = zlib.decompressobj(wbits)
    unpacked = stream.decompress(content, MOST_BYTES + 1)
    if len(unpacked) <= MOST_BYTES and not stream.eof:
        raise zlib.error("incomplete or truncated stream")
    return _within(MOST_BYTES, unpacked, "a compressed block")


def read_member(tar: tarfile.TarFile, member: tarfile.TarInfo, room: int | None = None) -> bytes:
    """Return the content of a regular file in a tar archive, unpacked where its name ends in ``.gz``.

    Args:
        tar: the archive.
        member: of it.
        room: most bytes, where other members take part of ``MOST_BYTES``.

    Raises:
        WhichtaskError: it is something else than a regular file (a link, say, or a device), or holds too much.
        OSError: damaged; so are ``tarfile.TarError``, ``EOFError`` and ``zlib.error``.
    """
    stream = tar.extractfile(member) if member.isreg() else None
    if stream is None:
        raise WhichtaskError(f"{member.name} is no regular file")
    most = MOST_BYTES if room is None else room
    packed = member.name.endswith(".gz")
    return _within(most, (gzip.GzipFile(fileobj=stream) if packed else stream).read(most + 1), member.name)


def _within(most: int, content: bytes, what: str) -> bytes:
    if len(content) > most:
        raise WhichtaskError(f"{what} holds more than the {most:,} bytes that are allowed here")
    return content
