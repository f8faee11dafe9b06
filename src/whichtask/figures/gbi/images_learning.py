"""An autoencoder of digits with and without the class as an input: how well and how fast it learns."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.gbi.images import ABOUT, read_seeds, seeds_note
from whichtask.figures.inputs import Inputs
from whichtask.figures.marks import band, dot_rows, legend_below_title, line_key, panel_rows
from whichtask.figures.means import long_means, where
from whichtask.figures.palette import BLUE, GREY, NEUTRAL, ORANGE, VERMILION
from whichtask.figures.style import annotate

METHODS = {
    "Z given": ("Z given\n(the class)", VERMILION, "-"),
    "Z inferred": ("same network,\nZ inferred in one step", ORANGE, "-"),
    "Z constant": ("without Z\n(constant)", BLUE, "-"),
    "shuffled labels": ("control:\nshuffled labels", GREY, "--"),
}
REFERENCE = "Z constant"
ERROR, ACCURACY = "squared_error", "one_step_accuracy"
KEYS = ["method", "learned_images", "seen_images"]


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Average over repeats: held-out errors on the way and at the end, differences, and the images that are needed.

    Args:
        inputs: ``learning``, one table a seed.

    Returns:
        Rows of ``long_means`` by ``part``, ``method``, ``learned_images`` (training images) and ``seen_images``. Parts:
        "curve"; "end": the last look; "difference": there, to the network without Z (``squared_error``, and
        ``relative_error`` in units of that network's error); "speed": ``share_needed`` of the images seen until the
        error is the final one of the network without Z (no value where it never is) and ``reached`` (0 or 1).

    Raises:
        WhichtaskError: files that do not fit, or no network without Z.
    """
    seeds = read_seeds(inputs, "learning", [*KEYS, ERROR, ACCURACY, "images"])
    if REFERENCE not in set(seeds["method"]):
        raise WhichtaskError(f"the tables have no method {REFERENCE!r}, which the others are compared with")
    of_network = ["repeat", "learned_images"]
    end = seeds[seeds["seen_images"] == seeds.groupby(of_network)["seen_images"].transform("max")]
    target = where(end, method=REFERENCE).set_index(of_network)[ERROR].rename("target")
    compared = end[end["method"] != REFERENCE].join(target, on=of_network)
    difference = compared[ERROR] - compared["target"]
    differences = compared.assign(**{ERROR: difference, "relative_error": difference / compared["target"]})
    others = seeds[seeds["method"] != REFERENCE].join(target, on=of_network)
    speeds = [
        dict(zip(["method", *of_network], keys, strict=True)) | _speed(curve.sort_values("seen_images"))
        for keys, curve in others.groupby(["method", *of_network], sort=False)
    ]
    parts = {
        "curve": long_means(seeds, KEYS, [ERROR, ACCURACY]),
        "end": long_means(end, KEYS, [ERROR, ACCURACY]),
        "difference": long_means(differences, KEYS, [ERROR, "relative_error"]),
        "speed": long_means(pd.DataFrame(speeds), KEYS, ["share_needed", "reached"]),
    }
    joined = pd.concat([rows.assign(part=part) for part, rows in parts.items()], ignore_index=True)
    return joined.assign(images=seeds["images"].iloc[0], **{name: seeds[name].iloc[0] for name in ABOUT})


def _speed(curve: pd.DataFrame) -> dict[str, Any]:
    """Return when a curve first reaches its target, by a straight line between two looks."""
    seen, above = curve["seen_images"].to_numpy(np.float64), (curve[ERROR] - curve["target"]).to_numpy(np.float64)
    found: dict[str, Any] = {"seen_images": seen[-1], "reached": float((above <= 0).any()), "share_needed": np.nan}
    if found["reached"]:
        first = int((above <= 0).argmax())
        before = max(first - 1, 0)
        step = above[before] / (above[before] - above[first]) if before < first else 0.0
        found["share_needed"] = (seen[before] + step * (seen[first] - seen[before])) / seen[-1]
    return found


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Reconstruction error on held-out digits while an autoencoder learns with the class as an input, without it, and
    with shuffled classes; what that saves in images, and how it depends on the number of training images.
    """
    most = table["learned_images"].max()
    methods = [method for method in METHODS if method in set(table["method"])]
    compared = {method: METHODS[method][0] for method in methods if method != REFERENCE}
    colours = {method: colour for method, (_, colour, _) in METHODS.items()}
    figure = Figure(figsize=(11.4, 7.6), layout="constrained")
    keys = [
        line_key(label.replace("\n", " "), colour, linestyle=line)
        for label, colour, line in map(METHODS.__getitem__, methods)
    ]
    legend_below_title(figure, keys, 4)
    (curves, ends, speeds), (errors, accuracies) = panel_rows(figure, [3, 2], [1.1, 1])
    _lines(curves, where(table, part="curve", learned_images=most, measure=ERROR), "seen_images")
    curves.set(xlabel="images learned from", ylabel="squared error, held-out image")
    curves.xaxis.set_major_formatter("{x:,.0f}")
    curves.xaxis.set_major_locator(MaxNLocator(4))
    for axes, part, measure, label in (
        (ends, "difference", "relative_error", "error at the end,\nrelative to without Z"),
        (speeds, "speed", "share_needed", "images needed for the final error\nwithout Z [share]"),
    ):
        rows = where(table, part=part, learned_images=most, measure=measure)
        dot_rows(axes, rows, "method", "value", compared, colours)
        axes.set_xlabel(label)
        axes.margins(x=0.12)
    ends.axvline(0, color=NEUTRAL, linewidth=1.0)
    speeds.axvline(1, color=NEUTRAL, linewidth=1.0)
    speeds.set_yticklabels([])
    _lines(errors, where(table, part="end", measure=ERROR), "learned_images")
    errors.set_ylabel("squared error, held-out image,\nat the end")
    knowing = where(table, part="end", measure=ACCURACY)
    _lines(accuracies, knowing[knowing["method"] != "Z inferred"], "learned_images")
    accuracies.set_ylabel("one-step accuracy, at the end")
    sizes = sorted(table["learned_images"].unique())
    for axes in (errors, accuracies):
        axes.set(xscale="log", xlabel="training images")
        axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
        axes.set_xticks([], minor=True)
    seen = int(table["seen_images"].max())
    annotate(
        figure,
        f"Does an autoencoder learn better and faster when it is told the class? ({table['data'].iloc[0]})",
        f"The same network, weights and order of images in all arms of a seed, so differences are paired. {seen:,} "
        f"images drawn from {most:,} training images (upper row) or fewer (lower row); error on "
        f"{int(table['images'].iloc[0]):,} test images. Z inferred: each test image's Z is the network's own one-step "
        "answer, so nobody tells it the class. Shuffled: labels permuted over images, in training and test. "
        f"Speed: first time at the final error of the network without Z. {seeds_note(table)}",
    )
    return figure


def _lines(axes: Axes, rows: pd.DataFrame, x: str) -> None:
    for method, (_, colour, line) in METHODS.items():
        means = where(rows, method=method, row="mean").sort_values(x)
        if not means.empty:
            marks: dict[str, Any] = {"marker": "D", "markersize": 3.5} if x == "learned_images" else {}
            band(axes, means[x], means["value"], means["low"], means["high"], colour, linestyle=line, **marks)
