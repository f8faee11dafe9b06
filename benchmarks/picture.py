"""The picture of the training table: times as fast as the authors' way, by network and way.

python -m benchmarks.picture
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whichtask.artifacts import read_csv
from whichtask.figures.palette import BLUE, GREY, NEUTRAL, SKY
from whichtask.figures.style import annotate, save, styled

WAYS = {"plain loop": ("a plain loop over tensors", GREY), "loop fp32": ("ours, fp32", SKY)}
WAYS |= {"loop bf16": ("ours, bf16", BLUE)}
WIDTH = 0.27
NOTE = (
    "Training the two networks of an agreement score on one core, in turns with the authors' way: pictures transformed "
    "one by one, a DataLoader, one Adam for both networks, fp32. Bars: median of {rounds} rounds; lines: least, most."
)


def draw(table: pd.DataFrame) -> Figure:
    """Return bars of the speed-up by network and way, with its range over rounds, 7 inches wide."""
    figure = Figure(figsize=(7, 3.6), layout="constrained")
    axes = figure.subplots()
    networks = list(table["case"].unique())
    for place, (way, (label, colour)) in enumerate(WAYS.items()):
        rows = table[table["way"] == way].set_index("case").loc[networks]
        x = np.arange(len(networks)) + (place - (len(WAYS) - 1) / 2) * WIDTH
        middle, low, high = (rows[f"speedup_{which}"].to_numpy(float) for which in ("median", "min", "max"))
        axes.bar(x, middle, WIDTH * 0.92, color=colour, label=label)
        axes.errorbar(x, middle, [middle - low, high - middle], fmt="none", ecolor=NEUTRAL, elinewidth=1, capsize=2)
        for left, top, value in zip(x, high, middle, strict=True):
            axes.annotate(f"{value:.2f}", (left, top), (0, 2), textcoords="offset points", ha="center", fontsize=7.5)
    axes.axhline(1, color=NEUTRAL, linewidth=1, linestyle="--")
    axes.set_xlim(-0.5, len(networks) - 0.5)
    axes.set_ylim(0, table["speedup_max"].max() * 1.1)
    axes.set_xticks(range(len(networks)), [name.replace(" of width", "\nof width") for name in networks])
    axes.set_ylabel("times as fast as\nthe authors' way (dashed)")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=len(WAYS))
    annotate(figure, "Training two networks", NOTE.format(rounds=int(table["rounds"].max())))
    return figure


def main() -> None:
    """Draw the table into a PNG, and an SVG beside it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--table", type=Path, default=Path("results/reference/benchmark_training.csv"))
    parser.add_argument("--out", type=Path, default=Path("results/reference/benchmarks.png"))
    given = parser.parse_args()
    with styled({}):
        save(draw(read_csv(given.table)), given.out, dpi=200)


if __name__ == "__main__":
    main()
