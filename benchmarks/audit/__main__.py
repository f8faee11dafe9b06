"""Run cells of the proof, those that are not done yet, and sum up.

python -m benchmarks.audit FOLDER [--data cifar10 fashion_mnist.npz] [--marks corner tint] [--strengths 0.8 0.9]
    [--seeds 1] [--scope half] [--controls 4] [--minutes 2] [--images 3000] [--peers]

Each cell is one file in the folder, written when it is done: a killed run goes on with the next cell, and several runs
may share a folder. ``--peers`` judges in the same way what else one could do, on the cells that are there.
"""

import argparse
import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.audit.cells import SCOPES, Cell, grid, run_cell, run_peers
from benchmarks.audit.marks import MARKS
from whichtask.artifacts import write_csv, write_text
from whichtask.site.answers import wilson


def sum_up(rows: list[dict[str, Any]]) -> str:
    """Return a table of detections by data and mark, and of alarms on controls, with Wilson's intervals."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["control"]:
            for which in (row["control"], "all controls"):
                groups["alarms on controls", which].append(row | {"found": row["alarm"]})
        else:
            kind = "two classes" if row["two_classes"] else f"{row['scope']} of the classes"
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
    for path in sorted(folder.glob("*.json")):
        peers = folder / "peers" / path.name
        rows.append(json.loads(path.read_text()) | (json.loads(peers.read_text()) if peers.exists() else {}))
    return rows


def _do(cells: Iterator[Cell], folder: Path, run: Callable[[Cell], dict[str, Any]]) -> None:
    """Run cells whose files are not there; a lock file tells another run that a cell is being run."""
    folder.mkdir(parents=True, exist_ok=True)
    for cell in cells:
        path = folder / f"{cell.name}.json"
        lock = path.with_suffix(".lock")
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            continue
        try:
            if not path.exists():
                row = run(cell)
                write_text(path, json.dumps(row, indent=1) + "\n")
                print(path.stem, row, flush=True)
        finally:
            lock.unlink()


def main() -> None:
    """Read the options, run the cells that are chosen, print the table."""
    parser = argparse.ArgumentParser(description="Proof of whichtask audit.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", nargs="+", default=["cifar10", "fashion_mnist"])
    parser.add_argument("--marks", nargs="*", default=list(MARKS), choices=list(MARKS))
    parser.add_argument("--strengths", nargs="+", type=float, default=[0.8, 0.9, 1.0])
    parser.add_argument("--seeds", type=int, default=3, help="of marks")
    parser.add_argument("--scope", nargs="+", default=list(SCOPES), choices=list(SCOPES))
    parser.add_argument("--controls", type=int, default=4, help="seeds of each control")
    parser.add_argument("--images", type=int, default=3_000)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--peers", action="store_true", help="other ways, on the cells that are there")
    parser.add_argument("--table", type=Path, help="also write all cells into one CSV file")
    options = parser.parse_args()

    def chosen() -> Iterator[Cell]:
        for planned in grid(options.data, options.seeds, options.controls):
            cell = replace(planned, images=options.images, minutes=options.minutes)
            plant = cell.mark in options.marks and cell.strength in options.strengths and cell.where in options.scope
            if plant or cell.control:
                yield cell

    if options.peers:
        there = (cell for cell in chosen() if (options.folder / f"{cell.name}.json").exists())
        _do(there, options.folder / "peers", run_peers)
    else:
        _do(chosen(), options.folder, run_cell)
    rows = read(options.folder)
    if options.table:
        write_csv(options.table, pd.DataFrame(rows))
    print(sum_up(rows))


if __name__ == "__main__":
    main()
