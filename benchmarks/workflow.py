"""What the workflow adds to its jobs, from the record of finished runs, and what a second core is worth.

python -m benchmarks.workflow results

Overhead of a run is the share of its cores' time in which no job ran: 1 - (sum of jobs' seconds) / (seconds of the run
x cores), for jobs of one thread each. It holds what lies between jobs, and cores that wait for the last ones. Two cores
are worth the time of two trainings one after another over that of the two at once.
"""

import argparse
import multiprocessing
import time
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import psutil
import torch

from benchmarks.training import NETWORKS, ways
from whichtask.artifacts import write_csv
from whichtask.runs.record import NAME, Run, read_record

REFERENCE = Path("results/reference")
TRAINED, EPOCHS = "cnn", 10


def overhead(run: Run) -> dict[str, object] | None:
    """Return the row of a run on one machine that did all its jobs, None for another."""
    cores = run.machine.usable_cores
    if run.end is None or run.status != "succeeded" or run.executor != "local" or not run.seconds:
        return None
    wall, jobs = (run.end - run.start).total_seconds(), sum(run.seconds.values())
    return {
        "scale": run.scale,
        "start": run.start.isoformat(timespec="seconds"),
        "jobs": sum(run.jobs.values()),
        "cores": cores,
        "seconds_wall": wall,
        "seconds_cores": wall * cores,
        "seconds_jobs": jobs,
        "overhead": 1 - jobs / (wall * cores),
    }


def overheads(folders: Sequence[Path]) -> pd.DataFrame:
    """Return one row for each run in the records of some results folders, and the row ``all`` of them together.

    Folders without a record have none.
    """
    records = [read_record(folder) for folder in folders if (folder / NAME).exists()]
    found = pd.DataFrame([row for record in records for run in record.runs if (row := overhead(run))])
    if found.empty:
        return found
    total = found[["jobs", "seconds_wall", "seconds_cores", "seconds_jobs"]].sum().to_frame().T
    total = total.assign(scale="all", overhead=1 - total["seconds_jobs"] / total["seconds_cores"])
    return pd.concat([found, total], ignore_index=True).astype({"jobs": int})


def _train() -> None:
    torch.set_num_threads(1)
    spec, count = NETWORKS[TRAINED]
    work = ways(spec, count)["loop fp32"]
    for _ in range(EPOCHS):
        work()


def _seconds(at_once: int) -> float:
    """Return the time of some trainings in processes of their own, until the last has ended."""
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_train) for _ in range(at_once)]
    started = time.perf_counter()
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return time.perf_counter() - started


def two_cores(rounds: int) -> pd.DataFrame:
    """Time one training alone and two at once, in turns.

    ``busy_cores`` is what other processes took in the second before: with more than the machine's cores less two, the
    second core was not there to be used.
    """
    busy = psutil.cpu_percent(interval=1) / 100 * (psutil.cpu_count() or 1)
    alone, both = zip(*((_seconds(1), _seconds(2)) for _ in range(rounds)), strict=True)
    worth = pd.Series([2 * one / two for one, two in zip(alone, both, strict=True)])
    row = {"seconds_alone": pd.Series(alone).median(), "seconds_both": pd.Series(both).median()}
    row |= {"speedup_median": worth.median(), "speedup_min": worth.min(), "speedup_max": worth.max()}
    row |= {"rounds": rounds, "cores": psutil.cpu_count() or 1, "busy_cores": busy}
    return pd.DataFrame([row])


def main() -> None:
    """Read the options, measure, print, and write both tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("results", nargs="*", type=Path, default=[], help="results folders with finished runs")
    parser.add_argument("--rounds", type=int, default=3, help="of two trainings (default 3)")
    parser.add_argument("--out", type=Path, default=REFERENCE, help="folder of the tables")
    given = parser.parse_args()
    tables = {"benchmark_cores.csv": two_cores(given.rounds), "benchmark_workflow.csv": overheads(given.results)}
    for name, table in tables.items():
        if table.empty:
            print(f"{name}: no finished run in {', '.join(map(str, given.results)) or 'no folder'}; it stays as it is")
            continue
        print(table.to_string(index=False, float_format="{:.3g}".format))
        write_csv(given.out / name, table)


if __name__ == "__main__":
    main()
