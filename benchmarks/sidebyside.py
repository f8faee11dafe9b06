"""Time several ways of doing the same work in turns, so that a busy machine slows all of them alike.

With one thread the time is the processor's, which what else runs on the machine touches least.
"""

import argparse
import multiprocessing
import platform
import resource
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
import torch
from tqdm import tqdm

from whichtask.artifacts import read_csv, write_csv

Ways = Mapping[str, Callable[[], None]]
"""What to time, by name; the first is the plain way that the others are compared with."""
Cases = Mapping[str, Callable[[], Ways]]
"""From the name of a case, such as a network, to what makes its ways."""


PRODUCT_SIDE = 2_048
"""Rows of the fp32 matrices whose product stands for the peak of the machine."""


def compare(ways: Ways, rounds: int, case: str = "", operations: float | None = None) -> pd.DataFrame:
    """Run every way once in each round, after one unmeasured round.

    Args:
        ways: what to time.
        rounds: measured rounds.
        case: its name, for the bar.
        operations: floating-point operations of every way; given, a large matrix product runs in each round too.

    Returns:
        One row a way: median seconds, and the median and range over rounds of the speed-up against the plain way; with
        ``operations`` also ``peak_share``, the median of its operations a second over those of the product in fp32,
        which bf16 may surpass.
    """
    square = torch.ones(PRODUCT_SIDE, PRODUCT_SIDE) if operations else torch.ones(1, 1)

    def multiply() -> None:
        square.mm(square)

    works = [*ways.values(), multiply]
    taken: list[list[float]] = [[] for _ in works]
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    for turn in tqdm(range(rounds + 1), desc=f"rounds {case}", disable=None):
        for work, times in zip(works, taken, strict=True):
            started = clock()
            work()
            if turn:
                times.append(clock() - started)
    *measured, product = (pd.Series(times) for times in taken)
    rows = []
    for name, seconds in zip(ways, measured, strict=True):
        ratio = measured[0] / seconds
        row = {
            "way": name,
            "seconds_median": seconds.median(),
            "speedup_median": ratio.median(),
            "speedup_min": ratio.min(),
            "speedup_max": ratio.max(),
            "rounds": rounds,
            "threads": torch.get_num_threads(),
            "machine": f"{platform.machine()}, torch {torch.__version__}",
        }
        if operations:
            row["peak_share"] = (operations / seconds / (2 * PRODUCT_SIDE**3 / product)).median()
        rows.append(row)
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


def peak_mib(work: Callable[[], None]) -> float:
    """Return how much some work adds to the memory of a process that is forked for it, in MiB.

    Code of libraries that the work is the first to touch counts. Fork before anything else has run: memory that the
    parent has freed would be there already.
    """
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)

    def add() -> None:
        before = resident_mib()
        work()
        there.send(resident_mib() - before)

    process = context.Process(target=add)
    process.start()
    there.close()
    try:
        return float(here.recv())
    finally:
        process.join()


def main(
    name: str,
    cases: Cases,
    *,
    memory: bool = False,
    operations: Callable[[str], float] | None = None,
    images: int | None = None,
) -> None:
    """Read the options, compare, print, and write ``results/reference/benchmark_NAME.csv``.

    Args:
        name: of the module in ``benchmarks``.
        cases: what to compare; each case has a plain way of its own.
        memory: also run every way once in a process of its own and measure what it adds.
        operations: from a case to the floating-point operations of its ways, for their share of the peak.
        images: on which every way works; given, there is a column ``ms_per_image``.
    """
    parser = argparse.ArgumentParser(description=f"Compare ways of {name}, side by side.")
    parser.add_argument("--rounds", type=int, default=5, help="measured rounds (default 5)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default 1, as the workflow's jobs)")
    chosen = "default: all; rows of what is not measured stay"
    parser.add_argument("--cases", nargs="*", default=list(cases), choices=list(cases), help=chosen)
    parser.add_argument("--out", type=Path, default=Path(f"results/reference/benchmark_{name}.csv"))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    ways = {case: cases[case]() for case in options.cases}
    added = {case: [peak_mib(work) for work in found.values()] if memory else [] for case, found in ways.items()}
    tables = []
    for case, found in ways.items():
        table = compare(found, options.rounds, case, operations and operations(case))
        if memory:
            table["peak_mib"] = added[case]
        if images:
            table["ms_per_image"] = table["seconds_median"] / images * 1e3
        table.insert(0, "case", case)
        tables.append(table)
    whole = pd.concat(tables, ignore_index=True)
    print(whole.to_string(index=False, float_format="{:.3g}".format))
    if options.out.exists():
        earlier = read_csv(options.out)
        whole = pd.concat([whole, earlier[earlier["case"].isin(list(cases))]], ignore_index=True)
        whole = whole.drop_duplicates(["case", "way"])
        whole = whole.sort_values("case", key=lambda column: column.map([*cases].index), kind="stable")
    write_csv(options.out, whole)
