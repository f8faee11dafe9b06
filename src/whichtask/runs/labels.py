"""Labels of a figure in the report: which data and which network, as the figure's own table says."""

import csv
from collections.abc import Iterable
from pathlib import Path


def named_in(table: Path, columns: Iterable[str], default: str) -> str:
    """Return the different values of some columns of a table, in their order.

    Args:
        table: CSV.
        columns: their names; those that the table lacks are passed over.
        default: what to return where nothing is named.
    """
    with table.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return ", ".join(dict.fromkeys(row[column] for column in columns for row in rows if row.get(column))) or default
