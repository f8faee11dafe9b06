"""Toy sequences without being given Z: how well inferred contexts agree with the true ones, and what that costs."""

import pandas as pd
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.gbi.toy_common import colour_of, draw_dots, draw_line
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import legend_below_title, line_key, name_rows
from whichtask.figures.means import long_means, read_repeats, repeats_note, where
from whichtask.figures.palette import BLUE, GREEN, KIND_COLOURS, ORANGE, PURPLE, VERMILION
from whichtask.figures.style import annotate

MEASURES = {"ari": "adjusted Rand index", "mse": "MSE of the prediction"}
VALUES = (*MEASURES, "mae")
METHODS = {
    ("none", "bayes"): ("Bayes filter (knows the means)", colour_of("bayes")),
    ("gated", "given"): ("Z given, gates", GREEN),
    ("concatenated", "given"): ("Z given, concatenated", GREEN),
    ("gated", "inferred"): ("Z inferred, gates", VERMILION),
    ("concatenated", "inferred"): ("Z inferred, concatenated", ORANGE),
    ("none", "kmeans"): ("k-means on means of windows", KIND_COLOURS["kmeans"]),
    ("gated", "fixed"): ("no Z (1/K), gates", BLUE),
    ("concatenated", "fixed"): ("no Z (1/K), concatenated", BLUE),
    ("gated", "random"): ("random Z a block, gates", PURPLE),
    ("concatenated", "random"): ("random Z a block, concatenated", PURPLE),
}
CURVES = (
    ("none", "bayes"),
    ("gated", "inferred"),
    ("concatenated", "inferred"),
    ("none", "kmeans"),
    ("gated", "random"),
)


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Average index and errors of every method over repeats, over the second half of learning and over its parts.

    Args:
        inputs: ``unsupervised``, unsupervised.csv of `whichtask gbi unsupervised`, one a repeat.

    Returns:
        Rows of ``long_means``, ``part_of`` being "second half" or "time"; ``step`` is where a part lies.

    Raises:
        WhichtaskError: files that do not fit.
    """
    by = ["task", "entry", "arm"]
    table = read_repeats(files(inputs, "unsupervised"), [*by, "part", "parts", "step", *VALUES])
    late = table[table["part"] >= table["parts"] / 2]
    parts = [
        long_means(late, by, VALUES).assign(part_of="second half"),
        long_means(table, [*by, "part"], VALUES).assign(part_of="time"),
    ]
    joined = pd.concat(parts, ignore_index=True)
    return joined.assign(step=joined["part"].map(table.groupby("part")["step"].mean()))


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Z is not given but inferred while the weights are learned: adjusted Rand index of the inferred contexts, against
    k-means, a Bayes filter that knows the means, random Z and no Z.
    """
    tasks = table["task"].unique()
    figure = Figure(figsize=(12.6, 1.8 + 3.2 * len(tasks)), layout="constrained")
    legend_below_title(figure, [line_key(*METHODS[key]) for key in CURVES], 5)
    grid = figure.subplots(len(tasks), 3, squeeze=False, width_ratios=[0.85, 1, 1])
    for task, (left, *right) in zip(tasks, grid, strict=True):
        for entry, arm in CURVES:
            rows = where(table, task=task, part_of="time", entry=entry, arm=arm, measure="ari")
            draw_line(left, rows, "step", METHODS[entry, arm][1])
        left.set(xlabel="observations learned from", ylabel=f"{task}: {MEASURES['ari']}", ylim=(-0.1, 1.05))
        for axes, (measure, label) in zip(right, MEASURES.items(), strict=True):
            for line, ((entry, arm), (_, colour)) in enumerate(METHODS.items()):
                rows = where(table, task=task, part_of="second half", entry=entry, arm=arm, measure=measure)
                draw_dots(axes, rows, line, colour)
            name_rows(axes, [text for text, _ in METHODS.values()])
            axes.set_xlabel(f"{label}, second half")
        right[0].set_xlim(-0.05, 1.05)
        right[1].tick_params(labelleft=False)
    annotate(
        figure,
        "Toy sequences: inferring Z while learning, without labels",
        "One step of a fast Adam on the logits of Z, then one of a slow Adam on the weights, at every observation; "
        "the context is the largest entry of Z after each observation. Windows are short, nothing is kept between "
        "them, so that only Z can carry the context on; all predictions are made before learning from the "
        "observation. Adjusted Rand index: 1 is perfect, 0 is chance. Arms without a point in the middle infer no "
        f"context. k-means sees the whole stream at once. {repeats_note(int(table['n'].max()))}",
    )
    return figure
