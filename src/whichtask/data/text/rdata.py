"""Character vectors from an R package's lazy-load database, read without R.

``NAME.rdx`` lists where each variable lies in ``NAME.rdb``. Both hold values in R's binary serialisation (XDR, versions
2 and 3, "R Internals", section 1.8), compressed with zlib.
"""

import struct
import zlib
from collections.abc import Callable
from typing import Any

from whichtask.data.unpack import inflate
from whichtask.errors import WhichtaskError

# Types of R values, as numbered in R's Rinternals.h.
_SYMBOL, _PAIRLIST, _CHARACTERS, _LIST, _STRINGS = 1, 2, 9, 19, 16
_LOGICALS, _INTEGERS, _REALS = 10, 13, 14
_WITHOUT_CONTENT = (241, 242, 251, 252, 253, 254)  # base environment, empty environment, missing argument, NULL, ...
_REFERENCE = 255
_ATTRIBUTES, _TAG = 512, 1024


class _Reader:
    """Reads one serialised value; attributes other than names are dropped, a named list becomes a dict."""

    def __init__(self, content: bytes) -> None:
        if content[:2] != b"X\n":
            raise ValueError("not in R's binary serialisation")
        self.content, self.place = content, 2
        self.symbols: list[Any] = []
        version = self._integer()
        self.place += 8  # versions of R that wrote it and that can read it
        if version == 3:
            length = self._integer()
            self.place += length  # name of the native encoding

    def _integer(self) -> int:
        (value,) = struct.unpack_from(">i", self.content, self.place)
        self.place += 4
        return int(value)

    def value(self) -> Any:
        flags = self._integer()
        kind = flags & 255
        if kind in _WITHOUT_CONTENT:
            return None
        if kind == _REFERENCE:
            return self.symbols[(flags >> 8 or self._integer()) - 1]
        readers: dict[int, Callable[[int], Any]] = {
            _SYMBOL: self._symbol,
            _CHARACTERS: self._characters,
            _PAIRLIST: self._pairlist,
        }
        if kind in readers:
            return readers[kind](flags)
        content = self._vector(kind)
        attributes = dict(self.value() or []) if flags & _ATTRIBUTES else {}
        names = attributes.get("names")
        return dict(zip(names, content, strict=True)) if names and kind == _LIST else content

    def _symbol(self, _flags: int) -> str:
        self.symbols.append(self.value())
        return str(self.symbols[-1])

    def _characters(self, _flags: int) -> str:
        length = self._integer()
        if length < 0:  # R's missing string
            return ""
        self.place += length
        return self.content[self.place - length : self.place].decode("utf-8", "replace")

    def _pairlist(self, flags: int) -> list[tuple[Any, Any]]:
        if flags & _ATTRIBUTES:
            self.value()
        tag = self.value() if flags & _TAG else None
        return [(tag, self.value()), *(self.value() or [])]

    def _vector(self, kind: int) -> list[Any]:
        length = self._integer()
        if kind in (_LIST, _STRINGS):
            return [self.value() for _ in range(length)]
        if kind in (_LOGICALS, _INTEGERS):
            return [self._integer() for _ in range(length)]
        if kind == _REALS:
            self.place += 8 * length
            return list(struct.unpack_from(f">{length}d", self.content, self.place - 8 * length))
        raise ValueError(f"a value of type {kind}")


def read_strings(index: bytes, database: bytes) -> dict[str, list[str]]:
    """Return the character vectors of a lazy-load database by name.

    Args:
        index: content of ``NAME.rdx``.
        database: content of ``NAME.rdb``.

    Raises:
        WhichtaskError: the files are damaged or hold other values.
    """
    try:
        variables = _Reader(inflate(index, 47)).value()["variables"]  # 47: zlib or gzip
        found = {}
        for name, (start, length) in variables.items():
            # The first four bytes are the length of what follows, unpacked.
            lines = _Reader(inflate(database[start + 4 : start + length])).value()
            if isinstance(lines, list) and all(isinstance(line, str) for line in lines):
                found[str(name)] = lines
    except (
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        RecursionError,
        struct.error,
        zlib.error,
    ) as error:
        raise WhichtaskError(f"an R database cannot be read: {error}") from error
    if not found:
        raise WhichtaskError("an R database holds no character vector")
    return found
