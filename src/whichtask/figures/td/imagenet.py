"""Accuracy on the random-network split of ImageNet and on its random control: top-1 and top-5 side by side."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import MARK, bars, estimate_in, legend_above, line_key, value_text
from whichtask.figures.palette import NEUTRAL, SPLIT_COLOURS
from whichtask.figures.style import annotate
from whichtask.figures.tables import RESAMPLES, only, read_table
from whichtask.figures.td.panels import ScorePanels
from whichtask.figures.td.splits import SPLIT_NAMES
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


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Return a row for top-1 and one for top-5 accuracy of each network, the random control first.

    Intervals are over test images; ``chance`` is k over the number of classes.

    ``inputs``: ``tables``, accuracies.csv of networks of one architecture trained on the adversarial split and on the
    random one.
    """
    table = pd.concat([read_table(path, COLUMNS) for path in files(inputs, "tables")], ignore_index=True)
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


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Accuracy on the random-network split of an ImageNet folder and on a random split."""
    figure = Figure(figsize=(5.6, 4.6), layout="constrained")
    panels = ScorePanels(figure)
    panels.upper.set_ylabel("test accuracy\n[share of the split's test images]")
    for (split, measure), rows in table.groupby(["split", "measure"], sort=False):
        _draw_group(panels, rows, list(SHOWN_AS).index(str(split)), str(measure))
    panels.upper.set_ylim(0, max(0.2, 1.25 * table["high"].max()))
    panels.upper.tick_params(axis="x", length=0)
    span = max(0.1, table["train_accuracy"].max() - table["train_accuracy"].min())
    panels.lower.set_ylim(table["train_accuracy"].min() - span, table["train_accuracy"].max() + 0.4 * span)
    panels.name_ticks([SPLIT_NAMES[shown] for shown in SHOWN_AS.values()])
    markers = {f"{measure} accuracy": marker for measure, marker in MARKERS.items()}
    keys = [line_key(label, NEUTRAL, marker=marker, linestyle="", markersize=5) for label, marker in markers.items()]
    chance = line_key("chance: 1 or 5 / number of classes", NEUTRAL, linestyle=":", linewidth=1.0)
    legend_above(panels.upper, [*keys, chance], columns=2)
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
    return figure


def _range(values: pd.Series) -> str:
    low, high = int(values.min()), int(values.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _draw_group(panels: ScorePanels, rows: pd.DataFrame, position: int, measure: str) -> None:
    """Draw one measure of the networks of one split."""
    colour = SPLIT_COLOURS[SHOWN_AS[rows["split"].iloc[0]]]
    centre = position + (-0.2 if measure == "top-1" else 0.2)
    x = centre + np.linspace(-0.06, 0.06, len(rows)) if len(rows) > 1 else np.array([centre])
    errors = bars(rows["accuracy"], rows["low"], rows["high"])
    panels.upper.errorbar(x, rows["accuracy"], yerr=errors, color=colour, **MARK | {"fmt": MARKERS[measure]})
    ends = centre - 0.18, centre + 0.18
    panels.upper.hlines(rows["chance"].iloc[0], *ends, color=NEUTRAL, linestyle=":", linewidth=1.0)
    text: dict[str, Any] = {"textcoords": "offset points", "fontsize": 7.0, "ha": "center"}
    one = value_text(estimate_in(rows.iloc[0], "accuracy"), between="\n")
    value = one if len(rows) == 1 else _listed(rows["accuracy"])
    panels.upper.annotate(value, (centre, rows["high"].max()), xytext=(0, 4), va="bottom", **text)
    if measure == "top-1":
        panels.lower.plot(x - centre + position, rows["train_accuracy"], "D", color=colour, markersize=4)
        place = (position, rows["train_accuracy"].min())
        panels.lower.annotate(_listed(rows["train_accuracy"]), place, xytext=(0, -5), va="top", **text)


def _listed(values: pd.Series) -> str:
    return ", ".join(f"{value:.3f}" for value in values)
