"""What of a person's machine must not travel with the results: absolute paths, and with them the names of users."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# A web address, kept as it is; or an absolute path, which begins where no other path or word goes on.
_PLACES = re.compile(r"(?P<address>\b[a-z][\w+.-]*://\S*)|(?<![\w./~-])(?P<path>/[^\s'\",;:=\[\]{}()]+)")


def shorten(text: str, project: Path) -> str:
    """Return a text in which no absolute path is left.

    Args:
        text: a word of a command line or a value of the configuration; it may hold a path or be one.
        project: the project's folder; paths below it become relative to it, others keep their last name only.
    """
    if text.startswith("/"):  # as a whole, because it may contain spaces
        return _shorten_path(text, project)
    return _PLACES.sub(lambda match: match["address"] or _shorten_path(match["path"], project), text)


def _shorten_path(path: str, project: Path) -> str:
    for root in (project, project.resolve()):
        if Path(path).is_relative_to(root):
            return Path(path).relative_to(root).as_posix()
    return f".../{Path(path).name}"


def shorten_all(value: Any, project: Path) -> Any:
    """Return plain values (mappings, lists, scalars) with every text shortened."""
    if isinstance(value, str):
        return shorten(value, project)
    if isinstance(value, Mapping):
        return {str(key): shorten_all(item, project) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [shorten_all(item, project) for item in value]
    return value
