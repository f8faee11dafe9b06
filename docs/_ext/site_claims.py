"""Tables of the papers' claims and our verdicts."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from site_repository import Repository, plain

OPEN, CLOSE = "::::{container} claims\n", "\n::::"
# Verdict: heading, and what it means.
VERDICTS = {
    "differs": ("What differs", "The whole 95 % interval lies outside the region in which it would agree."),
    "undecided": ("Undecided", "The interval spans an end of that region."),
    "agrees": ("What agrees", "The whole interval lies inside."),
    "not comparable at this scale": (
        "Not comparable at laptop scale",
        "Measured, but the paper's number holds for other data, networks or numbers of tasks; the note says which.",
    ),
    "not measured": ("Not measured", "No run so far holds such a measurement."),
}


def measured(row: Mapping[Any, Any]) -> str:
    """Return our value with its interval, unit and n, and what would agree."""
    region = f"agrees if {row['agrees_if']}"
    if pd.isna(row["ours"]):
        return region
    interval = "" if pd.isna(row["low"]) else f" [{row['low']:.3f}, {row['high']:.3f}]"
    return f"{row['ours']:.3f}{interval} ({plain(row['unit'])}), n {row['n']}; {region}"


def where(row: Mapping[Any, Any]) -> str:
    """Return the network, in brackets, where there is one."""
    return f" ({plain(str(row['network']))})" if row["network"] else ""


def of_figure(repository: Repository, figure: str) -> list[str]:
    """Return the lines of the table of claims that are read from one figure; none where there are none."""
    claims = repository.claims
    rows = claims[claims["figure"] == figure].to_dict("records")
    if not rows:
        return []
    lines = [OPEN, "| claim of the paper | measured here | verdict |", "| --- | --- | --- |"]
    for row in rows:
        claim = f"{plain(row['statement'])}{where(row)}"
        lines.append(f"| {claim} | {measured(row)} | **{row['verdict']}** |")
    return [*lines, CLOSE]


def page(repository: Repository) -> str:
    """Return the tables of all claims, one section a verdict, those that differ first."""
    claims = repository.claims
    counts = claims["verdict"].value_counts()
    summary = ", ".join(f"{counts[verdict]} **{verdict}**" for verdict in VERDICTS if verdict in counts)
    lines = [f"{claims['id'].nunique()} claims, {len(claims)} verdicts (some have one for each network): {summary}."]
    for verdict, (heading, meaning) in VERDICTS.items():
        rows = claims[claims["verdict"] == verdict].to_dict("records")
        if not rows:
            continue
        lines += ["", f"## {heading}", "", meaning, ""]
        lines += [OPEN, "| claim | measured here | source and note |", "| --- | --- | --- |"]
        for row in rows:
            claim = f"{plain(row['statement'])}{where(row)} [{row['figure']}](#{row['figure']}) `{row['id']}`"
            source = f"{row['certainty'].replace('_', ' ')}: {row['source']}"
            note = ". ".join(part.rstrip(".") for part in (source, row["note"]) if part)
            lines.append(f"| {claim} | {measured(row)} | {plain(note)} |")
        lines.append(CLOSE)
    return "\n".join(lines)
