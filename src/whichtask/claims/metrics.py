"""The few numbers that two runs are compared by: headline measures with their intervals, and claims by verdict.

They are read from the tables of figures, which hold exactly the numbers drawn, and from the table of claims.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from whichtask.artifacts import write_text
from whichtask.claims.verdicts import CONTROL, HYPOTHESIS, QUESTION, VERDICTS
from whichtask.errors import WhichtaskError
from whichtask.figures.tables import read_table
from whichtask.plan.headlines import HEADLINES, Headline

CLAIM_COLUMNS = ("id", "kind", "scale", "claim_verdict")


def summarise(claims: Path, drawn: Sequence[Path]) -> dict[str, Any]:
    """Return the metrics of a run.

    Args:
        claims: the table of claims.
        drawn: tables of the figures of ``HEADLINES``, each named by its figure.

    Returns:
        ``scale``; ``claims`` and ``controls``: their number for every verdict; and for each measure and group ``mean``,
        ``low`` and ``high`` (95 %; None where one unit has no interval) and ``n``. Names are words joined by
        underscores.

    Raises:
        WhichtaskError: a table is missing, damaged, or does not hold one row for each group of its measure.
    """
    verdicts = read_table(claims, CLAIM_COLUMNS)
    each = verdicts.drop_duplicates("id")
    controls, ours = each["kind"] == CONTROL, each["kind"] == HYPOTHESIS
    metrics: dict[str, Any] = {
        "scale": str(verdicts["scale"].iloc[0]),
        "claims": _counts(each[~controls & ~ours]),
        "controls": _counts(each[controls]),
    }
    paths = {path.stem: path for path in drawn}
    for measure, headline in HEADLINES.items():
        if headline.figure not in paths:
            raise WhichtaskError(f"metrics: no table of the figure {headline.figure} is given")
        metrics[measure] = _numbers(paths[headline.figure], headline)
    return metrics


def _counts(claims: pd.DataFrame) -> dict[str, int]:
    counts = claims["claim_verdict"].value_counts()
    return {_name(verdict): int(counts.get(verdict, 0)) for verdict in VERDICTS if verdict != QUESTION}


def _numbers(path: Path, headline: Headline) -> dict[str, dict[str, float | int | None]]:
    low, high = headline.low or f"{headline.value}_low", headline.high or f"{headline.value}_high"
    table = read_table(path, ["row", headline.by, headline.value, low, high, headline.n, *headline.rows])
    chosen = table[table["row"] == "mean"]
    for column, allowed in headline.rows.items():
        chosen = chosen[chosen[column].isin(allowed)]
    if chosen.empty:
        raise WhichtaskError(f"{path}: no row of means with {dict(headline.rows) or 'any value'}")
    if chosen[headline.by].duplicated().any():
        raise WhichtaskError(f"{path}: several means with one {headline.by}; give a table of one data set and network")
    return {
        _name(row[headline.by]): {
            "mean": _number(row[headline.value]),
            "low": _number(row[low]),
            "high": _number(row[high]),
            "n": int(row[headline.n]),
        }
        for row in chosen.to_dict("records")
    }


def _number(value: float) -> float | None:
    return None if pd.isna(value) or math.isinf(value) else round(float(value), 6)


def _name(words: object) -> str:
    return re.sub(r"\W+", "_", str(words).lower()).strip("_")


def write_metrics(metrics: Mapping[str, Any], target: Path) -> None:
    """Write metrics as JSON, atomically."""
    write_text(target, json.dumps(metrics, indent=1, allow_nan=False) + "\n")
