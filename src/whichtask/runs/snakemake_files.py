"""Files that Snakemake writes in forms of its own: times of jobs, and records that are named by the output of a job."""

import csv
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any


def benchmark_seconds(path: Path) -> float | None:
    """Return the wall-clock seconds in a benchmark file; None where there is none, or none that can be read.

    Of a job that was repeated the last line counts.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            seconds = [float(row["s"]) for row in csv.DictReader(file, delimiter="\t")]
    except (OSError, KeyError, ValueError, TypeError):
        return None
    return seconds[-1] if seconds else None


def rule_writing(rules: Iterable[Any], benchmark: str) -> str | None:
    """Return which of Snakemake's rules writes a benchmark file, the most particular one; None where none does."""
    fitting = [rule for rule in rules if rule.benchmark and rule.benchmark.match(benchmark)]
    return min(fitting, key=lambda rule: len(rule.wildcard_names)).name if fitting else None


def records_by_output(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the output that each record in a folder below ``.snakemake`` is about, and the record, in order of names.

    A record is named by its output in base64, cut into folders that begin with @ where it is too long for one name.
    Files with other names are passed over.
    """
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = "".join(part.removeprefix("@") for part in path.relative_to(folder).parts)
            with suppress(ValueError):
                yield urlsafe_b64decode(name).decode(), path
