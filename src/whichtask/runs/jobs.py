"""What Snakemake knows of the jobs that made a results folder: its own records below ``.snakemake/metadata``."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from whichtask.errors import WhichtaskError
from whichtask.runs.snakemake_files import records_by_output

RECORDS = Path(".snakemake") / "metadata"


class Job(NamedTuple):
    """One job that has ended; paths as the workflow names them, relative to the project or absolute."""

    rule: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    logs: tuple[str, ...]
    command: str
    start: datetime
    end: datetime


def read_jobs(project: Path, results: Path) -> list[Job]:
    """Read the jobs whose outputs lie in a results folder and are all there, by the time of their start.

    Args:
        project: the folder in which Snakemake ran.
        results: the results folder.

    Raises:
        WhichtaskError: there is no record of a job that wrote into the results folder.
    """
    found: dict[tuple[Any, ...], list[tuple[str, Mapping[str, Any]]]] = {}
    for output, content in _records(project / RECORDS):
        if (project / output).resolve().is_relative_to(results.resolve()):
            # Snakemake's hash of a job is the same in the records of all its outputs.
            found.setdefault((content["rule"], content.get("job_hash")), []).append((output, content))
    jobs = [_job(records) for records in found.values()]
    jobs = [job for job in jobs if all((project / path).exists() for path in job.outputs)]
    if not jobs:
        raise WhichtaskError(
            f"{project / RECORDS} knows of no job that made something in {results}; "
            "name the folder in which Snakemake ran with --project"
        )
    return sorted(jobs, key=lambda job: (job.start, job.outputs))


def _records(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield output and content of each record."""
    for output, path in records_by_output(folder):
        with suppress(ValueError):  # Snakemake itself passes over a record that was cut off
            yield output, json.loads(path.read_text(encoding="utf-8"))


def _job(records: list[tuple[str, Mapping[str, Any]]]) -> Job:
    content = records[0][1]
    return Job(
        rule=content["rule"],
        inputs=tuple(content["input"] or ()),
        outputs=tuple(sorted(output for output, _ in records)),
        logs=tuple(content["log"] or ()),
        command=content["shellcmd"] or "",
        start=datetime.fromtimestamp(min(record["starttime"] for _, record in records), UTC),
        end=datetime.fromtimestamp(max(record["endtime"] for _, record in records), UTC),
    )
