"""A number in a page says where it comes from, in a comment that no reader of the page sees.

    <!-- td_as_by_source row=mean set=human : agreement [low, high] -->0.923 [0.906, 0.938]<!-- / -->

Before the colon: a table of results (a CSV of the laptop run, or else of results/reference, without its ending; or
``config``, the settings of that run) and what its row must hold, ``COLUMN=VALUE``, ``COLUMN>VALUE``, ``COLUMN<VALUE``;
an empty value is an empty cell, one with spaces stands in quotes. After it: a column (``[low, high]`` adds its
interval), or ``mean``, ``min``, ``max`` or ``sum`` of one over several rows, or ``count``; ``* 60`` or ``/ 60``
converts units; last a format of Python, by default ``.3f`` (``.0%``, ``,d``, ``+.3f``).

A number that is no result stands in ``<!-- given: WHAT IT IS -->0.5<!-- / -->``.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd
import yaml

REFERENCE = Path("results") / "reference"
FUNCTIONS = ("mean", "min", "max", "sum")
COMMENT = re.compile(r"<!--\s*(?P<body>.*?)\s*-->", re.DOTALL)
CONDITION = re.compile(r"(?P<column>[\w.]+)(?P<sign>[=<>])(?P<value>.*)", re.DOTALL)
WANTED = re.compile(
    r"(?:(?P<function>count)|(?:(?P<over>mean|min|max|sum) )?(?P<column>[\w.]+)(?: (?P<sign>[*/]) (?P<factor>[\d.]+))?"
    r"(?P<interval> \[low, high\])?)(?: (?P<format>\+?,?(?:\.\d[f%]|d)))?"
)
FORM = "TABLE COLUMN=VALUE ... : COLUMN [low, high] FORMAT"


class MarkError(ValueError):
    """A mark that cannot be read, or that no number of the results answers."""


@dataclass(frozen=True)
class Mark:
    """One mark of a page: what its comment says, and where in the page the number stands."""

    body: str
    start: int
    end: int

    @property
    def given(self) -> bool:
        """Whether it says that its number is no result."""
        return self.body.startswith("given:")


def marks_of(text: str) -> Iterator[Mark]:
    """Yield the marks of a page, code blanked out.

    Raises:
        MarkError: a mark has no beginning, no end, or nothing in it.
    """
    opened: re.Match[str] | None = None
    for comment in COMMENT.finditer(text):
        body = " ".join(comment["body"].split())
        begins = body.startswith("given:") or " : " in body
        if opened is None:
            if body == "/":
                raise MarkError(f"line {line_at(text, comment.start())}: <!-- / --> ends a mark that nothing began")
            opened = comment if begins else None
            continue
        begun = " ".join(opened["body"].split())
        where = f"line {line_at(text, opened.start())}: <!-- {begun} -->"
        if body != "/":
            raise MarkError(f"{where} is not ended by <!-- / --> before the next comment")
        if begun == "given:" or not text[opened.end() : comment.start()].strip():
            raise MarkError(f"{where} says nothing, or nothing stands in it")
        yield Mark(begun, opened.end(), comment.start())
        opened = None
    if opened is not None:
        raise MarkError(f"line {line_at(text, opened.start())}: <!-- {opened['body']} --> is not ended by <!-- / -->")


def line_at(text: str, place: int) -> int:
    """Return the line, from 1, of a place in a text."""
    return text.count("\n", 0, place) + 1


def number(body: str, root: Path) -> str:
    """Return what the results say to a mark.

    Args:
        body: the words of its comment.
        root: folder of the project.

    Raises:
        MarkError: the mark cannot be read, or its table, column or row does not exist or is not one.
    """
    source, _, wanted = body.partition(" : ")
    asked = WANTED.fullmatch(wanted.strip())
    try:
        name, *conditions = shlex.split(source)
    except ValueError as error:
        raise MarkError(f"`{body}` cannot be read ({error}); a mark is {FORM}") from error
    if asked is None:
        raise MarkError(f"`{body}` cannot be read; a mark is {FORM}")
    table = _table(name, root)
    rows = table
    for condition in conditions:
        rows = _matching(rows, table, condition, name)
    where = f"{name} {' '.join(conditions)}".strip()
    if asked["function"]:
        return _written(len(rows), asked["format"] or "d")
    if asked["over"]:
        column = _column(rows, asked["column"], name)
        if not pd.api.types.is_numeric_dtype(column):
            raise MarkError(f"the column {asked['column']} of {name} holds no numbers")
        values = [getattr(column, asked["over"])()]
    elif len(rows) == 1:
        columns = [asked["column"]]
        if asked["interval"]:
            own = f"{asked['column']}_low" in table
            columns += [f"{asked['column']}_{end}" if own else end for end in ("low", "high")]
        values = [_column(rows, column, name).iloc[0] for column in columns]
    else:
        several = f"a number needs one row, or count, {', '.join(FUNCTIONS)} of several"
        raise MarkError(f"{where} are {len(rows)} rows; {several}")
    if any(isinstance(value, str) or pd.isna(value) for value in values):
        raise MarkError(f"{where} : {wanted.strip()} has no number in that cell")
    factor = float(asked["factor"] or 1)
    first, *interval = (
        _written(value / factor if asked["sign"] == "/" else value * factor, asked["format"] or ".3f")
        for value in values
    )
    return f"{first} [{', '.join(interval)}]" if interval else first


def _table(name: str, root: Path) -> pd.DataFrame:
    folder = root / REFERENCE
    for path in (folder / "laptop" / f"{name}.csv", folder / f"{name}.csv", folder / "laptop" / f"{name}.yaml"):
        if path.is_file():
            return _read(path, path.stat().st_mtime_ns)
    raise MarkError(f"no table {name}.csv in {REFERENCE / 'laptop'} or {REFERENCE}")


@cache
def _read(path: Path, changed: int) -> pd.DataFrame:
    """Return a table; settings are one row whose columns are the keys."""
    if path.suffix == ".yaml":
        return pd.json_normalize(yaml.safe_load(path.read_text(encoding="utf-8")))
    return pd.read_csv(path)


def _column(rows: pd.DataFrame, column: str, name: str) -> "pd.Series[float]":
    if column not in rows:
        raise MarkError(f"{name} has no column {column}; it has {', '.join(map(str, rows))}")
    return rows[column]


def _matching(rows: pd.DataFrame, table: pd.DataFrame, condition: str, name: str) -> pd.DataFrame:
    parts = CONDITION.fullmatch(condition)
    if parts is None:
        raise MarkError(f"`{condition}` says nothing about a column of {name}; write COLUMN=VALUE")
    column, value = _column(rows, parts["column"], name), parts["value"]
    if value == "":
        found = column.isna()
    elif not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        found = column.astype(str) == value
    else:
        try:
            bound = float(value)
        except ValueError:
            raise MarkError(f"{condition}: the column {parts['column']} of {name} holds numbers") from None
        found = {"=": column == bound, "<": column < bound, ">": column > bound}[parts["sign"]]
    if not found.any():
        known = sorted(map(str, table[parts["column"]].dropna().unique()))
        listed = ", ".join(known[:20]) + (", ..." if len(known) > 20 else "")
        raise MarkError(f"{name} has no row {condition} (with what stands before it); {parts['column']} has {listed}")
    return rows[found]


def _written(value: float, form: str) -> str:
    """Return a number as the pages write it: a typographic minus, a space before %, no minus before zero."""
    text = format(round(value) if form.endswith("d") else value, form).replace("%", " %")
    if not re.search("[1-9]", text):
        text = text.lstrip("+-")
    return text.replace("-", "−")
