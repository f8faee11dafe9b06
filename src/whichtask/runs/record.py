"""``run.json`` of a results folder: every run of the workflow that contributed to it, the last one at the end.

The workflow writes it when jobs begin and when they have ended. A run that is killed leaves its entry at ``running``;
the next one finds it so and calls it ``interrupted``.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from whichtask.artifacts import write_text
from whichtask.errors import WhichtaskError
from whichtask.runs.machine import Machine
from whichtask.runs.snakemake_files import benchmark_seconds

NAME = "run.json"


class Copies(BaseModel):
    """Images that exactly equal others of their data set."""

    model_config = ConfigDict(extra="forbid")

    training: int
    """Training images that equal an earlier one."""
    test: int
    """Test images that equal a training image."""
    held_out: int
    """Images on which agreement or the search is judged that equal one of those that are learned from."""


class Run(BaseModel):
    """One run of the workflow in which jobs ran."""

    model_config = ConfigDict(extra="forbid")

    id: str
    status: Literal["running", "succeeded", "failed", "interrupted"]
    start: datetime
    """UTC."""
    end: datetime | None = None
    command: list[str]
    """As it was typed, absolute paths shortened."""
    executor: str
    """Of Snakemake: local, slurm, ..."""
    scale: str
    config_sha256: str
    """A key of ``Record.configurations``."""
    seeds: dict[str, int | list[int]]
    commit: str | None
    changed: bool | None
    """Whether files differed from that commit."""
    versions: dict[str, str | None]
    machine: Machine
    jobs: dict[str, int]
    """Jobs that were to run, by rule."""
    seconds: dict[str, float] = {}
    """Time of the jobs that ended in this run, by rule; from their benchmark files."""
    copies: Copies | None = None
    """In the main data set as this configuration divides it; null where it is not there."""


class Record(BaseModel):
    """All that ``run.json`` holds."""

    model_config = ConfigDict(extra="forbid")

    format: Literal[1] = 1
    runs: list[Run] = []
    seconds_by_rule: dict[str, float] = {}
    """Time of the jobs that made what is in the folder, whichever run they belong to."""
    configurations: dict[str, dict[str, Any]] = {}
    """Resolved configurations by their SHA-256."""

    @property
    def last(self) -> Run | None:
        """The run that began last; None where there is none."""
        return self.runs[-1] if self.runs else None

    def run_of(self, rule: str) -> Run | None:
        """Return the last run in which a job of a rule ended; None where none was recorded."""
        return next((run for run in reversed(self.runs) if rule in run.seconds), None)


def now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


def read_record(results: Path) -> Record:
    """Read ``run.json`` of a results folder.

    Raises:
        WhichtaskError: it is missing, or is no record of runs.
    """
    path = results / NAME
    try:
        return Record.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WhichtaskError(f"{path} is missing: no run of the workflow has begun in this results folder") from None
    except OSError as error:
        raise WhichtaskError(f"cannot read {path}: {error.strerror}") from error
    except (ValidationError, UnicodeDecodeError) as error:
        raise WhichtaskError(f"{path} is no record of runs; move it away and the next run begins a new one") from error


def begin_run(results: Path, run: Run, configuration: Mapping[str, Any], rules: Mapping[Path, str]) -> None:
    """Append a run to the record; an earlier one that is still called running has been interrupted.

    Args:
        results: the results folder.
        run: the new run.
        configuration: its resolved configuration.
        rules: rule of each benchmark file that there is.

    Raises:
        WhichtaskError: there is a file that is no record, or it cannot be written.
    """
    record = read_record(results) if (results / NAME).exists() else Record()
    for earlier in record.runs:
        if earlier.status == "running":
            earlier.status = "interrupted"
            earlier.seconds = seconds_by_rule(rules, earlier.start)
    record.runs.append(run)
    record.configurations[run.config_sha256] = dict(configuration)
    _write(results, record)


def end_run(
    results: Path,
    run_id: str,
    status: Literal["succeeded", "failed"],
    rules: Mapping[Path, str],
    copies: Callable[[], Copies | None],
) -> None:
    """Note how a run ended, and the seconds of its jobs.

    Args:
        results: the results folder.
        run_id: of a run that ``begin_run`` was given.
        status: how it ended.
        rules: rule of each benchmark file that there is.
        copies: counts them; not called where an earlier run of this configuration and data has.

    Raises:
        WhichtaskError: the run is not in the record, or the record cannot be read or written.
    """
    record = read_record(results)
    run = next((run for run in record.runs if run.id == run_id), None)
    if run is None:
        raise WhichtaskError(f"{results / NAME} does not hold the run {run_id} that has ended")
    run.status, run.end = status, now()
    run.seconds = seconds_by_rule(rules, run.start)
    same = [one.copies for one in record.runs if one.config_sha256 == run.config_sha256 and one.copies]
    run.copies = same[-1] if same and "data" not in run.jobs else copies()
    record.seconds_by_rule = seconds_by_rule(rules)
    _write(results, record)


def seconds_by_rule(rules: Mapping[Path, str], since: datetime | None = None) -> dict[str, float]:
    """Sum the wall-clock seconds of benchmark files, the longest first.

    Args:
        rules: rule of each file; a file that was cut off is passed over.
        since: files that are older do not count; None counts all.
    """
    total: dict[str, float] = {}
    for path, rule in rules.items():
        with suppress(OSError):
            seconds = benchmark_seconds(path)
            if seconds is not None and (since is None or path.stat().st_mtime >= since.timestamp()):
                total[rule] = total.get(rule, 0.0) + seconds
    return {rule: round(total[rule], 2) for rule in sorted(total, key=lambda rule: -total[rule])}


def _write(results: Path, record: Record) -> None:
    write_text(results / NAME, record.model_dump_json(indent=1) + "\n")
