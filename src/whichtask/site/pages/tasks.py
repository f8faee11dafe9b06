"""Galleries: both sides of every task, and what was measured of it."""

from typing import Any

from whichtask.site.galleries import galleries
from whichtask.site.run import Run


def collect(run: Run) -> dict[str, Any]:
    """Return the galleries of the run."""
    found, missing = galleries(run)
    return {"galleries": found, "missing": missing}
