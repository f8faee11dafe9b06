"""How far a run is: what is done, under way, left and failed, and about how long the rest will take."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from whichtask.runs.live_states import LiveStateFound, find_live_states
from whichtask.runs.plan import Job, Plan
from whichtask.runs.seconds import Estimate, How, estimates, measured, wall_seconds
from whichtask.runs.workplace import Work, find_failures, find_marks, find_work, find_writers, last_line

State = Literal["done", "running", "queued", "left", "failed"]
STATES: tuple[State, ...] = ("done", "running", "queued", "left", "failed")


class JobStatus(BaseModel):
    """How far one job is."""

    job: Job
    state: State
    """Done: Snakemake would not run it. Queued: handed to a cluster, where it has not begun. Failed: in one of the last
    runs, and not done since."""
    estimate: Estimate | None = None
    """Of its whole time; None where nothing is known."""
    running_seconds: float | None = None
    last_line: str = ""
    """The last words of its log, where it is running or failed."""
    live_state: LiveStateFound | None = None
    """Where only one running job can have saved it."""


class KindStatus(BaseModel):
    """How far the jobs of one kind are."""

    kind: str
    counts: dict[State, int]
    spent_seconds: float
    """Of jobs that are done, from their benchmark files; a resumed job counts from its last start."""
    left_seconds: float | None
    """Of all jobs that are not done and of which something is known, one after another; None where there is none."""
    estimated_from: list[How]
    """How the time of those was estimated."""


class TimeLeft(BaseModel):
    """A rough estimate of the time until everything is done."""

    cores: int
    work_seconds: float
    """Of all jobs whose time can be estimated, one after another."""
    wall_seconds: float
    """The same on these cores; jobs wait for each other, so it takes longer, and with a GPU it may take less."""
    unknown: dict[str, int]
    """Jobs of kinds of which none has been measured, by kind: their time is not in the sums."""


class Status(BaseModel):
    """How far a run is."""

    targets: list[str]
    scale: str
    results: str
    total: int
    counts: dict[State, int]
    spent_seconds: float
    left: TimeLeft
    work: Work
    kinds: list[KindStatus]
    jobs: list[JobStatus]
    live_states: list[LiveStateFound]
    """State of killed jobs, which go on from there."""


def find_status(folder: Path, plan: Plan, targets: Sequence[str], cores: int) -> Status:
    """Compare a plan with what lies in the project's folder.

    Args:
        folder: the project's folder.
        plan: the jobs of the targets.
        targets: what was asked for; none: everything.
        cores: cores among which the time left is divided.
    """
    now = time.time()
    work, marks, writers, failures = find_work(folder), find_marks(folder), find_writers(folder), find_failures(folder)
    taken = measured(folder, plan.jobs)
    known = estimates(folder, plan, taken)
    states = find_live_states(folder, plan.results)
    jobs = []
    for job in plan.jobs:
        state, since = _state(folder, job, work, marks, writers, failures)
        said = last_line(folder / job.log) if job.log and state in ("running", "failed") else ""
        running = max(0.0, now - since) if since is not None else None
        estimate = known.get(plan.name_of(job))
        jobs.append(JobStatus(job=job, state=state, estimate=estimate, running_seconds=running, last_line=said))
    _give_states(jobs, states, now)
    kinds = [_of_kind(kind, jobs, taken) for kind in dict.fromkeys(job.job.kind for job in jobs)]
    given = {job.live_state.folder for job in jobs if job.live_state}
    in_use = min((now - job.running_seconds for job in jobs if job.running_seconds is not None), default=now)
    return Status(
        targets=list(targets) or ["all"],
        scale=plan.scale,
        results=plan.results,
        total=len(jobs),
        counts=_count(jobs),
        spent_seconds=sum(kind.spent_seconds for kind in kinds),
        left=time_left(jobs, cores),
        work=work,
        kinds=kinds,
        jobs=jobs,
        live_states=[state for state in states if state.folder not in given and state.saved < in_use],
    )


def _state(
    folder: Path, job: Job, work: Work, marks: Mapping[str, float], writers: set[Path], failures: set[str]
) -> tuple[State, float | None]:
    """Return the state of a job and, if it runs, since when."""
    begun = max((marks[output] for output in job.outputs if output in marks), default=None)
    if begun is None:
        return ("failed" if job.log in failures else "left") if job.needed else "done", None
    log = (folder / job.log).resolve() if job.log else None
    if log in writers:
        return "running", begun
    if work.state in ("here", "elsewhere") and begun >= (work.since or 0.0):
        # Not on this machine: a cluster has it, and its log is written to as soon as it runs.
        written = log.stat().st_mtime if log and log.exists() else 0.0
        return ("running", written) if written >= begun else ("queued", None)
    return ("failed" if job.log in failures else "left"), None


def _give_states(jobs: Sequence[JobStatus], states: Sequence[LiveStateFound], now: float) -> None:
    """Name a live state with the job that saved it, where that can only be one."""
    running = [job for job in jobs if job.running_seconds is not None]
    if len(running) == 1 and states and states[0].saved >= now - (running[0].running_seconds or 0):
        running[0].live_state = states[0]


def _count(jobs: Sequence[JobStatus]) -> dict[State, int]:
    return {state: sum(job.state == state for job in jobs) for state in STATES}


def _of_kind(kind: str, jobs: Sequence[JobStatus], taken: Mapping[str, float]) -> KindStatus:
    mine = [job for job in jobs if job.job.kind == kind]
    left = [job for job in mine if job.state != "done"]
    known = [job.estimate.how for job in left if job.estimate]
    return KindStatus(
        kind=kind,
        counts=_count(mine),
        spent_seconds=sum(taken.get(job.job.benchmark or "", 0.0) for job in mine if job.state == "done"),
        left_seconds=sum(remaining(job) or 0.0 for job in left) if known or not left else None,
        estimated_from=list(dict.fromkeys(known)),
    )


def remaining(job: JobStatus) -> float | None:
    """Return the seconds that a job still needs; None where nothing is known.

    A job that already runs for longer than its estimate counts as about to end.
    """
    return None if job.estimate is None else max(0.0, job.estimate.seconds - (job.running_seconds or 0.0))


def time_left(jobs: Sequence[JobStatus], cores: int) -> TimeLeft:
    """Add up what is left.

    Args:
        jobs: all jobs.
        cores: how many run at a time.
    """
    times, unknown = [], dict[str, int]()
    for job in jobs:
        if job.state == "done":
            continue
        seconds = remaining(job)
        if seconds is None:
            unknown[job.job.kind] = unknown.get(job.job.kind, 0) + 1
        else:
            times.append(seconds)
    return TimeLeft(cores=cores, work_seconds=sum(times), wall_seconds=wall_seconds(times, cores), unknown=unknown)
