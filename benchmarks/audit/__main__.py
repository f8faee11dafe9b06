"""One cell of the proof, or the table of all; ``benchmarks/audit/Snakefile`` runs them.

python -m benchmarks.audit cells|peers CELL FILE     a cell, as JSON, to a file
python -m benchmarks.audit table FOLDER FILE         the cells of a folder to one CSV file, and what they say
"""

import json
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.audit.cells import FIRST, Cell, run_cell, run_peers
from whichtask.artifacts import write_csv, write_text
from whichtask.site.answers import wilson

RUNS: Mapping[str, Callable[[Cell], dict[str, Any]]] = {"cells": run_cell, "peers": run_peers}


def sum_up(rows: list[dict[str, Any]]) -> str:
    """Return a table of detections by data and mark, and of alarms on controls, with Wilson's intervals."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["control"]:
            for which in (row["control"], "all controls"):
                groups["alarms on controls", which].append(row | {"found": row["alarm"]})
        else:
            kind = "two classes" if row["two_classes"] else f"{row['scope']} of the classes"
            if row["second"]:
                kind, row["found"] = "two marks, both", row["found"] and 1 <= row["rank_second"] <= FIRST + 1
            for key in (f"{Path(row['data']).stem}, {kind}", f"all, {kind}"):
                for which in (row["mark"], f"strength {row['strength']}", "all marks"):
                    groups[key, which].append(row)
    lines = ["| what | which | audit | 95 % | union | Datalab | n |", "| --- | --- | --- | --- | --- | --- | --- |"]
    for (what, which), cells in sorted(groups.items()):
        hits = [cell["found"] for cell in cells]
        low, high = wilson(sum(hits), len(hits))
        peers = [_share(cells, name) for name in ("union", "datalab")]
        lines.append(
            f"| {what} | {which} | {sum(hits) / len(hits):.2f} | {low:.2f} to {high:.2f} | {' | '.join(peers)}"
            f" | {len(hits)} |"
        )
    return "\n".join(lines)


def _share(cells: list[dict[str, Any]], name: str) -> str:
    known = [cell[name] for cell in cells if cell.get(name) is not None]
    return f"{sum(known) / len(known):.2f}" if known else ""


def read(folder: Path) -> list[dict[str, Any]]:
    """Read the cells of a folder, with what peers found in them where that is known."""
    rows = []
    for path in sorted((folder / "cells").glob("*.json")):
        peers = folder / "peers" / path.name
        rows.append(json.loads(path.read_text()) | (json.loads(peers.read_text()) if peers.exists() else {}))
    return rows


def main(what: str, given: str, path: str) -> None:
    """Do what the first word says."""
    if what in RUNS:
        row = RUNS[what](Cell(**json.loads(given)))
        write_text(Path(path), json.dumps(row, indent=1) + "\n")
    else:
        rows = read(Path(given))
        write_csv(Path(path), pd.DataFrame(rows))
        print(sum_up(rows))


if __name__ == "__main__":
    main(*sys.argv[1:])
