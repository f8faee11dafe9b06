"""The MNIST table: accuracy and cost of each way to infer the class."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.gbi.images import read_seeds, seeds_note, with_means
from whichtask.figures.inputs import Inputs
from whichtask.figures.marks import dot_rows, legend_above, mean_key, paper_key, unit_key
from whichtask.figures.palette import FAMILY_COLOURS, NEUTRAL
from whichtask.figures.style import annotate

FAMILIES = {
    "classifier, matched": "classifier",
    "classifier, full": "classifier",
    "GBI, one-step": "gbi",
    "GBI, iterative": "gbi",
    "likelihood": "gbi",
    "pure generative": "generative",
    "nearest class mean": "generative",
    "NBI": "gradient",
    "NBI, gradient of Z": "gradient",
    "EBI": "gradient",
}
"""Methods from top to bottom."""
PAPER = {
    "classifier, matched": 0.9144,
    "GBI, one-step": 0.8546,
    "EBI": 0.2737,
    "NBI": 0.7878,
    "pure generative": 0.8191,
    "GBI, iterative": 0.8851,
    "likelihood": 0.9194,
}
"""Facts 3: the first four as published reviews quote them, the others from memory."""
COSTS = {
    "model_runs": ("model\nruns", "{:.0f}"),
    "forward_passes": ("forward\npasses", "{:.0f}"),
    "backward_passes": ("backward\npasses", "{:.0f}"),
    "milliseconds_per_image": ("ms per\nimage", "{:.2g}"),
}


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Return seeds and means of the accuracy and cost of each method, and the paper's accuracy.

    Args:
        inputs: ``mnist_table``, one table a seed.
    """
    seeds = read_seeds(inputs, "mnist_table", ("method", "accuracy", "images", *COSTS))
    table = with_means(seeds, ["method"], ["accuracy", *COSTS])
    return table.assign(paper_accuracy=table["method"].map(PAPER))


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Accuracy and cost of each way to infer the class of a test digit: classifier, one gradient step (GBI), iterating,
    likelihood of every class, a decoder without image code, entropy- and norm-based inference. The paper's numbers,
    where known, are hollow marks. The figure's note names the digits it was drawn from.
    """
    means = table[table["row"] == "mean"].set_index("method")
    names = {name: name for name in FAMILIES if name in means.index}
    figure = Figure(figsize=(9.2, 1.9 + 0.4 * len(names)), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1.6, 1])
    colours = {name: FAMILY_COLOURS[family] for name, family in FAMILIES.items()}
    dot_rows(left, table, "method", "accuracy", names, colours, "paper_accuracy", outside=True)
    left.set_xlim(-0.02, 1.02)
    left.set_xlabel("accuracy [share of test images]")
    legend_above(left, [mean_key(), unit_key("one seed"), paper_key()])
    _draw_costs(right, means.loc[list(names)])
    first = table.iloc[0]
    annotate(
        figure,
        f"Which class was it? Inference by gradients and its rivals ({first['data']})",
        f"All methods see the same {int(first['images']):,} images, on which nothing was chosen. Iterative: "
        f"{int(means['model_runs']['GBI, iterative'])} steps. One model run of one-step GBI holds a backward pass. "
        "Time: batches of up to 1,000 images on the machine that ran it. EBI: gradient of output entropy. NBI: least "
        "gradient norm over classes, of the decoder's weights or of Z. Paper: numbers quoted in reviews; iterative, "
        f"likelihood and pure generative from memory. Colours are families of methods. {seeds_note(table)}",
    )
    return figure


def _draw_costs(axes: Axes, means: pd.DataFrame) -> None:
    """Write the cost of each method on its line."""
    axes.set_xlim(-0.5, len(COSTS) - 0.5)
    axes.axis("off")
    for column, (name, (label, form)) in enumerate(COSTS.items()):
        axes.text(column, -0.75, label, ha="center", va="bottom", fontsize=8)
        for line, value in enumerate(means[name]):
            axes.text(column, line, form.format(value), ha="center", va="center", color=NEUTRAL)
