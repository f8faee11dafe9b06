"""The status, and tables of jobs, as plain text."""

import time
from collections.abc import Mapping, Sequence

from whichtask.runs.plan import Job, Plan
from whichtask.runs.seconds import Estimate, How, duration
from whichtask.runs.status import STATES, JobStatus, State, Status
from whichtask.runs.workplace import Work

LINE = 100
EARLIER: set[How] = {"its reference", "reference"}
TITLES: dict[State, str] = {"running": "Running", "queued": "Waiting in the cluster's queue", "failed": "Failed"}


def columns(rows: Sequence[Sequence[str]], texts: int = 1) -> str:
    """Align the first columns, ``texts`` of them, left and all others right; the first row is the head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]

    def line(row: Sequence[str]) -> str:
        sized = enumerate(zip(row, widths, strict=True))
        return "  ".join(f"{cell:{'<' if i < texts else '>'}{width}}" for i, (cell, width) in sized).rstrip()

    head, *body = map(line, rows)
    return "\n".join([head, "-" * (sum(widths) + 2 * (len(widths) - 1)), *body])


def count(number: int, what: str) -> str:
    """Return ``1 core`` or ``2 cores``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def status_page(status: Status, words: str) -> str:
    """Write a status for people.

    Args:
        status: what was found.
        words: the words of the Snakemake command line that choose the same targets and configuration.
    """
    chosen = {state: [job for job in status.jobs if job.state == state] for state in TITLES}
    parts = [
        f"{' '.join(status.targets)} at {status.scale} scale, results in {status.results}/",
        _work(status.work, words),
        _table(status),
        *["\n".join([TITLES[state], *map(_job, jobs)]) for state, jobs in chosen.items() if jobs],
        _live_states(status),
        _left(status, words),
    ]
    return "\n\n".join(part for part in parts if part)


def _work(work: Work, words: str) -> str:
    at = "" if work.since is None else f" since {time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(work.since))}"
    ran = f": {work.command}" if work.command else "."
    unlock = f"snakemake --unlock {words}".rstrip()
    if work.state == "here":
        return f"A Snakemake is at work in this folder{at} (process {work.process}){ran}"
    if work.state == "elsewhere":
        return (
            f"A Snakemake on {work.host} has locked this folder{at}{ran}\n"
            f"From this machine it cannot be seen whether it is still at work. If it is not, type: {unlock}"
        )
    if work.state == "stale lock":
        return (
            f"A Snakemake that was killed has left its lock{at}{ran}\n"
            "Its jobs may go on for a moment, those on a cluster until they end. When none is left, type:\n"
            f"    {unlock}\n"
            "and then the command that was killed: it goes on from there."
        )
    return "No Snakemake is at work in this folder."


def _table(status: Status) -> str:
    shown = [state for state in STATES if state != "queued" or status.counts[state]]
    rows = [["jobs", *shown, "time spent", "time left"]]
    for kind in status.kinds:
        complete = kind.counts["done"] == sum(kind.counts.values())
        left = "" if complete else "unknown" if kind.left_seconds is None else duration(kind.left_seconds)
        spent = duration(kind.spent_seconds) if kind.spent_seconds else ""
        rows.append([kind.kind, *[str(kind.counts[state]) for state in shown], spent, left])
    total = _total_left(status)
    rows.append(
        [
            f"total {status.total}",
            *[str(status.counts[state]) for state in shown],
            duration(status.spent_seconds) if status.spent_seconds else "",
            total,
        ]
    )
    return columns(rows)


def _total_left(status: Status) -> str:
    if status.counts["done"] == status.total:
        return ""
    if not status.left.unknown:
        return duration(status.left.work_seconds)
    return f"over {duration(status.left.work_seconds)}" if status.left.work_seconds else "unknown"


def _job(job: JobStatus) -> str:
    running = "" if job.running_seconds is None else f", for {duration(job.running_seconds)}"
    lines = [f"  {job.job.what}{running}"]
    if job.state != "queued" and job.job.log:
        lines.append(f"    {job.job.log}: {job.last_line[:LINE] or '(nothing said yet)'}")
    if job.live_state:
        ago = duration(max(0.0, time.time() - job.live_state.saved))
        lines.append(f"    live state saved {ago} ago: {job.live_state.says}")
    return "\n".join(lines)


def _live_states(status: Status) -> str:
    lines = [
        f"  {state.folder}: {state.bytes / 1e6:.1f} MB, saved {duration(max(0.0, time.time() - state.saved))} ago: "
        f"{state.says}"
        for state in status.live_states
    ]
    title = "Live state of jobs that were cut off. With the same settings, inputs and code they go on from there."
    return "\n".join([title, *lines]) if lines else ""


def _left(status: Status, words: str) -> str:
    open_jobs = [job for job in status.jobs if job.state != "done"]
    if not open_jobs:
        return "Everything is done."
    left = status.left
    unknown = sum(left.unknown.values())
    lines = []
    if outdated := sum(job.job.there for job in open_jobs):
        have = "has its results" if outdated == 1 else "have their results"
        why = "inputs, settings or code have changed since, or the job was cut off"
        lines.append(f"{outdated} of these {have}, but {why}.")
    if unknown < len(open_jobs):
        lines += [
            f"Time left: about {duration(left.wall_seconds)} on {count(left.cores, 'core')}. "
            "A rough estimate: seconds of the same job or of others",
            "of its kind, divided by the cores. That jobs wait for each other, and GPUs, are not counted in.",
        ]
    if earlier := [kind.kind for kind in status.kinds if EARLIER & {*kind.estimated_from}]:
        lines.append(f"From an earlier run at this scale (results/reference): {', '.join(earlier)}.")
    if unknown:
        lines.append(
            f"The time of {unknown} jobs is unknown: no job of their kinds has been measured at {status.scale} scale."
        )
    if status.work.state == "none":
        lines.append(f"To go on: snakemake --cores all {words}".rstrip())
    return "\n".join(lines)


def jobs_page(jobs: Sequence[Job], plan: Plan, known: Mapping[str, Estimate]) -> str:
    """Write a table of some jobs of a plan with the time that each may take."""
    rows = [["job", "rule", "about"]]
    for job in jobs:
        estimate = known.get(plan.name_of(job))
        rows.append([job.what, job.rule, duration(estimate.seconds) if estimate else "unknown"])
    return columns(rows, texts=2)
