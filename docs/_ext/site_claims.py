"""Tables of the papers' claims and our verdicts: one row a claim, its cases behind it."""

from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd
from site_repository import Repository, plain

from whichtask.claims import summary
from whichtask.claims.verdicts import CONTROL, HYPOTHESIS, QUESTION

OPEN, CLOSE = "::::{container} claims\n", "\n::::"
# Verdict: heading, and what it means.
VERDICTS = {
    "differs": ("What differs", "In at least one case the whole 95 % interval lies outside the region that agrees."),
    "undecided": ("Undecided", "The interval of at least one case spans or touches an end of that region."),
    "agrees": ("What agrees", "In every case the whole interval lies inside, strictly on one side for orderings."),
    "not comparable at this scale": (
        "Not comparable at laptop scale",
        "Measured, but the paper's number holds for other data, networks or numbers of tasks; the note says which.",
    ),
    "not measured": ("Not measured", "No run so far holds such a measurement."),
}
CONTROLS = "What a sound measurement must show, whether or not the papers are right; not counted as claims."
HYPOTHESES = "What we expected of the bridge between the papers, written down before the run; no paper claims it."
QUESTIONS = "The paper asks them, or its summary does; the figures show what we found, without a verdict."


def measured(row: Mapping[Any, Any]) -> str:
    """Return our value with its interval, unit and n, and what would agree."""
    region = f"agrees if {row['agrees_if']}"
    if pd.isna(row["ours"]):
        return region
    interval = "" if pd.isna(row["low"]) else f" [{row['low']:.3f}, {row['high']:.3f}]"
    return f"{row['ours']:.3f}{interval} ({plain(row['unit'])}), n {row['n']}; {region}"


def where(row: Mapping[Any, Any]) -> str:
    """Return case and network, in brackets, where there are any."""
    parts = dict.fromkeys(plain(str(row[name])) for name in ("case", "network") if row[name])
    return f" ({', '.join(parts)})" if parts else ""


def of_figure(repository: Repository, figure: str) -> list[str]:
    """Return the lines of the table of claims that are read from one figure; none where there are none."""
    claims = repository.claims
    rows = claims[(claims["figure"] == figure) & (claims["verdict"] != QUESTION)].to_dict("records")
    if not rows:
        return []
    lines = [OPEN, "| claim of the paper | measured here | verdict |", "| --- | --- | --- |"]
    for row in rows:
        claim = f"{plain(row['statement'])}{where(row)}"
        lines.append(f"| {claim} | {measured(row)} | **{row['verdict']}** |")
    return [*lines, CLOSE]


def page(repository: Repository) -> str:
    """Return the tables of all claims, one section a verdict, those that differ first; controls and questions apart."""
    table = repository.claims
    controls, questions, ours = table["kind"] == CONTROL, table["verdict"] == QUESTION, table["kind"] == HYPOTHESIS
    lines = [summary(table)]
    for verdict, (heading, meaning) in VERDICTS.items():
        lines += _section(heading, meaning, table[(table["claim_verdict"] == verdict) & ~controls & ~ours])
    lines += _section("Controls", CONTROLS, table[controls])
    lines += _section("Hypotheses of ours", HYPOTHESES, table[ours])
    lines += _section("Open in the papers", QUESTIONS, table[questions])
    return "\n".join(lines)


def _section(heading: str, meaning: str, rows: pd.DataFrame) -> list[str]:
    if rows.empty:
        return []
    lines = ["", f"## {heading}", "", meaning, "", OPEN, "| claim | measured here | source and note |"]
    lines += ["| --- | --- | --- |", *(_claim(cases) for _, cases in rows.groupby("id", sort=False)), CLOSE]
    return lines


def _claim(cases: pd.DataFrame) -> str:
    """Return the row of one claim; several cases are folded."""
    first, rows = cases.iloc[0], cases.to_dict("records")
    figures = " ".join(f"[{figure}](#{figure})" for figure in cases["figure"].unique())
    claim = f"{plain(first['statement'])} {figures} `{first['id']}`"
    if first["kind"] in (CONTROL, HYPOTHESIS):
        claim += f" **{first['claim_verdict']}**"
    notes = dict.fromkeys(row["note"].rstrip(".") for row in rows if row["note"])
    source = plain(". ".join([f"{first['certainty'].replace('_', ' ')}: {first['source']}", *notes]))
    if first["verdict"] == QUESTION:
        return f"| {claim} | | {source} |"
    if len(rows) == 1:
        return f"| {claim} | {measured(rows[0])} | {source} |"
    items = "".join(f"<li>{_case(row)}</li>" for row in rows)
    return f"| {claim} | <details><summary>{len(rows)} cases</summary><ul>{items}</ul></details> | {source} |"


def _case(row: Mapping[Any, Any]) -> str:
    """Return one case as HTML inside a table."""
    name = ", ".join(dict.fromkeys(str(row[column]) for column in ("case", "network") if row[column]))
    value = "" if pd.isna(row["ours"]) else f"{row['ours']:.3f}"
    interval = "" if pd.isna(row["low"]) else f" [{row['low']:.3f}, {row['high']:.3f}]"
    parts = [f"{value}{interval}", f"n {row['n']}"] if value else []
    said = [*parts, f"agrees if {row['agrees_if']}", row["verdict"]]
    return escape(f"{name}: {', '.join(said)}").replace("|", "/")
