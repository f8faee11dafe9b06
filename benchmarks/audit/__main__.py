"""One cell of the proof, or the table of all; ``benchmarks/audit/Snakefile`` runs them.

python -m benchmarks.audit cells|peers CELL FILE     a cell, as JSON, to a file
python -m benchmarks.audit table FOLDER FILE         the cells of a folder to one CSV file
python -m benchmarks.audit page FILE PAGE            what this file says, as a page of the documentation
"""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.audit.cells import PROBE, Cell, run_cell, run_peers
from whichtask.artifacts import write_csv, write_text
from whichtask.site.answers import wilson

TITLES = {
    "half": "Half of the classes marked",
    "one": "One class marked",
    "two": "Two classes, one marked",
    "pair": "Two marks at once",
}
RUNS: Mapping[str, Callable[[Cell], dict[str, Any]]] = {"cells": run_cell, "peers": run_peers}


HEAD = """# What the audit finds of what is planted

Written by `python -m benchmarks.audit page` from `results/reference/audit/cells.csv`, a row a cell.

Found: among the first three candidates is one that correlates with the mark by at least 0.6 on {probe} further images,
whose mark is independent of the class. *Union* is the same for fixed statistics (simple features, cells, frequencies,
principal components, clusters, a linear model's logits), ranked by their association with the labels. *Datalab* says
whether cleanlab's flags any of its seven properties. An alarm is a finding graded high. Intervals are Wilson's, 95 %.

"""


def page(cells: pd.DataFrame) -> str:
    """Return a page with a table for each kind of cell."""
    plants, controls = cells[cells["control"].isna()], cells[cells["control"].notna()]
    parts = [HEAD.format(probe=PROBE)]
    for (where, data), rows in plants.assign(data=plants["data"].map(_stem)).groupby(["where", "data"], sort=False):
        parts.append(f"## {TITLES[str(where)]}, {data}\n\n{_table(rows, ['mark', 'strength'], 'found')}\n\n")
        parts.append(_others(rows))
    if len(plants):
        parts.append(f"## All marks\n\n{_table(plants, ['where'], 'found')}\n\n")
    if len(controls):
        parts.append(f"## Alarms without a shortcut\n\n{_table(controls, ['control'], 'alarm')}\n")
    return "".join(parts)


def _table(rows: pd.DataFrame, by: list[str], what: str) -> str:
    """Return a Markdown table of shares, for each value of some columns and for all."""
    lines = ["| | share | 95 % | n | union | Datalab |", "| --- | --- | --- | --- | --- | --- |"]
    groups = [(f"{column} {value}", part) for column in by for value, part in rows.groupby(column)]
    for name, part in [*groups, ("all", rows)]:
        hits = part[what].astype(bool)
        low, high = wilson(int(hits.sum()), len(hits))
        peers = [_share(part, peer) for peer in ("union", "datalab")]
        cells = [name, f"{hits.mean():.2f}", f"{low:.2f} to {high:.2f}", f"{len(hits)}", *peers]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _share(rows: pd.DataFrame, peer: str) -> str:
    known = rows[peer].dropna() if peer in rows else rows.iloc[:0]
    return f"{known.astype(bool).mean():.2f}" if len(known) else ""


def _others(rows: pd.DataFrame) -> str:
    """Say what else was measured of plants."""
    minutes = rows["seconds"] / 60
    return (
        f"Of the ten images that conflict most, {rows['precision'].mean():.2f} had the mark that is not usual in their "
        f"class. Average precision of the mark: {rows['average_precision'].mean():.2f}. An audit took "
        f"{minutes.min():.1f} to {minutes.max():.1f} of {rows['minutes'].max():g} minutes.\n\n"
    )


def _stem(name: str) -> str:
    return Path(name).stem


def read(folder: Path) -> list[dict[str, Any]]:
    """Read the cells of a folder, with what peers found in them where that is known."""
    rows = []
    for path in sorted((folder / "cells").glob("*.json")):
        peers, row = folder / "peers" / path.name, json.loads(path.read_text())
        cell = Cell(**{part.name: row[part.name] for part in fields(Cell)})
        rows.append(row | {"where": cell.where} | (json.loads(peers.read_text()) if peers.exists() else {}))
    return rows


def main(what: str, given: str, path: str) -> None:
    """Do what the first word says."""
    if what in RUNS:
        row = RUNS[what](Cell(**json.loads(given)))
        write_text(Path(path), json.dumps(row, indent=1) + "\n")
    elif what == "table":
        write_csv(Path(path), pd.DataFrame(read(Path(given))))
    else:
        write_text(Path(path), page(pd.read_csv(given)))


if __name__ == "__main__":
    main(*sys.argv[1:])
