"""What a claim of a paper is, and the file that lists them: groups with defaults, claims, cases of one claim."""

import csv
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import Field, field_validator, model_validator

from whichtask.config import Config, Section
from whichtask.config.model import parse
from whichtask.errors import WhichtaskError
from whichtask.plan.figures import FIGURES
from whichtask.plan.imports import source_files

Kind = Literal["number", "effect", "fact", "control", "question", "hypothesis"]
Value = str | float
COMPARABLE_AT: dict[Kind, tuple[str, ...]] = {
    "number": ("paper",),
    "effect": ("laptop", "paper"),
    "fact": ("smoke", "laptop", "paper"),
    "control": ("laptop", "paper"),
    "question": (),
    "hypothesis": ("laptop", "paper"),
}
"""Scales at which a claim of a kind is judged."""
FIRST, EVERY, SMALLEST, LARGEST = "<first>", "<every>", "<smallest>", "<largest>"
"""Values that stand for others: the first in the table, each in turn (a case for each), and ends of numbers."""
RELATIVE = (FIRST, EVERY, SMALLEST, LARGEST)
CROSSED, NESTED = " x ", " / "
REFERENCE = Path("results", "reference", "laptop")
MOST_LISTED = 20  # values of a column in a message


class Source(Section):
    """Where a claim was found."""

    tag: Literal["C", "R", "W", "S", "A", "V", "P", "I", "M", "H"] = Field(
        description="C the authors' code, R its README, W the web page, S abstract and introduction or a summary of "
        "the paper, A computed from the authors' files, V a published review that quotes the paper, P code that the "
        "first author wrote before, I inference, M memory of the paper, H ours, written down before the run."
    )
    where: str = Field(min_length=1, description="Place in that source.")


class Tolerance(Section):
    """How far beyond the paper's value still agrees; fixed before the reference run."""

    value: float = Field(ge=0, description="In the unit of the claim.")
    source: str = Field(min_length=1, description="Where it comes from.")


class Needs(Section):
    """What must hold, besides the scale, before a measurement is compared."""

    data: list[str] | None = Field(None, description="Data sets; null takes any.")
    tasks: int | None = Field(None, ge=1, description="Number of tasks behind the estimate; null takes any.")


