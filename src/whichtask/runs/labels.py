"""Labels of a figure in the report: which data and which network, as the figure's own table says."""

import csv
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from whichtask.plan.drawn import Drawn


def labels_of(drawn: Drawn, figure: str) -> Callable[[Any], dict[str, str]]:
    """Return the function that gives the labels of a figure, when it has been drawn."""
    card = drawn.cards[figure]
    table = Path(card.labelled_by(drawn.plan) if card.labelled_by else drawn.file(figure, "csv"))
    data, network = card.labels(drawn.plan)
    columns = ["data", "outside"] if card.outside else ["data"]
    return lambda wildcards: {
        "figure": figure,
        "data": named_in(table, columns, data),
        # Tables of GBI call the rows of a comparison networks.
        "network": named_in(table, ["network"], network) if figure.startswith("td_") else network,
        "scale": drawn.plan.settings.scale,
    }


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
