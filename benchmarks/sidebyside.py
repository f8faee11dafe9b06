"""Time several ways of doing the same work in turns, so that a busy machine slows all of them alike."""

import argparse
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
import torch
from tqdm import tqdm

from whichtask.artifacts import write_csv

Ways = Mapping[str, Callable[[], None]]
"""What to time, by name; the first is the plain way that the others are compared with."""
Cases = Mapping[str, Callable[[], Ways]]
"""From the name of a case, such as a network, to what makes its ways."""


def compare(ways: Ways, rounds: int, case: str = "") -> pd.DataFrame:
    """Run every way once in each round, after one unmeasured round.

    Args:
        ways: what to time.
        rounds: measured rounds.
        case: its name, for the bar.

    Returns:
        One row a way: median seconds, and the median and range over rounds of the speed-up against the plain way.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for turn in tqdm(range(rounds + 1), desc=f"rounds {case}", disable=None):
        for name, work in ways.items():
            started = time.perf_counter()
            work()
            if turn:
                seconds[name].append(time.perf_counter() - started)
    plain = next(iter(ways))
    rows = []
    for name, measured in seconds.items():
        ratio = pd.Series([a / b for a, b in zip(seconds[plain], measured, strict=True)])
        rows.append(
            {
                "way": name,
                "seconds_median": pd.Series(measured).median(),
                "speedup_median": ratio.median(),
                "speedup_min": ratio.min(),
                "speedup_max": ratio.max(),
                "rounds": rounds,
                "threads": torch.get_num_threads(),
                "machine": f"{platform.machine()}, torch {torch.__version__}",
            }
        )
    return pd.DataFrame(rows)


def resident_mib() -> float:
    """Return the most memory that this process has held, in MiB.

    Linux counts what ``getrusage`` says across a fork, so that a child begins with its parent's peak; its own is here.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def peak_mib(module: str, case: str, way: str) -> float:
    """Return how much one run of a way adds to the memory of a fresh process, in MiB."""
    command = [sys.executable, "-m", module, "--peak", case, way]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  # words, no shell
    return float(done.stdout.split()[-1])


def main(name: str, cases: Cases, *, memory: bool = False) -> None:
    """Read the options, compare, print, and write ``results/reference/benchmark_NAME.csv``.

    Args:
        name: of the module in ``benchmarks``.
        cases: what to compare; each case has a plain way of its own.
        memory: also run every way once in a process of its own and measure what it adds.
    """
    parser = argparse.ArgumentParser(description=f"Compare ways of {name}, side by side.")
    parser.add_argument("--rounds", type=int, default=5, help="measured rounds (default 5)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default 1, as the workflow's jobs)")
    parser.add_argument("--cases", nargs="*", default=list(cases), choices=list(cases), help="default: all")
    parser.add_argument("--peak", nargs=2, metavar=("CASE", "WAY"), help="print the MiB that one run of a way adds")
    parser.add_argument("--out", type=Path, default=Path(f"results/reference/benchmark_{name}.csv"))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.peak:
        work = cases[options.peak[0]]()[options.peak[1]]
        before = resident_mib()
        work()
        print(resident_mib() - before)
        return
    tables = []
    for case in options.cases:
        table = compare(cases[case](), options.rounds, case)
        if memory:
            table["peak_mib"] = [peak_mib(f"benchmarks.{name}", case, way) for way in table["way"]]
        tables.append(table.assign(case=case))
    whole = pd.concat(tables, ignore_index=True)
    whole.insert(0, "case", whole.pop("case"))
    print(whole.to_string(index=False, float_format="{:.3g}".format))
    write_csv(options.out, whole)
