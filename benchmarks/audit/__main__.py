"""One cell of the proof, or what all of them say; ``benchmarks/audit/Snakefile`` runs the cells.

python -m benchmarks.audit cells|peers CELL FILE     a cell, as JSON, to a file
python -m benchmarks.audit table FOLDER FILE         the cells of a folder to one CSV file
python -m benchmarks.audit page FILE SHARES PAGE     shares of this file's cells, as CSV and as a page of the docs
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.audit.cells import PROBE, Cell, run_cell, run_peers
from whichtask.artifacts import write_csv, write_text
from whichtask.site.answers import wilson

TITLES = {
    "half": "Half of the classes marked",
    "one": "One class marked",
    "two": "Two classes, one marked",
    "pair": "Two marks at once",
    "control": "Alarms without a shortcut",
}
RUNS: Mapping[str, Callable[[Cell], dict[str, Any]]] = {"cells": run_cell, "peers": run_peers}
ALL = "all"

HEAD = """# What the audit finds of what is planted

Written by `python -m benchmarks.audit page` from `results/reference/audit_cells.csv`, a row a cell.

Found: among the first three candidates is one that correlates with the mark by at least 0.6 on {probe} further images,
whose mark is independent of the class. *Union* is the same for fixed statistics (simple features, cells, frequencies,
principal components, clusters, a linear model's logits), ranked by their association with the labels. *Datalab* says
whether cleanlab's flags any of its seven properties. *Precision* is the share of the ten images that conflict most
whose mark is not usual in their class (at strength 1 there is none), *AP* the average precision of the mark on the
further images, best of the three. A mark on one class of ten cannot correlate by much with a cut into halves; there,
*ranked* is the share of sets with an AP of at least {precise}, *union ranked* the same of the union. An alarm is a
finding graded high. Intervals are Wilson's, 95 %.
"""
PRECISE = 0.5
COLUMNS = {
    "share": "share",
    "n": "n",
    "union": "union",
    "datalab": "Datalab",
    "precision": "precision",
    "ap": "AP",
    "ranked": "ranked",
    "union_ranked": "union ranked",
}


def shares(cells: pd.DataFrame) -> pd.DataFrame:
    """Return how often marks were found, and alarms given, by data and kind of cell.

    Args:
        cells: rows of ``read``.

    Returns:
        A row for each ``where``, ``images``, ``data`` and ``of`` (a mark, a strength, a control, or all): ``share``
        with Wilson's interval, ``n``, the shares ``union``, ``datalab``, ``ranked`` and ``union_ranked`` of the cells
        in which they are known, means ``precision`` and ``ap``.
    """
    control = cells["control"].notna()
    rows = cells.assign(
        where=cells["where"].mask(control, "control"),
        data=cells["data"].map(lambda name: Path(name).stem),
        hit=cells["found"].mask(control, cells["alarm"]).astype(bool),
        # At strength 1 no image conflicts, so none can be found.
        precision=cells["precision"].mask(control | (cells["strength"] == 1)),
        ap=cells["average_precision"].mask(control),
        ranked=_reached(cells, "average_precision"),
        union_ranked=_reached(cells, "union_average_precision"),
    )
    everything = pd.concat([rows, rows.assign(data=ALL)])
    found = []
    for keys, group in everything.groupby(["where", "images", "data"]):
        for of, part in _parts(group, ["control"] if keys[0] == "control" else ["mark", "strength"]):
            low, high = wilson(int(part["hit"].sum()), len(part))
            row = dict(zip(("where", "images", "data"), keys, strict=True)) | {"of": of, "share": part["hit"].mean()}
            row |= {"share_low": low, "share_high": high, "n": len(part)}
            found.append(row | {name: _mean(part, name) for name in list(COLUMNS)[2:]})
    return pd.DataFrame(found)


def _reached(cells: pd.DataFrame, column: str) -> "pd.Series[Any]":
    """Return whether an average precision is high, for marks on one class where it is known."""
    known = cells.get(column, pd.Series(np.nan, cells.index))
    return (known >= PRECISE).astype(float).mask(known.isna() | (cells["where"] != "one") | cells["control"].notna())


def _parts(rows: pd.DataFrame, by: list[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    for column in by:
        for value, part in rows.groupby(column):
            yield f"{column} {value}", part
    yield ALL, rows


def _mean(rows: pd.DataFrame, column: str) -> float:
    known = rows[column].dropna() if column in rows else rows.iloc[:0]
    return float(np.mean(known.to_numpy(float))) if len(known) else float("nan")


def page(table: pd.DataFrame) -> str:
    """Return a page with a table for each kind of cell."""
    parts = [HEAD.format(probe=PROBE, precise=PRECISE)]
    for (where, images, data), rows in table.groupby(["where", "images", "data"], sort=False):
        lines = [
            "| " + " | ".join([row["of"], *(_cell(row, column) for column in COLUMNS)]) + " |"
            for _, row in rows.iterrows()
        ]
        parts.append(
            f"\n## {TITLES[str(where)]}, {data}, {images:,} images\n\n| | {' | '.join(COLUMNS.values())} |\n| --- |"
        )
        parts.append(" --- |" * len(COLUMNS) + "\n" + "\n".join(lines) + "\n")
    return "".join(parts)


def _cell(row: "pd.Series[Any]", column: str) -> str:
    if pd.isna(row[column]):
        return ""
    if column == "share":
        return f"{row['share']:.2f} [{row['share_low']:.2f}, {row['share_high']:.2f}]"
    return f"{row[column]:.2f}" if column != "n" else f"{row['n']}"


def read(folder: Path) -> list[dict[str, Any]]:
    """Read the cells of a folder, with what peers found in them where that is known."""
    rows = []
    for path in sorted((folder / "cells").glob("*.json")):
        peers, row = folder / "peers" / path.name, json.loads(path.read_text())
        cell = Cell(**{part.name: row[part.name] for part in fields(Cell)})
        rows.append(row | {"where": cell.where} | (json.loads(peers.read_text()) if peers.exists() else {}))
    return rows


def main(what: str, given: str, path: str, written: str = "") -> None:
    """Do what the first word says."""
    if what in RUNS:
        row = RUNS[what](Cell(**json.loads(given)))
        write_text(Path(path), json.dumps(row, indent=1) + "\n")
    elif what == "table":
        write_csv(Path(path), pd.DataFrame(read(Path(given))))
    else:
        table = shares(pd.read_csv(given))
        write_csv(Path(path), table)
        write_text(Path(written), page(table))


if __name__ == "__main__":
    main(*sys.argv[1:])
