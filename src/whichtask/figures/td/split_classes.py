"""Which classes suffer on adversarial splits, and what is taken for what."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.inputs import Inputs
from whichtask.figures.style import annotate, save, styled
from whichtask.figures.tables import RESAMPLES, only
from whichtask.figures.td.panels import MEAN_STYLE, interval_bars
from whichtask.figures.td.split_predictions import Predictions, read_class_splits
from whichtask.figures.td.splits import PAIRS_NOTE, SPLIT_COLOURS, split_key, splits_of
from whichtask.stats import crossed_interval

Floats = npt.NDArray[np.float64]

MOST_NUMBERED = 10  # numbers in the cells of a larger matrix could not be read


@styled()
def draw_split_classes(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw the accuracy of every class on all kinds of splits, and what is confused on the adversarial ones.

    Args:
        inputs: ``tables``, split accuracies of one network, such as one file for each target; ``predictions``, the
            arrays beside them, in the same order. Splits of other sources are passed over.
        out: the PNG.
        settings: resolution.
    """
    accuracies, found = read_class_splits(inputs, "td_split_classes")
    names = found.class_names
    of_pairs = {split: _confusion_of_pairs(accuracies, found, split) for split in splits_of(accuracies)}
    parts = [_class_rows(of_pairs, names), _confusion_rows(of_pairs["adversarial"].shares, names)]
    table = pd.concat(parts, ignore_index=True)
    matrix = _mean(of_pairs["adversarial"].shares)
    side = 1.2 + min(0.32 * len(names), 6.0)
    figure = Figure(figsize=(2.2 * side + 0.8, side + 1.1), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.1])
    _draw_classes(left, table[table["row"] == "class"], names)
    _draw_confusion(figure, right, matrix, names)
    pairs = len(of_pairs["adversarial"].shares)
    annotate(
        figure,
        f"Classes on adversarial and random splits ({only(accuracies, 'data')}, {only(accuracies, 'network')})",
        f"Left: share of a class's test images that are predicted right; mean with {PAIRS_NOTE}; {pairs} "
        f"pair{'s' if pairs > 1 else ''}. Right: share of each true class's test images (rows sum to 1) by predicted "
        "class, mean over the adversarial splits.",
    )
    save(figure, table, out, settings)


class Confusions(NamedTuple):
    """Row-normalised confusion of every pair of target and task on one kind of split, mean over its networks."""

    targets: list[str]
    """[n]."""
    tasks: list[str]
    """[n]."""
    shares: Floats
    """[n, C, C], by true and predicted class; a true class without test images has NaN."""


def _confusion_of_pairs(accuracies: pd.DataFrame, found: Predictions, split: str) -> Confusions:
    """Return the confusion of every pair of target and task on one kind of split."""
    groups = accuracies[accuracies["split"] == split].groupby(["target", "task"])
    pairs = [(str(target), str(task), places.index) for (target, task), places in groups]
    shares = [_mean(np.stack([_confusion(found, place) for place in places])) for _, _, places in pairs]
    return Confusions([target for target, _, _ in pairs], [task for _, task, _ in pairs], np.stack(shares))


def _confusion(found: Predictions, row: int) -> Floats:
    """Return the share of each true class's test images [C] by predicted class [C]."""
    n = len(found.class_names)
    tested = ~found.in_train[row].astype(bool)
    codes = found.labels[row, tested].astype(np.int64) * n + found.predictions[row, tested]
    counts = np.bincount(codes, minlength=n * n).reshape(n, n).astype(np.float64)
    total = counts.sum(axis=1, keepdims=True)
    shares: Floats = np.divide(counts, total, out=np.full_like(counts, np.nan), where=total > 0)
    return shares


def _mean(values: Floats) -> Floats:
    """Average over the first axis what is not NaN; NaN where nothing is left."""
    known = ~np.isnan(values)
    total, count = np.where(known, values, 0).sum(axis=0), known.sum(axis=0)
    means: Floats = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    return means


def _class_rows(of_pairs: dict[str, Confusions], names: tuple[str, ...]) -> pd.DataFrame:
    """Return the accuracy of every class on each kind of split with its interval over targets and tasks."""
    rows: list[dict[str, Any]] = []
    for split, confusions in of_pairs.items():
        for c, name in enumerate(names):
            values = confusions.shares[:, c, c]
            known = np.flatnonzero(~np.isnan(values))
            if len(known) == 0:  # no test image of this class in any split
                continue
            targets, tasks = ([units[i] for i in known] for units in (confusions.targets, confusions.tasks))
            estimate = crossed_interval(values[known].tolist(), targets, tasks, resamples=RESAMPLES)
            ends = {"low": estimate.low, "high": estimate.high, "pairs": estimate.n}
            rows.append({"row": "class", "split": split, "true_class": name, "share": estimate.mean, **ends})
    return pd.DataFrame(rows)


def _confusion_rows(confusions: Floats, names: tuple[str, ...]) -> pd.DataFrame:
    """Return the cells of the mean confusion matrix."""
    pairs = (~np.isnan(confusions)).sum(axis=0)
    return pd.DataFrame(
        [
            {
                "row": "confusion",
                "split": "adversarial",
                "true_class": names[true],
                "predicted_class": names[predicted],
                "share": share,
                "pairs": pairs[true, predicted],
            }
            for (true, predicted), share in np.ndenumerate(_mean(confusions))
        ]
    )


def _draw_classes(axes: Axes, rows: pd.DataFrame, names: tuple[str, ...]) -> None:
    splits = splits_of(rows)
    for split, shift in zip(splits, np.linspace(-0.24, 0.24, len(splits)), strict=True):
        of_split = rows[rows["split"] == split]
        x = np.array([names.index(name) for name in of_split["true_class"]]) + shift
        bars = interval_bars(of_split.rename(columns={"share": "agreement"}))
        axes.errorbar(x, of_split["share"], **bars, **MEAN_STYLE, color=SPLIT_COLOURS[split])
    axes.set_ylim(0, 1.02)
    axes.set_xlim(-0.6, len(names) - 0.4)
    _name_classes(axes, names)
    axes.set_ylabel("accuracy of a class\n[share of its test images]")
    keys = [split_key(split) for split in splits]
    axes.legend(handles=keys, loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2)


def _draw_confusion(figure: Figure, axes: Axes, matrix: Floats, names: tuple[str, ...]) -> None:
    axes.grid(visible=False)
    axes.set_facecolor("#EEEEEE")
    picture = axes.imshow(matrix, vmin=0, vmax=1, cmap="cividis")
    figure.colorbar(picture, ax=axes, label="share of the true class", shrink=0.85)
    _name_classes(axes, names)
    axes.set_yticks(range(len(names)), names, fontsize=_size(names))
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    axes.set_title("adversarial splits", loc="left")
    if len(names) > MOST_NUMBERED:
        return
    for (true, predicted), share in np.ndenumerate(matrix):
        if not np.isnan(share):
            colour = "white" if share < 0.55 else "black"
            axes.text(predicted, true, f"{share:.2f}", ha="center", va="center", fontsize=6, color=colour)


def _name_classes(axes: Axes, names: tuple[str, ...]) -> None:
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=_size(names))
    axes.tick_params(length=0)


def _size(names: tuple[str, ...]) -> float:
    """Return the size at which the names of so many classes do not cover each other."""
    return 7.5 if len(names) <= 20 else 4.0
