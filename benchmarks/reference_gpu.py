"""As much of the headline as fits some minutes, the cheapest jobs first, and small tables of what there is by then.

python -m benchmarks.reference_gpu --minutes 25 --configfile config/paper.yaml --out results/reference/gpu

For a GPU that is lent for a while; ``make reference-gpu MINUTES=25`` sets up and calls it. Jobs run one after another,
in the order of their counted operations with what they need; those of GBI, which are not counted, come last. When the
time is up the job under way saves its state: the same command goes on from there. Scores are tabled from the first
task on, also those of a job that has not ended.
"""

import argparse
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import psutil
from tqdm import tqdm

from benchmarks.operations import Counter
from whichtask.agreement import ROWS
from whichtask.artifacts import read_tensors, write_csv, write_text
from whichtask.config import read_config
from whichtask.config.write import render_yaml
from whichtask.errors import WhichtaskError
from whichtask.figures.means import means
from whichtask.paths import require_writable
from whichtask.plan.cluster import TRAINING
from whichtask.runs.plan import Job, Plan, ask_snakemake, configuration_words
from whichtask.runs.record import NAME
from whichtask.runs.snakemake_files import benchmark_seconds

SAVING_SECONDS = 30.0
"""How long a job may take to save its state when the time is up; then it is killed, with the state it saved last."""
BY = ["data", "network", "set", "images_train", "precision", "device"]
VALUES = ["agreement", "train_accuracy", "chance_agreement", "test_accuracy"]
SHOWN = [*BY, "n", "agreement", "agreement_low", "agreement_high", "train_accuracy", "seconds_a_task"]


def cheapest_first(plan: Plan, counter: Counter) -> list[Job]:
    """List the jobs that train, those with the fewest operations first, their own and of what they need."""

    def operations(job: Job) -> float:
        each = [counter.operations[needed.outputs[0]] for needed in counter.needed([job])]
        return math.inf if None in each else sum(filter(None, each))

    return sorted((job for job in plan.jobs if job.rule in TRAINING), key=operations)


def run_until(command: Sequence[str], end: float) -> bool:
    """Run a command until a time (``time.monotonic``); say whether it ended by itself, without an error.

    When the time is up, it and all that it has started are asked to end.
    """
    process = subprocess.Popen(command, start_new_session=True)  # noqa: S603  # words, no shell
    try:
        return process.wait(timeout=max(0.0, end - time.monotonic())) == 0
    except subprocess.TimeoutExpired:
        return False
    finally:
        if process.poll() is None:
            started = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
            os.killpg(process.pid, signal.SIGTERM)
            for late in psutil.wait_procs(started, timeout=SAVING_SECONDS)[1]:
                late.kill()
            process.wait()


def unfinished_rows(results: Path, since: float) -> Iterator[dict[str, object]]:
    """Yield the scores in live states that were saved since a time: of the job that was under way."""
    for path in sorted((results / ".state").glob(f"*/{ROWS}.safetensors")):
        if max(file.stat().st_mtime for file in path.parent.iterdir()) < since:
            continue
        try:
            _, content = read_tensors(path)
        except WhichtaskError as error:  # the job begins it again
            print(f"left out: {error}", file=sys.stderr)
            continue
        yield from (row for row in content["state"].get("rows", []) if {*BY, *VALUES} <= row.keys())


def scores(plan: Plan, since: float) -> pd.DataFrame:
    """Table the AS of all tasks that there are scores of: means over tasks with 95 % intervals, and seconds a task.

    Args:
        plan: what was to be done.
        since: when this command began [seconds since 1970]; older live state may be of another configuration.
    """
    whole = [job.outputs[0] for job in plan.jobs if job.rule.startswith("agreement") and Path(job.outputs[0]).exists()]
    parts = [pd.read_csv(path) for path in whole] + [pd.DataFrame(unfinished_rows(Path(plan.results), since))]
    rows = pd.concat([part for part in parts if len(part)] or [pd.DataFrame(columns=[*BY, *VALUES])])
    if rows.empty:
        return rows
    found = means(rows, BY, VALUES, unit="task")
    return found.assign(seconds_a_task=rows.groupby(BY, sort=False)["seconds"].sum().to_numpy() / found["n"])


def jobs_table(jobs: Sequence[Job], counter: Counter) -> pd.DataFrame:
    """Table the jobs in their order: petaflop (blank: not counted), whether they ended, seconds of the last attempt."""
    rows = []
    for job in jobs:
        operations = counter.operations[job.outputs[0]]
        seconds = benchmark_seconds(Path(job.benchmark)) if job.benchmark else None
        ended = all(Path(path).exists() for path in job.outputs)
        rows.append(
            {
                "job": job.what,
                "rule": job.rule,
                "petaflop": None if operations is None else operations / 1e15,
                "ended": ended,
                "seconds": seconds if ended else None,
            }
        )
    return pd.DataFrame(rows)


def main(arguments: list[str] | None = None) -> None:
    """Run jobs until the time is up, then write the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, required=True, help="of this command, all in all")
    parser.add_argument("--configfile", type=Path, action="append", default=[], help="on top of config/config.yaml")
    parser.add_argument("--target", default="headline", help="rule or figure")
    parser.add_argument("--out", type=Path, required=True, help="folder of the tables")
    given = parser.parse_args(arguments)
    if not given.minutes > 0:
        parser.error(f"--minutes {given.minutes:g}: must be more than 0")
    began, end = time.time(), time.monotonic() + 60 * given.minutes
    try:
        require_writable(given.out)
        plan = ask_snakemake(Path(), [given.target], given.configfile)
        counter = Counter.of(plan, given.configfile)
    except WhichtaskError as error:
        sys.exit(f"error: {error}")
    jobs = cheapest_first(plan, counter)
    snakemake = [sys.executable, "-m", "snakemake", "--cores", "all", "--quiet", "all"]
    failed = []
    for job in tqdm([job for job in jobs if job.needed or not job.there], unit="job", disable=None):
        command = [*snakemake, *configuration_words(given.configfile), "--", job.outputs[0]]
        if not run_until(command, end) and time.monotonic() < end:
            failed.append(job.what)
        if time.monotonic() >= end:
            break
    table = scores(plan, began)
    write_csv(given.out / "agreement.csv", table)
    write_csv(given.out / "jobs.csv", jobs_table(jobs, counter))
    write_text(given.out / "config.yaml", render_yaml(read_config(given.configfile)))
    if (Path(plan.results) / NAME).exists():
        shutil.copy(Path(plan.results) / NAME, given.out)
    shown = table.reindex(columns=SHOWN)
    print(shown.to_string(index=False, float_format=lambda value: f"{value:.3g}"))
    if failed:
        sys.exit(f"error: failed: {'; '.join(failed)}; their logs are in {plan.results}/logs")


if __name__ == "__main__":
    main()
