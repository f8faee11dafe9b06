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
    """One case of a claim about a figure, with what was measured as text, or nothing, and its verdict."""

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
    """Return the claims about a figure, each case with a verdict, measured on its own numbers.

    Raises:
        WhichtaskError: the claims or the figure's table are damaged.
    """
    from whichtask import claims  # noqa: PLC0415  # brings everything that draws
    from whichtask.figures import read_numbers  # noqa: PLC0415

    drawn = read_numbers(folder / plan.results / "figures" / f"{figure}.csv")
    table = claims.evaluate(folder / CLAIMS, {figure: drawn}, plan.scale, plan.data)
    own = table[table["figure"] == figure].to_dict("records")
    return [ClaimRead(row["id"], row["statement"], _ours(row), row["verdict"]) for row in own]


def _ours(row: Mapping[Any, Any]) -> str:
    if not row["n"]:
        return ""
    parts = dict.fromkeys(part for part in (row["case"], row["network"]) if part)
    where = f" ({', '.join(parts)})" if parts else ""
    interval = "" if pd.isna(row["low"]) else f" [{row['low']:.3f}, {row['high']:.3f}]"
    return f"{row['ours']:.3f}{interval} {row['unit']}{where}, n = {row['n']}, agrees if {row['agrees_if']}"
