"""Time several ways of doing the same work in turns, so that a busy machine slows all of them alike."""

import argparse
import platform
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
import torch
from tqdm import tqdm

from whichtask.artifacts import write_csv


def compare(ways: Mapping[str, Callable[[], None]], rounds: int) -> pd.DataFrame:
    """Run every way once in each round, after one unmeasured round.

    Args:
        ways: what to time, by name; the first is the plain way that the others are compared with.
        rounds: measured rounds.

    Returns:
        One row a way: median seconds, and the median and range over rounds of the speed-up against the plain way.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for turn in tqdm(range(rounds + 1), desc="rounds", disable=None):
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


def main(name: str, ways: Callable[[], Mapping[str, Callable[[], None]]]) -> None:
    """Read the options, compare, print, and write ``results/reference/benchmark_NAME.csv``."""
    parser = argparse.ArgumentParser(description=f"Compare ways of {name}, side by side.")
    parser.add_argument("--rounds", type=int, default=5, help="measured rounds (default 5)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default 1, as the workflow's jobs)")
    parser.add_argument("--out", type=Path, default=Path(f"results/reference/benchmark_{name}.csv"))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    table = compare(ways(), options.rounds)
    print(table.to_string(index=False, float_format="{:.3g}".format))
    write_csv(options.out, table)
