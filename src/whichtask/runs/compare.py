"""Whether two runs drew the same numbers in a figure."""

from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import BaseModel

from whichtask.errors import WhichtaskError

MEASURED = "seconds"
"""In the name of a column, or in a row's words, where times are measured: no two runs take the same."""


class Comparison(BaseModel):
    """How the CSV of a figure differs from that of another run."""

    same_bits: bool
    """Whether the files are equal byte for byte."""
    different: dict[str, str]
    """By column, how far apart the values are; ``(table)`` where columns or rows themselves differ."""
    left_out: list[str]
    """Columns and rows of measured times, which are not compared."""

    @property
    def equal(self) -> bool:
        """Whether all numbers but measured times are equal, digit for digit."""
        return not self.different


def compare(ours: Path, theirs: Path) -> Comparison:
    """Compare two CSV files, written with 9 significant digits, cell by cell.

    Raises:
        WhichtaskError: a file is missing or no CSV.
    """
    first, second = _read(ours), _read(theirs)
    names = list(map(str, first.columns))
    if ours.read_bytes() == theirs.read_bytes():
        return Comparison(same_bits=True, different={}, left_out=[])
    if names != list(second.columns) or len(first) != len(second):
        what = f"{_shape(first)} against {_shape(second)}"
        if only := sorted(set(names) ^ set(second.columns)):
            what += f"; columns of one only: {', '.join(only)}"
        return Comparison(same_bits=False, different={"(table)": what}, left_out=[])
    columns = [name for name in names if MEASURED in name]
    times = pd.Series(False, index=first.index)
    for name in set(names).difference(columns):
        times |= first[name].str.contains(MEASURED) | second[name].str.contains(MEASURED)
    left_out = [f"column {name}" for name in columns]
    left_out += [f"{times.sum()} rows of measured {MEASURED}"] if times.any() else []
    compared = {name: _difference(first[name][~times], second[name][~times]) for name in names}
    different = {name: text for name, text in compared.items() if text and name not in columns}
    return Comparison(same_bits=False, different=different, left_out=left_out)


def _read(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise WhichtaskError(f"cannot read the table {path}: {error}") from error


def _shape(table: pd.DataFrame) -> str:
    return f"{len(table)} rows of {len(table.columns)} columns"


def _difference(ours: pd.Series, theirs: pd.Series) -> str:
    """Say how far two columns of text are apart; nothing where they are equal."""
    unlike = ours != theirs
    if not unlike.any():
        return ""
    count = f"{unlike.sum()} of {len(unlike)} values differ"
    numbers = [pd.to_numeric(column[unlike], errors="coerce").to_numpy(float) for column in (ours, theirs)]
    if any(np.isnan(column).any() for column in numbers):
        row = int(np.argmax(unlike))
        return f"{count}, the first {ours.iloc[row]!r} against {theirs.iloc[row]!r}"
    return f"{count}, by {np.abs(numbers[0] - numbers[1]).max():.3g} at most"
