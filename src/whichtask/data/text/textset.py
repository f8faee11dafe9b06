"""Text by domain, the one form in which every language experiment reads it; one domain is one task."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from whichtask.artifacts import read_npz, write_npz
from whichtask.data.text.alphabet import Codes, in_alphabet
from whichtask.errors import WhichtaskError

BLOCK = 4096
"""Characters of a block. Every tenth block is for validation and every tenth for test, so that all three parts come
from all over a domain: a collection sorted by year must not be tested on its newest years."""
CYCLE = 10
_HELD_OUT = {4: "validation", 9: "test"}
LEAST = CYCLE * BLOCK

Part = Literal["train", "validation", "test"]
REQUIRED = ("text", "starts", "names", "licences", "sources")


@dataclass(frozen=True, eq=False)
class Text:
    """The text of one domain."""

    name: str
    characters: Codes = field(repr=False)
    """uint8 [N], ASCII bytes of the alphabet, at least ``LEAST``."""
    licence: str = "unknown"
    source: str = "unknown"

    def __post_init__(self) -> None:
        if self.characters.dtype != np.uint8 or self.characters.ndim != 1 or not in_alphabet(self.characters):
            raise WhichtaskError(f"domain {self.name!r}: a text is a row of uint8, printable ASCII and line breaks")
        if len(self.characters) < LEAST:
            raise WhichtaskError(
                f"domain {self.name!r} has {len(self.characters):,} characters; at least {LEAST:,} are needed, "
                f"{CYCLE} blocks of {BLOCK:,}, two of which are held out"
            )

    @cached_property
    def sha256(self) -> str:
        """SHA-256 (hex) of the text."""
        return hashlib.sha256(self.characters.tobytes()).hexdigest()

    def segments(self, part: Part) -> list[Codes]:
        """Return the stretches of text that belong to a part; the characters of each followed one another."""
        blocks = len(self.characters) // BLOCK
        parts = [_HELD_OUT.get(block % CYCLE, "train") for block in range(blocks)]
        found, start = [], 0
        for block in range(1, blocks + 1):
            if block == blocks or parts[block] != parts[start]:
                if parts[start] == part:
                    found.append(self.characters[start * BLOCK : block * BLOCK])
                start = block
        return found

    def limited(self, characters: int) -> "Text":
        """Keep about so many characters, whole cycles of blocks from all over the text."""
        cycles = len(self.characters) // LEAST
        wanted = max(1, characters // LEAST)
        if wanted >= cycles:
            return self
        chosen = np.linspace(0, cycles - 1, wanted).round().astype(int)
        kept = np.concatenate([self.characters[cycle * LEAST : (cycle + 1) * LEAST] for cycle in chosen])
        return replace(self, characters=kept)


@dataclass(frozen=True, eq=False)
class TextSet:
    """Texts of two or more domains.

    Attributes:
        name: how tables call it.
        texts: one a domain, with different names.
        provenance: JSON values: where the texts come from, and which are missing.
    """

    name: str
    texts: tuple[Text, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.texts) < 2:
            listed = ", ".join(self.names) or "none"
            raise WhichtaskError(f"text {self.name!r} has the domains: {listed}; the task is the domain, so at least 2")
        twice = sorted({name for name in self.names if self.names.count(name) > 1})
        if twice:
            raise WhichtaskError(f"text {self.name!r} has several domains called {', '.join(twice)}")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the domains in their order."""
        return tuple(text.name for text in self.texts)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 (hex) of all domains' names and texts in their order."""
        return hashlib.sha256("".join(f"{text.name}:{text.sha256};" for text in self.texts).encode()).hexdigest()

    def limited(self, characters: int) -> "TextSet":
        """Keep about so many characters of each domain; those that have fewer keep them all."""
        return replace(self, texts=tuple(text.limited(characters) for text in self.texts))

    def save(self, path: Path) -> None:
        """Write the texts as an ``.npz`` of plain arrays, atomically.

        Raises:
            WhichtaskError: the file cannot be written.
        """
        lengths = [len(text.characters) for text in self.texts]
        arrays: dict[str, npt.NDArray[Any]] = {
            "text": np.concatenate([text.characters for text in self.texts]),
            "starts": np.cumsum([0, *lengths]),
            "names": np.array(self.names, dtype=np.str_),
            "licences": np.array([text.licence for text in self.texts], dtype=np.str_),
            "sources": np.array([text.source for text in self.texts], dtype=np.str_),
            "provenance": np.array(json.dumps({**self.provenance, "name": self.name})),
        }
        write_npz(path, arrays)

    @classmethod
    def load(cls, path: Path) -> "TextSet":
        """Read what ``save`` wrote.

        Raises:
            WhichtaskError: the file is missing, damaged, lacks an array, or its arrays contradict each other.
        """
        arrays = read_npz(path)
        missing = [name for name in REQUIRED if name not in arrays]
        if missing:
            raise WhichtaskError(f"{path}: no {', '.join(missing)}; text by domain needs {', '.join(REQUIRED)}")
        try:
            provenance = json.loads(str(arrays.get("provenance", "{}")))
            name = provenance.pop("name", Path(path).stem)
            starts = arrays["starts"].tolist()
            columns = (arrays["names"].tolist(), arrays["licences"].tolist(), arrays["sources"].tolist())
            texts = tuple(
                Text(domain, arrays["text"][start:end], licence, source)
                for domain, licence, source, start, end in zip(*columns, starts[:-1], starts[1:], strict=True)
            )
            return cls(name, texts, provenance)
        except (WhichtaskError, ValueError, TypeError, AttributeError) as error:
            raise WhichtaskError(f"{path} is not a valid set of texts: {error}") from error
