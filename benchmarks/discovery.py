"""What a search costs by its meta-gradient, and whether it finds the same tasks: two searches that step in turns.

python -m benchmarks.discovery

The main search of the laptop scale, with its estimator ``unrolled`` and with ``auto``. Both draw the same networks
and batches, so their gradients differ by rounding only, which training may make larger.
"""

import argparse
import time
from pathlib import Path

import pandas as pd
import torch
from tqdm import tqdm

from whichtask.artifacts import write_csv
from whichtask.config import Config, DiscoveryJob
from whichtask.data.catalogue import fetch
from whichtask.discovery import TaskSearch, score_images
from whichtask.training import Division, ImageBank, divide

WAYS = ("unrolled", "auto")


def searches(bank: ImageBank, division: Division, settings: Config) -> list[TaskSearch]:
    """Return the main search of a configuration for each way."""
    job = DiscoveryJob.of(settings)
    by_way = [job.discovery.model_copy(update={"estimator": way}) for way in WAYS]
    return [TaskSearch(bank, division, job.model_copy(update={"discovery": own})) for own in by_way]


def compare(bank: ImageBank, division: Division, settings: Config, steps: int) -> pd.DataFrame:
    """Let all ways step in turns, and compare what they have found.

    Returns:
        A row for each way: median ``seconds`` of a step in time of the processor; ``speedup``, the first way's over
        this one's, median over the steps with the quartiles ``low`` and ``high``; ``equal_labels``, the share of
        images that both ways' tasks label alike, mean over tasks, and that of the worst task; the largest difference
        of the proxy of agreement in any step.
    """
    found = searches(bank, division, settings)
    seconds = pd.DataFrame(index=range(steps), columns=list(WAYS), dtype=float)
    for step in tqdm(range(steps), desc="outer steps", disable=None):
        for way, search in zip(WAYS, found, strict=True):
            started = time.process_time()
            search.step()
            seconds.loc[step, way] = time.process_time() - started
    train = torch.from_numpy(division.train)
    labels = [score_images(search.encoder, bank, train) > 0 for search in found]
    history = [search.table()["proxy_agreement"] for search in found]
    rows = []
    for k, way in enumerate(WAYS):
        ratio = seconds[WAYS[0]] / seconds[way]
        equal = (labels[k] == labels[0]).double().mean(dim=1)
        rows.append(
            {"way": way, "steps": steps, "seconds": seconds[way].median(), "speedup": ratio.median()}
            | {"low": ratio.quantile(0.25), "high": ratio.quantile(0.75)}
            | {"equal_labels": equal.mean().item(), "equal_labels_least": equal.min().item()}
            | {"proxy_difference": (history[k] - history[0]).abs().max()}
        )
    return pd.DataFrame(rows)


def main() -> None:
    """Read the options, measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--steps", type=int, default=15, help="outer steps (default 15)")
    parser.add_argument("--out", type=Path, default=Path("results/reference/benchmark_discovery.csv"))
    given = parser.parse_args()
    torch.set_num_threads(1)
    settings = Config()
    images = fetch(settings.data.name)
    division = divide(len(images.y_train), settings.data)
    table = compare(ImageBank.of(images), division, settings, given.steps)
    print(table.to_string(index=False, float_format="{:.4g}".format))
    write_csv(given.out, table)


if __name__ == "__main__":
    main()
