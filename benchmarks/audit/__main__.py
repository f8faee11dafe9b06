"""Run cells of the proof, those that are not done yet, and sum up.

python -m benchmarks.audit FOLDER [--data cifar10 fashion_mnist.npz] [--marks corner tint] [--strengths 0.8 0.9]
    [--seeds 1] [--scope half] [--controls] [--minutes 2] [--images 3000]

Each cell is one file in the folder, written when it is done: a killed run goes on with the next cell, and several runs
may share a folder by running different marks.
"""

import argparse
import json
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.audit.cells import SCOPES, grid, run_cell
from benchmarks.audit.marks import MARKS
from whichtask.artifacts import write_text
from whichtask.site.answers import wilson


def sum_up(rows: list[dict[str, Any]]) -> str:
    """Return a table of detections by data and mark, and of alarms on controls, with Wilson's intervals."""
    groups: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for row in rows:
        if row["control"]:
            groups["alarms on controls", row["control"]].append(row["alarm"])
        else:
            kind = "two classes" if row["two_classes"] else f"{row['scope']} of the classes"
            for key in (f"{Path(row['data']).stem}, {kind}", f"all, {kind}"):
                groups[key, row["mark"]].append(row["found"])
                groups[key, "all marks"].append(row["found"])
    lines = ["| what | which | share | 95 % | n |", "| --- | --- | --- | --- | --- |"]
    for (what, which), hits in sorted(groups.items()):
        low, high = wilson(sum(hits), len(hits))
        lines.append(f"| {what} | {which} | {sum(hits) / len(hits):.2f} | {low:.2f} to {high:.2f} | {len(hits)} |")
    return "\n".join(lines)


def main() -> None:
    """Read the options, run the cells that are chosen, print the table."""
    parser = argparse.ArgumentParser(description="Proof of whichtask audit.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", nargs="+", default=["cifar10", "fashion_mnist"])
    parser.add_argument("--marks", nargs="+", default=list(MARKS), choices=list(MARKS))
    parser.add_argument("--strengths", nargs="+", type=float, default=[0.8, 0.9, 1.0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--scope", nargs="+", default=["half", "one", "two"], choices=["half", "one", "two"])
    parser.add_argument("--controls", action="store_true", help="run the controls too")
    parser.add_argument("--images", type=int, default=3_000)
    parser.add_argument("--minutes", type=float, default=2.0)
    options = parser.parse_args()
    scopes = dict(zip(("half", "one", "two"), SCOPES, strict=True))
    wanted = {scopes[name] for name in options.scope}
    for planned in grid(options.data, options.seeds):
        cell = replace(planned, images=options.images, minutes=options.minutes)
        chosen = (
            options.controls
            if cell.control
            else cell.mark in options.marks
            and cell.strength in options.strengths
            and (cell.scope, cell.two_classes) in wanted
        )
        path = options.folder / f"{cell.name}.json"
        if chosen and not path.exists():
            row = run_cell(cell)
            write_text(path, json.dumps(row, indent=1) + "\n")
            print(
                path.stem,
                "alarm" if row["alarm"] and cell.control else row["found"],
                row["phis"],
                row["grades"],
                flush=True,
            )
    print(sum_up([json.loads(path.read_text()) for path in sorted(options.folder.glob("*.json"))]))


if __name__ == "__main__":
    main()