class Measured(Section):
    """Rows of the CSV of the claim's figure, which holds exactly the numbers that the figure shows."""

    value: str = Field(min_length=1, description="Column of the values.")
    rows: dict[str, Value] = Field(min_length=1, description="Columns and what they must hold in these rows.")
    against: dict[str, Value] | None = Field(
        None, description="What other rows, whose mean is subtracted, hold instead; all else as in rows."
    )
    times: float = Field(1.0, description="Factor on the mean that is subtracted.")
    minus: str | None = Field(None, description="Column that is subtracted from the values, row by row.")
    paired: bool = Field(False, description="Whether both sides share their units, such as seeds: units are compared.")
    statistic: Literal["mean", "share_above", "pairwise", "given"] = Field(
        "mean",
        description="Mean of the values; share of units above all units of against; mean over pairs of tasks; or the "
        "one value of these rows, with the ends of its interval in other columns.",
    )
    over: str = Field(
        "task",
        description="Column of the independent units; 'a x b' for crossed ones; 'a / b' for b within a, where a is the "
        "unit if there are several; for given, the column of their number, or 'a x b' to count them.",
    )
    ends: tuple[str, str] | None = Field(None, description="Columns of the ends of the interval, for given.")
    trained: str | None = Field(None, description="Column of the train accuracy, where networks were trained.")
    data: str | None = Field(None, description="The data, where the figure's table has no column that names them.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.against is None and (self.paired or self.statistic == "share_above" or self.times != 1):
            raise ValueError("paired, times and the statistic share_above go with against")
        if (self.statistic == "given") != (self.ends is not None):
            raise ValueError("ends goes with the statistic given, and with no other")
        if EVERY in (self.against or {}).values():
            raise ValueError(f"{EVERY} goes with rows; against follows it")
        if self.statistic == "pairwise" and self.against is not None:
            raise ValueError("against does not go with the statistic pairwise")
        return self

    @property
    def units(self) -> list[str]:
        """Columns of the units."""
        return re.split(f"{CROSSED}|{NESTED}", self.over)

    @property
    def other(self) -> dict[str, Value] | None:
        """What the rows that are subtracted hold."""
        return None if self.against is None else self.rows | self.against

    @property
    def columns(self) -> list[str]:
        """All columns that the figure's table must have."""
        named = [*self.rows, *(self.against or {}), *(self.ends or ()), self.value, self.minus, self.trained]
        units = ["task_a", "task_b"] if self.statistic == "pairwise" else self.units
        return list(dict.fromkeys(column for column in [*named, *units] if column))


class Claim(Section):
    """One case of a statement of a paper that the numbers of a figure support or contradict."""

    id: str = Field(pattern=r"^[a-z0-9_]+$", description="Unique name of the statement; its cases share it.")
    case: str = Field("", description="What tells it from the other cases of the statement.")
    statement: str = Field(min_length=1, description="What is claimed, in one sentence.")
    paper: Literal["Task Discovery", "GBI", "The bridge"] = Field(
        description="Which paper claims it; the bridge between them is ours."
    )
    figure: str = Field(description="ID of our figure that shows it.")
    kind: Kind = Field(
        description="number: holds for the paper's networks and data, comparable at paper scale only; effect: an "
        "ordering or difference, at laptop scale too; fact: at every scale; control: what a sound measurement must "
        "show, counted apart; question: open in the paper, no verdict; hypothesis: an effect that we expected "
        "before the run, counted apart."
    )
    paper_value: float | None = Field(None, description="The paper's number; null for orderings.")
    paper_sd: float | None = Field(None, description="Its standard deviation over tasks, where known.")
    paper_n: int | None = Field(None, description="Number of tasks behind it, where known.")
    at_least: float | None = Field(None, description="Least value that agrees, for orderings.")
    at_most: float | None = Field(None, description="Largest value that agrees, for orderings.")
    tolerance: Tolerance | None = Field(None, description="How far beyond that still agrees; null for not at all.")
    unit: str = Field("", description="Unit of all these values.")
    source: Source = Field(description="Where the claim was found, as text: the tag, a comma, the place.")
    certainty: Literal["certain", "inferred", "from_memory"] = Field(description="How sure it is that this is claimed.")
    needs: Needs = Field(Needs(), description="What must hold before it is compared.")
    measured: Measured | None = Field(None, description="Which rows of its figure measure it.")
    waits: str = Field("", description="What is missing, where nothing measures it yet.")
    note: str = Field("", description="What a reader must know beside the verdict.")

    @field_validator("source", mode="before")
    @classmethod
    def _tag_and_place(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        tag, comma, where = value.partition(", ")
        if not comma:
            raise ValueError("write the tag, a comma and the place, such as 'W, section Agreement Score'")
        return {"tag": tag, "where": where}

    @field_validator("tolerance", mode="before")
    @classmethod
    def _has_a_source(cls, value: object) -> object:
        if value is None or isinstance(value, (Mapping, Tolerance)):
            return value
        raise ValueError(f"{value!r} has no source: name an entry of tolerances, or write {{value: ..., source: ...}}")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        region = self.paper_value is not None, self.at_least is not None or self.at_most is not None
        if self.kind == "question":
            if any(region) or self.measured or self.tolerance:
                raise ValueError("a question has no value, no tolerance and no measured")
            return self
        if region[0] == region[1]:
            raise ValueError("give either paper_value, or at_least or at_most or both")
        if (self.measured is None) == (not self.waits):
            raise ValueError("give either measured, or waits")
        if not self.unit:
            raise ValueError("give the unit of its values")
        if (self.source.tag == "H") != (self.paper == "The bridge") or (
            self.kind == "hypothesis" and self.source.tag != "H"
        ):
            raise ValueError("the source tag H goes with the bridge, and hypotheses with it")
        if (self.source.tag == "M") != (self.certainty == "from_memory"):
            raise ValueError("certainty from_memory goes with the source tag M, and with no other")
        return self

    def accepted(self) -> tuple[float, float]:
        """Return the ends of the region in which an estimate agrees."""
        low = self.at_least if self.paper_value is None else self.paper_value
        high = self.at_most if self.paper_value is None else self.paper_value
        beyond = self.tolerance.value if self.tolerance else 0.0
        return -math.inf if low is None else low - beyond, math.inf if high is None else high + beyond

    @property
    def ordering(self) -> bool:
        """Whether its region is open at one end."""
        return self.kind != "question" and math.isinf(sum(self.accepted()))

    @property
    def name(self) -> str:
        """ID and case, for messages."""
        return f"{self.id!r} ({self.case})" if self.case else repr(self.id)


def load_claims(path: Path) -> list[Claim]:
    """Read and check the claims, one entry for each case.

    The file holds ``groups``, each with a list of ``claims`` and their ``defaults``; and ``tolerances``, which claims
    name. A claim's ``cases`` say what differs between them. Mappings are merged key by key, null takes a key away.

    Raises:
        WhichtaskError: the file holds no such groups, a claim is wrong (its id and key are named), or an id, or a case
            of a claim, is used twice.
    """
    content = _content(path)
    named = {
        name: parse(Tolerance, entry if isinstance(entry, dict) else {}, f"the tolerance {name!r} of {path}")
        for name, entry in content.get("tolerances", {}).items()
    }
    claims = [claim for entry in _entries(content["groups"], path) for claim in _cases(entry, named, path)]
    seen: set[tuple[str, str]] = set()
    for claim in claims:
        if (claim.id, claim.case) in seen:
            raise WhichtaskError(f"{path}: two cases of the claim {claim.id!r} are called {claim.case!r}")
        seen.add((claim.id, claim.case))
    return claims


def _content(path: Path) -> dict[str, Any]:
    try:
        # The parser in C takes a seventh of the time, at every start of the workflow.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(path.read_text(encoding="utf-8"))
        content: Any = loader.get_single_data()
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise WhichtaskError(f"cannot read the claims {path}: {' '.join(str(error).split())}") from error
    groups = content.get("groups") if isinstance(content, dict) else None
    if not isinstance(groups, list) or not set(content) <= {"groups", "tolerances"}:
        raise WhichtaskError(f"{path}: the file must hold 'groups', a list of groups of claims, and may 'tolerances'")
    if not isinstance(content.get("tolerances", {}), dict):
        raise WhichtaskError(f"{path}: tolerances must map names to value and source")
    found: dict[str, Any] = content
    return found


def _entries(groups: Sequence[Any], path: Path) -> Iterator[dict[str, Any]]:
    """Yield all claims with the defaults of their groups."""
    seen: set[Any] = set()
    for place, group in enumerate(groups):
        known = isinstance(group, dict) and set(group) <= {"claims", "defaults"}
        if not known or not isinstance(group.get("claims"), list) or not isinstance(group.get("defaults", {}), dict):
            raise WhichtaskError(f"{path}: group {place} must hold 'claims', a list, and may 'defaults', a mapping")
        for entry in group["claims"]:
            if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
                raise WhichtaskError(f"{path}: a claim of group {place} is no mapping with an id")
            if entry["id"] in seen:
                raise WhichtaskError(f"{path}: the id {entry['id']!r} is used by two claims")
            seen.add(entry["id"])
            yield _merged(group.get("defaults", {}), entry)


def _cases(entry: dict[str, Any], named: Mapping[str, Tolerance], path: Path) -> Iterator[Claim]:
    what = f"claim {entry['id']!r} of {path}"
    cases = entry.pop("cases", [{}])
    if not isinstance(cases, list) or not cases or not all(isinstance(case, dict) for case in cases):
        raise WhichtaskError(f"{what}: cases must be a list of mappings")
    for case in cases:
        whole = _merged(entry, case)
        tolerance = whole.get("tolerance")
        if isinstance(tolerance, str):
            if tolerance not in named:
                raise WhichtaskError(f"{what}: there is no tolerance {tolerance!r}; allowed: {', '.join(named)}")
            whole["tolerance"] = named[tolerance]
        if "figure" in whole and whole["figure"] not in FIGURES:
            raise WhichtaskError(f"{what}: there is no figure {whole['figure']!r}; allowed: {', '.join(FIGURES)}")
        yield parse(Claim, whole, what)


def _merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Return the first mapping with what the second has instead or besides, to any depth; null takes a key away."""
    found = dict(first)
    for key, value in second.items():
        if value is None:
            found.pop(key, None)
            continue
        both = isinstance(value, dict) and isinstance(found.get(key), dict)
        found[key] = _merged(found[key], value) if both else value
    return found


def check_rows(claims: Sequence[Claim], project: Path, settings: Config) -> None:
    """Check the columns and rows that claims name, as far as can be told before anything is measured.

    The reference run kept the tables of most figures. A column must be there, or be a word of the code that makes the
    figure, which may be newer; a value must be there, or be a text of that code, or one of the configuration's own, as
    a user's networks and domains are. Figures that the reference run did not keep are checked when they are measured.

    Raises:
        WhichtaskError: naming claim, figure, and what there is.
    """
    own = set(_leaves(settings.model_dump()))
    tables: dict[str, dict[str, set[str]]] = {}
    for claim in claims:
        if claim.measured is None:
            continue
        if claim.figure not in tables:
            tables[claim.figure] = _kept(project / REFERENCE / f"{claim.figure}.csv")
        known = tables[claim.figure]
        if not known:
            continue
        if unknown := set(claim.measured.columns) - set(known):
            require_columns(claim, [*known, *(unknown & set(re.findall(r"\w+", _code(project, claim.figure))))])
        for side in (claim.measured.rows, claim.measured.against or {}):
            for column, value in side.items():
                holds = column not in known or any(same(value, one) for one in (*known[column], *own))
                if not holds and f'"{value}"' not in _code(project, claim.figure):
                    require_value(claim, column, value, known[column])


@cache
def _code(project: Path, figure: str) -> str:
    """Return the text of all files that a figure's functions stand on."""
    files = source_files(project, FIGURES[figure].module)
    return "\n".join(Path(file).read_text(encoding="utf-8") for file in files)


def _kept(path: Path) -> dict[str, set[str]]:
    """Return the columns of a table of the reference run with what they hold; nothing where it kept none."""
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return dict(zip(header, map(set, zip(*rows, strict=True)), strict=True))


def _leaves(content: object) -> Iterator[str]:
    """Yield all keys and values of a configuration as text."""
    if isinstance(content, Mapping):
        for key, value in content.items():
            yield str(key)
            yield from _leaves(value)
    elif isinstance(content, (list, tuple)):
        for value in content:
            yield from _leaves(value)
    else:
        yield str(content)


def require_columns(claim: Claim, columns: Sequence[str]) -> None:
    """Raise a WhichtaskError that names the columns and units which a claim needs and its figure's table lacks."""
    if claim.measured and (missing := [name for name in claim.measured.columns if name not in columns]):
        units = [name for name in missing if name in claim.measured.units]
        what = f"unit {units[0]!r}" if units else f"column {missing[0]!r}"
        raise WhichtaskError(f"claim {claim.name}: {claim.figure} has no {what}; it has {', '.join(columns)}")


def require_value(claim: Claim, column: str, value: Value, known: Iterable[object]) -> None:
    """Raise a WhichtaskError if a column of a claim's figure does not hold a value; numbers are compared as numbers."""
    if value not in RELATIVE and not any(same(value, one) for one in known):
        held = sorted({str(one) for one in known if str(one)})
        listed = ", ".join(held[:MOST_LISTED]) + (", ..." if len(held) > MOST_LISTED else "")
        wanted = repr(value) if isinstance(value, str) else f"{value:g}"
        raise WhichtaskError(f"claim {claim.name}: no row of {claim.figure} has {column} {wanted}; it has {listed}")


def same(wanted: Value, found: object) -> bool:
    """Whether a cell holds what is wanted: a number as a number, so that 0 is 0.0 and "0"; text as text."""
    try:
        return float(wanted) == float(str(found))
    except ValueError:
        return str(wanted) == str(found)
