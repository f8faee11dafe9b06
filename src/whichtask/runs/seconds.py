"""Time that jobs took, and from it the time that others will take: measured or unknown, never invented."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import BaseModel

from whichtask.artifacts import read_csv, write_csv
from whichtask.errors import WhichtaskError
from whichtask.runs.plan import Job, Plan
from whichtask.runs.snakemake_files import benchmark_seconds

REFERENCE = "results/reference/{scale}/seconds.csv"
"""Times of an earlier run at a scale, kept with the project: columns ``kind``, ``job``, ``seconds``."""


How = Literal["itself", "its reference", "finished jobs", "reference"]
"""The last time of the job in this results folder; that of the same job in an earlier run at the same scale, times how
much slower the jobs were that both have; the mean of finished jobs of its kind; that mean in the earlier run."""


class Estimate(BaseModel):
    """Seconds that a job takes."""

    seconds: float
    how: How


def measured(folder: Path, jobs: Iterable[Job]) -> dict[str, float]:
    """Return the seconds of jobs that have been measured, by the name of their benchmark file."""
    found = {job.benchmark: benchmark_seconds(folder / job.benchmark) for job in jobs if job.benchmark}
    return {name: seconds for name, seconds in found.items() if seconds is not None}


def estimates(folder: Path, plan: Plan, taken: Mapping[str, float]) -> dict[str, Estimate]:
    """Return what each job takes, by its name; jobs of which nothing is known are missing.

    Args:
        folder: the project's folder.
        plan: the jobs.
        taken: seconds by benchmark file, from ``measured``.

    Raises:
        WhichtaskError: the reference of this scale is damaged.
    """
    path = folder / REFERENCE.format(scale=plan.scale)
    reference = _read_reference(path) if path.is_file() else []
    earlier = {name: seconds for _, name, seconds in reference}
    done = _taken(plan, taken)
    here = {plan.name_of(job): seconds for job, seconds in done}
    both = here.keys() & earlier.keys()
    slower = sum(here[name] for name in both) / sum(earlier[name] for name in both) if both else 1.0
    means = _means((job.kind, seconds) for job, seconds in done)
    earlier_means = _means((kind, seconds) for kind, _, seconds in reference)
    found = {}
    for job in plan.jobs:
        name = plan.name_of(job)
        guesses: dict[How, float | None] = {
            "itself": here.get(name),
            "its reference": earlier[name] * slower if name in earlier else None,
            "finished jobs": means.get(job.kind),
            "reference": earlier_means.get(job.kind),
        }
        best = next(((how, seconds) for how, seconds in guesses.items() if seconds is not None), None)
        if best:
            found[name] = Estimate(how=best[0], seconds=best[1])
    return found


def _taken(plan: Plan, taken: Mapping[str, float]) -> list[tuple[Job, float]]:
    return [(job, taken[job.benchmark]) for job in plan.jobs if job.benchmark and job.benchmark in taken]


def _means(times: Iterable[tuple[str, float]]) -> dict[str, float]:
    by_kind: dict[str, list[float]] = {}
    for kind, seconds in times:
        by_kind.setdefault(kind, []).append(seconds)
    return {kind: sum(values) / len(values) for kind, values in by_kind.items()}


def _read_reference(path: Path) -> list[tuple[str, str, float]]:
    table, columns = read_csv(path), ["kind", "job", "seconds"]
    if not set(columns) <= set(table.columns) or not pd.api.types.is_numeric_dtype(table["seconds"]):
        raise WhichtaskError(f"{path}: needs the columns kind, job and seconds, the last of numbers")
    return list(table[columns].itertuples(index=False, name=None))


def write_reference(out: Path, plan: Plan, taken: Mapping[str, float]) -> None:
    """Write the seconds of all measured jobs as a table that ``estimates`` reads as a reference.

    Raises:
        WhichtaskError: nothing has been measured, or the file cannot be written.
    """
    rows = [{"kind": job.kind, "job": plan.name_of(job), "seconds": seconds} for job, seconds in _taken(plan, taken)]
    if not rows:
        raise WhichtaskError(f"nothing has been measured in {plan.results} yet")
    write_csv(out, pd.DataFrame(rows).sort_values("job"))


def wall_seconds(left: Sequence[float], cores: int) -> float:
    """Return the time that jobs of one core each need together on some cores.

    At least that of the longest; the order in which jobs wait for each other is not looked at.
    """
    return max(*left, sum(left) / cores) if left else 0.0


def duration(seconds: float) -> str:
    """Write a time for people: ``4.2 s``, ``3 min 05 s``, ``2 h 10 min``, ``3 days 4 h``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s" if seconds >= 9.95 else f"{seconds:.1f} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    minutes = round(seconds / 60)
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60:02} min"
    hours = round(seconds / 3600)
    return f"{hours // 24} d {hours % 24} h"
