"""The verb that sums a run up in a few numbers, for tools that compare runs.

It imports what it runs when it runs.
"""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add this verb to the command line."""
    app.command("metrics")(metrics)


def metrics(
    claims: Annotated[Path, typer.Option(help="Table of claims: claims.csv.")],
    drawn: Annotated[list[Path], typer.Option(help="CSV of a headline figure, FIGURES/ID.csv; once for each.")],
    out: Annotated[Path, typer.Option(help="JSON to write.")],
) -> None:
    """Sum a run up as JSON: headline measures with their 95 % intervals and n, and claims by verdict."""
    from whichtask.claims.metrics import summarise, write_metrics

    write_metrics(summarise(claims, drawn), out)
