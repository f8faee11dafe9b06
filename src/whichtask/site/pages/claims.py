"""The scoreboard: every claim of both papers with the cases behind its verdicts."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple, get_args

import pandas as pd

from whichtask.claims.verdicts import Verdict
from whichtask.plan.figures import FIGURES
from whichtask.site.run import Run

VERDICTS: tuple[str, ...] = get_args(Verdict)
COLUMNS = (
    "id", "paper_title", "statement", "figure", "paper", "paper_sd", "paper_n", "agrees_if", "ours", "low", "high", "n",
    "train_accuracy", "images_train", "unit", "data", "network", "verdict", "certainty", "source", "note",
)  # fmt: skip
UNKNOWN = "–"
TABLES = ("claims", "claims_headline")
"""Of all claims, and of those that the headline run can measure."""


class Case(NamedTuple):
    """One measurement that a claim is compared with."""

    where: str
    ours: str
    interval: str
    n: int
    train_accuracy: str
    verdict: str
    note: str


class Claim(NamedTuple):
    """One claim and its cases."""

    id: str
    statement: str
    paper: str
    """The paper's number."""
    agrees_if: str
    unit: str
    source: str
    certainty: str
    figure: str
    drawn: bool
    """Whether the website has the figure."""
    keys: str
    command: str
    verdicts: dict[str, int]
    """Cases by verdict, in the order of ``VERDICTS``."""
    cases: list[Case]

    @property
    def ours(self) -> str:
        """What was measured, over all cases."""
        found = [float(case.ours) for case in self.cases if case.ours != UNKNOWN]
        if not found:
            return UNKNOWN
        if len(self.cases) > 1:
            return _number(found[0]) if len(found) == 1 else f"{min(found):.3f} to {max(found):.3f}"
        return f"{self.cases[0].ours} [{self.cases[0].interval}]"


class Score(NamedTuple):
    """One paper's claims."""

    paper: str
    verdicts: dict[str, int]
    claims: list[Claim]


def collect(run: Run) -> dict[str, Any]:
    """Return the scoreboard of both papers."""
    tables = (run.table(run.plan.at(f"{name}.csv"), COLUMNS) for name in TABLES)
    table = next((one for one in tables if one is not None), None)
    if table is None:
        return {"scores": [], "verdicts": [], "missing": [run.missing("Claims", "headline")]}
    scores = [
        Score(str(paper), _counted(rows), [_claim(run, own) for _, own in rows.groupby("id", sort=False)])
        for paper, rows in table.groupby("paper_title", sort=False)
    ]
    present = {verdict for score in scores for verdict in score.verdicts}
    return {"scores": scores, "verdicts": [one for one in VERDICTS if one in present], "missing": []}


def _counted(rows: pd.DataFrame) -> dict[str, int]:
    counts = Counter(rows["verdict"])
    return {verdict: counts[verdict] for verdict in VERDICTS if counts[verdict]}


def _claim(run: Run, rows: pd.DataFrame) -> Claim:
    first = rows.iloc[0]
    figure = str(first["figure"])
    paper = _number(first["paper"])
    if not math.isnan(first["paper_sd"]):
        paper += f" (sd {first['paper_sd']:.3f}, n {first['paper_n']:.0f})"
    return Claim(
        str(first["id"]),
        str(first["statement"]),
        paper,
        str(first["agrees_if"]),
        str(first["unit"]),
        str(first["source"]),
        str(first["certainty"]).replace("_", " "),
        figure,
        run.has(run.plan.at(f"figures/{figure}.png")),
        FIGURES[figure].keys if figure in FIGURES else "",
        run.command(figure),
        _counted(rows),
        [_case(row) for row in rows.to_dict("records")],
    )


def _case(row: dict[Any, Any]) -> Case:
    trained = "" if math.isnan(row["images_train"]) else f"{row['images_train']:,.0f} images"
    interval = f"{_number(row['low'])} to {_number(row['high'])}" if not math.isnan(row["low"]) else UNKNOWN
    return Case(
        _joined([row["data"], row["network"], trained]),
        _number(row["ours"]) or UNKNOWN,
        interval,
        int(row["n"]),
        _number(row["train_accuracy"]) or UNKNOWN,
        str(row["verdict"]),
        _joined([row["note"]]),
    )


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.3f}"


def _joined(parts: Sequence[Any]) -> str:
    """Join what a table knows; an empty cell is read as NaN."""
    return ", ".join(part for part in parts if isinstance(part, str) and part)
