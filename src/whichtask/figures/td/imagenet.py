"""Accuracy on the random-network split of ImageNet and on its random control: top-1 and top-5 side by side."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.style import NEUTRAL, annotate, save, styled
from whichtask.figures.tables import RESAMPLES, only, read_table
from whichtask.figures.td.panels import ScorePanels, interval_bars
from whichtask.figures.td.splits import SPLIT_COLOURS, SPLIT_NAMES
from whichtask.stats import share_interval

COLUMNS = (
    "network",
    "split",
    "seed",
    "top1_accuracy",
    "top5_accuracy",
    "train_accuracy",
    "images_train",
    "images_test",
    "n_classes",
    "epochs",
)
# The random control has as many images of each class, so it looks as class-matched splits do in other figures.
SHOWN_AS = {"random": "class_matched", "adversarial": "adversarial"}
MARKERS = {"top-1": "D", "top-5": "s"}


def imagenet_numbers(paths: Sequence[Path]) -> pd.DataFrame:
    """Read accuracies of trained networks and return what the figure draws.

    Returns:
        For each network a row for top-1 and one for top-5, random control first: ``measure``, ``accuracy`` with its
        interval over test images (``low``, ``high``), ``chance``, and the columns that say what the network is.

    Raises:
        WhichtaskError: see ``tables.read_table``; several architectures; an unknown split, or one that is missing.
    """
    table = pd.concat([read_table(path, COLUMNS) for path in paths], ignore_index=True)
    for column in ("network", "n_classes", "epochs"):
        only(table, column)
    if set(table["split"]) != set(SHOWN_AS):
        found = ", ".join(sorted(map(str, set(table["split"]))))
        raise WhichtaskError(f"this figure needs accuracies of the splits {' and '.join(SHOWN_AS)}, but has {found}")
    rows: list[dict[str, Any]] = []
    for split in SHOWN_AS:
        for _, network in table[table["split"] == split].sort_values("seed").iterrows():
            for measure, k in (("top-1", 1), ("top-5", 5)):
                share, images = float(network[f"top{k}_accuracy"]), int(network["images_test"])
                low, high = share_interval(share, images, RESAMPLES, seed=k)
                measured = {"measure": measure, "accuracy": share, "low": low, "high": high}
                chance = min(1.0, k / int(network["n_classes"]))
                rows.append({"split": split, "seed": network["seed"]} | measured | {"chance": chance})
                rows[-1] |= {name: network[name] for name in COLUMNS if name not in rows[-1] and "top" not in name}
    return pd.DataFrame(rows)


@styled()
def draw_imagenet(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw top-1 and top-5 accuracy on the adversarial split of ImageNet beside its random control.

    Args:
        inputs: ``tables``, accuracies.csv of networks trained on the adversarial split and on the random one.
        out: the PNG.
        settings: resolution.
    """
    table = imagenet_numbers(files(inputs, "tables"))
    figure = Figure(figsize=(5.6, 4.6), layout="constrained")
    panels = ScorePanels(figure)
    panels.upper.set_ylabel("test accuracy\n[share of the split's test images]")
    for (split, measure), rows in table.groupby(["split", "measure"], sort=False):
        _draw_group(panels, rows, list(SHOWN_AS).index(str(split)), str(measure))
    panels.upper.set_ylim(0, max(0.2, 1.25 * table["high"].max()))
    panels.upper.tick_params(axis="x", length=0)
    span = max(0.1, table["train_accuracy"].max() - table["train_accuracy"].min())
    panels.lower.set_ylim(table["train_accuracy"].min() - span, table["train_accuracy"].max() + 0.4 * span)
    panels.name_ticks([f"{SPLIT_NAMES[shown]}" for shown in SHOWN_AS.values()])
    keys = [
        Line2D([], [], color=NEUTRAL, marker=marker, linestyle="", markersize=5, label=f"{measure} accuracy")
        for measure, marker in MARKERS.items()
    ]
    chance = "chance: 1 or 5 / number of classes"
    panels.legend([*keys, Line2D([], [], color=NEUTRAL, linestyle=":", linewidth=1.0, label=chance)])
    networks = table.groupby("split").size() // len(MARKERS)
    sizes = {column: _range(table[column]) for column in ("images_train", "images_test", "n_classes", "epochs")}
    annotate(
        figure,
        f"Random-network split of ImageNet ({only(table, 'network')})",
        f"Networks trained on each split: {_range(networks)}, for {sizes['epochs']} epochs on {sizes['images_train']} "
        f"images of {sizes['n_classes']} classes. Each marker is one network with its bootstrap 95 % interval over "
        f"the split's {sizes['images_test']} test images, which leaves out what another initialisation would change. "
        "Train accuracy is top-1.",
    )
    save(figure, table, out, settings)


def _range(values: pd.Series) -> str:
    low, high = int(values.min()), int(values.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _draw_group(panels: ScorePanels, rows: pd.DataFrame, position: int, measure: str) -> None:
    """Draw one measure of the networks of one split."""
    colour = SPLIT_COLOURS[SHOWN_AS[str(rows["split"].iloc[0])]]
    centre = position + (-0.2 if measure == "top-1" else 0.2)
    x = centre + np.linspace(-0.06, 0.06, len(rows)) if len(rows) > 1 else np.array([centre])
    bars = interval_bars(rows.rename(columns={"accuracy": "agreement"}))
    style: dict[str, Any] = {"markersize": 5, "capsize": 3, "elinewidth": 1.4, "color": colour, "zorder": 4}
    panels.upper.errorbar(x, rows["accuracy"], **bars, fmt=MARKERS[measure], **style)
    panels.upper.hlines(
        rows["chance"].iloc[0], centre - 0.18, centre + 0.18, color=NEUTRAL, linestyle=":", linewidth=1.0
    )
    text: dict[str, Any] = {"textcoords": "offset points", "fontsize": 7.0, "ha": "center"}
    value = _listed(rows["accuracy"])
    if len(rows) == 1:
        value += f"\n[{rows['low'].iloc[0]:.3f}, {rows['high'].iloc[0]:.3f}]"
    panels.upper.annotate(value, (centre, rows["high"].max()), xytext=(0, 4), va="bottom", **text)
    if measure == "top-1":
        panels.lower.plot(x - centre + position, rows["train_accuracy"], "D", color=colour, markersize=4)
        below: dict[str, Any] = {"xytext": (0, -5), "va": "top", **text}
        panels.lower.annotate(_listed(rows["train_accuracy"]), (position, rows["train_accuracy"].min()), **below)


def _listed(values: pd.Series) -> str:
    return ", ".join(f"{value:.3f}" for value in values)
