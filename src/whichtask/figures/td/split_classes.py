"""Which classes suffer on adversarial splits, and what is taken for what."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.inputs import Inputs
from whichtask.figures.marks import MARK, bars, heat_map, legend_above
from whichtask.figures.palette import SPLIT_COLOURS
from whichtask.figures.style import annotate
from whichtask.figures.tables import only
from whichtask.figures.td.split_pairs import splits_of
from whichtask.figures.td.split_predictions import Predictions, read_class_splits
from whichtask.figures.td.splits import PAIRS_NOTE, split_key
from whichtask.stats import crossed_interval

Floats = npt.NDArray[np.float64]

MOST_NUMBERED = 10  # numbers in the cells of a larger matrix could not be read


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Return the accuracy of every class on all kinds of splits, and the mean confusion on the adversarial ones.

    A "class" row has an interval over targets and tasks, a "confusion" row is a cell of the matrix; ``pairs`` of target
    and task are behind it.

    ``inputs``: ``tables``, split accuracies of one network, such as one file for each target; ``predictions``, the
    arrays beside them, in the same order. Splits of other sources are passed over.
    """
    accuracies, found = read_class_splits(inputs, "td_split_classes")
    names = found.class_names
    rows: list[dict[str, Any]] = []
    for split in splits_of(accuracies):
        groups = accuracies[accuracies["split"] == split].groupby(["target", "task"])
        units = np.array([pair for pair, _ in groups], dtype=object)
        shares = np.stack([known_mean(np.stack([confusion(found, i) for i in of_pair.index])) for _, of_pair in groups])
        for c, name in enumerate(names):
            known = ~np.isnan(shares[:, c, c])
            if known.any():  # a test image of this class in some split
                targets, tasks = units[known].T.tolist()
                mean = crossed_interval(shares[known, c, c].tolist(), targets, tasks)
                row = {"row": "class", "split": split, "true_class": name, "share": mean.mean}
                rows.append(row | {"low": mean.low, "high": mean.high, "pairs": mean.n})
    # The adversarial split is the last.
    pairs = (~np.isnan(shares)).sum(axis=0)
    for (true, predicted), share in np.ndenumerate(known_mean(shares)):
        row = {"row": "confusion", "split": split, "true_class": names[true], "predicted_class": names[predicted]}
        rows.append(row | {"share": share, "pairs": pairs[true, predicted]})
    return pd.DataFrame(rows).assign(data=only(accuracies, "data"), network=only(accuracies, "network"))


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Accuracy of every class on adversarial splits and on their random controls, mean over pairs of target and
    discovered task with a 95 % interval; right: which class is taken for which, mean over the adversarial
    splits, rows sum to 1.
    """
    classes, cells = table[table["row"] == "class"], table[table["row"] == "confusion"]
    names = list(cells["true_class"].unique())
    # A tenth of an inch is what the name of a class needs.
    side = 1.2 + max(min(0.32 * len(names), 6.0), 0.1 * len(names))
    figure = Figure(figsize=(2.2 * side + 0.8, side + 1.1), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.1])
    splits = splits_of(classes)
    for split, shift in zip(splits, np.linspace(-0.24, 0.24, len(splits)), strict=True):
        rows = classes[classes["split"] == split]
        x = [names.index(name) + shift for name in rows["true_class"]]
        errors = bars(rows["share"], rows["low"], rows["high"])
        left.errorbar(x, rows["share"], yerr=errors, color=SPLIT_COLOURS[split], **MARK)
    left.set_ylim(0, 1.02)
    left.set_xlim(-0.6, len(names) - 0.4)
    left.set_ylabel("accuracy of a class\n[share of its test images]")
    legend_above(left, [split_key(split) for split in splits], columns=2)
    _draw_confusion(right, cells["share"].to_numpy(float).reshape(len(names), -1), names)
    for axes in (left, right):
        axes.set_xticks(range(len(names)), names, rotation=90, fontsize=_size(names))
        axes.tick_params(length=0)
    pairs = int(classes["pairs"].max())
    annotate(
        figure,
        f"Classes on adversarial and random splits ({only(table, 'data')}, {only(table, 'network')})",
        f"Left: share of a class's test images that are predicted right; mean with {PAIRS_NOTE}; {pairs} "
        f"pair{'s' if pairs > 1 else ''}. Right: share of each true class's test images (rows sum to 1) by predicted "
        "class, mean over the adversarial splits.",
    )
    return figure


def confusion(found: Predictions, row: int) -> Floats:
    """Return the share of each true class's test images [C] by predicted class [C]; NaN for a class without any."""
    n = len(found.class_names)
    tested = ~found.in_train[row].astype(bool)
    codes = found.labels[row, tested].astype(np.int64) * n + found.predictions[row, tested]
    counts = np.bincount(codes, minlength=n * n).reshape(n, n).astype(np.float64)
    total = counts.sum(axis=1, keepdims=True)
    shares: Floats = np.divide(counts, total, out=np.full_like(counts, np.nan), where=total > 0)
    return shares


def known_mean(values: Floats) -> Floats:
    """Average over the first axis what is not NaN; NaN where nothing is left."""
    known = ~np.isnan(values)
    total, count = np.where(known, values, 0).sum(axis=0), known.sum(axis=0)
    means: Floats = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    return means


def _draw_confusion(axes: Axes, matrix: Floats, names: list[str]) -> None:
    colour_on = heat_map(axes, matrix, "share of the true class", least=0)
    axes.set_yticks(range(len(names)), names, fontsize=_size(names))
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    axes.set_title("adversarial splits", loc="left")
    if len(names) > MOST_NUMBERED:
        return
    for (true, predicted), share in np.ndenumerate(matrix):
        if not np.isnan(share):
            text = f"{share:.2f}"
            axes.text(predicted, true, text, ha="center", va="center", fontsize=6.5, color=colour_on(share))


def _size(names: list[str]) -> float:
    """Return the size at which the names of so many classes do not cover each other."""
    return 7.5 if len(names) <= 20 else 6.5
