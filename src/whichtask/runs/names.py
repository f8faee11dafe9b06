"""Names and words of others: suggestions for those that do not exist, and a form that a terminal only shows."""

from collections.abc import Iterable
from difflib import get_close_matches


def near_matches(name: str, known: Iterable[str]) -> str:
    """Return `` (did you mean ...?)`` with the names most like ``name``, or nothing where none is like it."""
    known = list(known)
    near = get_close_matches(name, known, n=3, cutoff=0.7) or [other for other in known if name and name in other][:3]
    return f" (did you mean {' or '.join(near)}?)" if near else ""


def printable(text: str) -> str:
    """Return a text in one line, without characters that a terminal would act on."""
    return "".join(character for character in " ".join(text.split()) if character.isprintable())
