"""The files that a figure was given by name, or one clear error."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from whichtask.errors import WhichtaskError

Inputs = Mapping[str, Sequence[Path]]


def files(inputs: Inputs, name: str) -> Sequence[Path]:
    """Return the files of one required input, at least one.

    Raises:
        WhichtaskError: there is none.
    """
    if not inputs.get(name):
        given = ", ".join(sorted(inputs)) or "nothing"
        raise WhichtaskError(f"this figure needs the input {name!r}, but was given {given}")
    return inputs[name]


def file(inputs: Inputs, name: str) -> Path:
    """Return the one file of a required input.

    Raises:
        WhichtaskError: there is none, or more than one.
    """
    paths = files(inputs, name)
    if len(paths) > 1:
        raise WhichtaskError(f"this figure takes one file as input {name!r}, but was given {len(paths)}")
    return paths[0]
