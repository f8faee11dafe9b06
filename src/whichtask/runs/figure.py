"""What is known of one figure: where it is, what it shows, over how many, and the claims that are read from it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from whichtask.artifacts import read_csv
from whichtask.errors import WhichtaskError
from whichtask.plan.figures import FIGURES
from whichtask.runs.names import near_matches
from whichtask.runs.plan import Plan

CLAIMS = "config/claims.yaml"


class ClaimRead(NamedTuple):
    """A claim of a paper about a figure, with what was measured as text, and a verdict or nothing."""

    identifier: str
    statement: str
    ours: str
    verdict: str


def require_figure(figure: str) -> None:
    """Check the ID of a figure.

    Raises:
        WhichtaskError: there is none of this name; like ones are named.
    """
    if figure not in FIGURES:
        raise WhichtaskError(
            f"no figure is called {figure!r}{near_matches(figure, FIGURES)}; all figures: whichtask reproduce --list"
        )


def first_sentence(text: str) -> str:
    """Return a text up to its first full stop, colon or semicolon."""
    return re.split(r"(?<=[^ .])[.:;](?= |$)", text, maxsplit=1)[0]


def files(folder: Path, results: str, figure: str) -> list[Path]:
    """Return the files of a figure that are there, from the project's folder."""
    base = Path(results) / "figures"
    paths = [base / f"{figure}.{ending}" for ending in FIGURES[figure].endings]
    return [path for path in paths if (folder / path).is_file()]


def sizes(table: Path) -> str:
    """Return the numbers of units that a figure's CSV holds, such as ``n 3, n_tasks 2 to 7``, and its rows.

    Raises:
        WhichtaskError: the table cannot be read.
    """
    content = read_csv(table)
    found = [f"{len(content)} rows"]
    for name in content.columns:
        if name == "n" or name.startswith("n_"):
            values = pd.to_numeric(content[name], errors="coerce").dropna()
            if len(values):
                low, high = int(values.min()), int(values.max())
                found.append(f"{name} {low}" if low == high else f"{name} {low} to {high}")
    return ", ".join(found)


def claims_of(folder: Path, plan: Plan, figure: str) -> list[ClaimRead]:
    """Return the claims about a figure, with verdicts as far as its own numbers or the last table of claims have them.

    Claims that are read from the figure's CSV are computed here. Others are computed by the workflow from the tables of
    scores; theirs are taken from ``claims.csv`` if that is not older than the figure.

    Raises:
        WhichtaskError: the claims or the figure's table are damaged.
    """
    from whichtask import claims  # noqa: PLC0415  # brings everything that draws

    drawn = folder / plan.results / "figures" / f"{figure}.csv"
    table = claims.evaluate(folder / CLAIMS, [], [], plan.scale, plan.data, [], {figure: read_csv(drawn)})
    table = table[table["figure"] == figure]
    measured = table[table["n"] > 0]
    earlier = _earlier(folder, plan, drawn)
    found = []
    for identifier, statement in dict(zip(table["id"], table["statement"], strict=True)).items():
        rows = measured[measured["id"] == identifier]
        if rows.empty and earlier is not None:
            rows = earlier[earlier["id"] == identifier]
        found += [ClaimRead(identifier, statement, _ours(row), row["verdict"]) for row in rows.to_dict("records")]
        if rows.empty:
            found.append(ClaimRead(identifier, statement, "", ""))
    return found


def _earlier(folder: Path, plan: Plan, drawn: Path) -> pd.DataFrame | None:
    """Return the newest table of claims that is not older than a figure."""
    tables = [folder / plan.results / f"{name}.csv" for name in ("claims", "claims_headline")]
    fresh = [path for path in tables if path.is_file() and path.stat().st_mtime >= drawn.stat().st_mtime]
    return read_csv(max(fresh, key=lambda path: path.stat().st_mtime)) if fresh else None


def _ours(row: Mapping[Any, Any]) -> str:
    if not row["n"]:
        return ""
    where = f" ({row['network']})" if isinstance(row["network"], str) and row["network"] else ""
    interval = "" if pd.isna(row["low"]) else f" [{row['low']:.3f}, {row['high']:.3f}]"
    return f"{row['ours']:.3f}{interval} {row['unit']}{where}, n = {row['n']}, agrees if {row['agrees_if']}"
