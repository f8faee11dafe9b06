"""The scoreboard: every claim of both papers with the cases behind its verdicts."""

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

import pandas as pd

from whichtask.claims.verdicts import CONTROL, HYPOTHESIS, QUESTION, VERDICTS, by_chance
from whichtask.plan.figures import FIGURES
from whichtask.site.run import Run

COLUMNS = (
    "id", "case", "paper_title", "statement", "figure", "kind", "ordering", "paper", "paper_sd", "paper_n", "agrees_if",
    "ours", "low", "high", "n", "train_accuracy", "images_train", "unit", "data", "network", "verdict", "claim_verdict",
    "certainty", "source", "note",
)  # fmt: skip
CONTROLS, HYPOTHESES, OPEN = "Controls", "Hypotheses of ours", "Open in the papers"
UNKNOWN = "–"
TABLES = ("claims", "claims_headline")
"""Of all claims, and of those that the headline run can measure."""


class Case(NamedTuple):
    """One measurement that a claim is compared with."""

    where: str
    paper: str
    """The paper's number."""
    agrees_if: str
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
    verdict: str
    """Over all cases."""
    agrees_if: str
    """Of all cases; nothing where they differ."""
    unit: str
    source: str
    certainty: str
    figure: str
    drawn: bool
    """Whether the website has the figure."""
    keys: str
    command: str
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
    """One paper's claims, or the controls, or what is open."""

    paper: str
    verdicts: dict[str, int]
    """Claims by verdict, in the order of ``VERDICTS``."""
    claims: list[Claim]


def collect(run: Run) -> dict[str, Any]:
    """Return the scoreboard of both papers, controls and open questions apart."""
    tables = (run.table(run.plan.at(f"{name}.csv"), COLUMNS) for name in TABLES)
    table = next((one for one in tables if one is not None), None)
    if table is None:
        return {"scores": [], "verdicts": [], "missing": [run.missing("Claims", "headline")]}
    apart = (
        table["kind"].map({CONTROL: CONTROLS, "question": OPEN, HYPOTHESIS: HYPOTHESES}).fillna(table["paper_title"])
    )
    titles = [title for title in dict.fromkeys(apart) if title not in (CONTROLS, HYPOTHESES, OPEN)]
    titles += [title for title in (CONTROLS, HYPOTHESES, OPEN) if title in set(apart)]
    scores = [_score(run, title, table[apart == title]) for title in titles]
    present = {verdict for score in scores for verdict in score.verdicts}
    orderings, expected = by_chance(table)
    return {
        "scores": scores,
        "verdicts": [one for one in VERDICTS if one in present and one != QUESTION],
        "orderings": orderings,
        "expected": f"{expected:.1f}",
        "missing": [],
    }


def _score(run: Run, title: str, rows: pd.DataFrame) -> Score:
    claims = [_claim(run, own) for _, own in rows.groupby("id", sort=False)]
    counts = Counter(claim.verdict for claim in claims)
    return Score(title, {verdict: counts[verdict] for verdict in VERDICTS if counts[verdict]}, claims)


def _claim(run: Run, rows: pd.DataFrame) -> Claim:
    first = rows.iloc[0]
    figure, regions = str(first["figure"]), rows["agrees_if"].dropna().unique()
    return Claim(
        str(first["id"]),
        str(first["statement"]),
        str(first["claim_verdict"]),
        str(regions[0]) if len(regions) == 1 else "",
        _joined([first["unit"]]),
        str(first["source"]),
        str(first["certainty"]).replace("_", " "),
        figure,
        run.has(run.plan.at(f"figures/{figure}.png")),
        FIGURES[figure].keys if figure in FIGURES else "",
        run.command(figure),
        [_case(row) for row in rows.to_dict("records")],
    )


def _case(row: dict[Any, Any]) -> Case:
    trained = "" if math.isnan(row["images_train"]) else f"{row['images_train']:,.0f} images"
    interval = f"{_number(row['low'])} to {_number(row['high'])}" if not math.isnan(row["low"]) else UNKNOWN
    paper = _number(row["paper"])
    if not math.isnan(row["paper_sd"]):
        paper += f" (sd {row['paper_sd']:.3f}, n {row['paper_n']:.0f})"
    return Case(
        _joined(dict.fromkeys([row["case"], row["data"], row["network"], trained])),
        paper,
        _joined([row["agrees_if"]]),
        _number(row["ours"]) or UNKNOWN,
        interval,
        int(row["n"]),
        _number(row["train_accuracy"]) or UNKNOWN,
        str(row["verdict"]),
        _joined([row["note"]]),
    )


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.3f}"


def _joined(parts: Iterable[Any]) -> str:
    """Join what a table knows; an empty cell is read as NaN."""
    return ", ".join(part for part in parts if isinstance(part, str) and part)
