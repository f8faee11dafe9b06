"""The 96 characters in which every text is kept: printable ASCII and the line break that ends a paragraph."""

import re
import unicodedata
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from whichtask.errors import WhichtaskError

ALPHABET = "\n" + "".join(map(chr, range(32, 127)))
LEAST_SHARE = 0.95
"""Share of a text's characters that must be left after cleaning; a Greek or Chinese text would lose its letters."""

Codes = npt.NDArray[np.uint8]

_PUNCTUATION = str.maketrans(
    {"‘": "'", "’": "'", "‚": "'", "′": "'", "“": '"', "”": '"', "„": '"', "″": '"', "«": '"', "»": '"'}
    | {"–": "-", "—": "--", "―": "--", "−": "-", "‐": "-", "‑": "-", "•": "*", "·": "*", "×": "x", "\ufeff": ""}
    | {"æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "\u00ad": ""}
)


def clean(paragraphs: Iterable[str], what: str) -> str:
    """Join paragraphs as lines in the alphabet: typographic marks and accents simplified, runs of blanks made one.

    Line breaks inside a paragraph become blanks, so that the width of a text's lines does not give it away.

    Args:
        paragraphs: of one text; those without a letter or digit are dropped.
        what: names the text in errors.

    Raises:
        WhichtaskError: too many characters have no place in the alphabet.
    """
    kept, before, after = [], 0, 0
    for paragraph in paragraphs:
        plain = " ".join(paragraph.translate(_PUNCTUATION).split())
        letters = unicodedata.normalize("NFKD", plain)
        ascii_only = letters.encode("ascii", "ignore").decode()
        printable = "".join(letter for letter in ascii_only if letter.isprintable())
        before += sum(not unicodedata.combining(letter) for letter in letters)
        after += len(printable)
        if re.search(r"[A-Za-z0-9]", printable):
            kept.append(" ".join(printable.split()) + "\n")
    if after < LEAST_SHARE * before:
        raise WhichtaskError(
            f"{what}: only {after / before:.0%} of its characters are Latin letters, digits and ASCII signs; "
            f"at least {LEAST_SHARE:.0%} must be"
        )
    return "".join(kept)


def to_bytes(text: str) -> Codes:
    """Return a cleaned text as its ASCII bytes, uint8 [N]."""
    return np.frombuffer(text.encode("ascii"), np.uint8)


def to_codes(text: Codes) -> Codes:
    """Return the places in the alphabet, 0 to 95, of ASCII bytes [N]."""
    codes: Codes = np.where(text == ord("\n"), 0, text - 31).astype(np.uint8)
    return codes


def in_alphabet(text: Codes) -> bool:
    """Say whether bytes are all of the alphabet."""
    return bool(np.isin(text, np.frombuffer(ALPHABET.encode(), np.uint8)).all())
