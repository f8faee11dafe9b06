"""The MNIST table: accuracy and cost of each way to infer the class."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.gbi.images import COLOURS, dot_rows, keys, read_seeds, seeds_note, with_means
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.style import NEUTRAL, annotate, save, styled
from whichtask.figures.tables import only

COLUMNS = ("method", "accuracy", "images", "model_runs", "forward_passes", "backward_passes", "milliseconds_per_image")
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
    "model_runs": "model\nruns",
    "forward_passes": "forward\npasses",
    "backward_passes": "backward\npasses",
    "milliseconds_per_image": "ms per\nimage",
}


@styled()
def draw_mnist_table(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw accuracy as dots and cost in words.

    Args:
        inputs: ``mnist_table``, one table a seed.
        out: the PNG.
        settings: resolution.

    Raises:
        WhichtaskError: files that do not fit.
    """
    seeds = read_seeds(files(inputs, "mnist_table"), COLUMNS)
    table = with_means(seeds, ["method"], ["accuracy", *COSTS])
    table["paper_accuracy"] = table["method"].map(PAPER)
    names = {name: name for name in FAMILIES if name in set(seeds["method"])}
    figure = Figure(figsize=(8.6, 1.9 + 0.42 * len(names)), layout="constrained")
    grid = figure.add_gridspec(1, 2, width_ratios=[2.1, 1])
    axes = figure.add_subplot(grid[0])
    colours = {name: COLOURS[FAMILIES[name]] for name in names}
    dot_rows(axes, table, "accuracy", names, colours, PAPER)
    axes.set_xlim(-0.02, 1.02)
    axes.set_xlabel("accuracy [share of test images]")
    keys(axes, paper=True)
    _draw_costs(figure.add_subplot(grid[1], sharey=axes), table[table["row"] == "mean"], list(names))
    annotate(
        figure,
        f"Which class was it? Inference by gradients and its rivals ({only(seeds, 'data')})",
        f"All methods see the same {int(seeds['images'].iloc[0]):,} images, on which nothing was chosen. Iterative: "
        f"{_steps(table)} steps. One model run of one-step GBI holds a backward pass. Time: batches of up to 1,000 "
        "images on the machine that ran it. EBI: gradient of output entropy. NBI: least gradient norm over classes, of "
        "the decoder's weights or of Z. Paper: numbers quoted in reviews; iterative, likelihood and pure generative "
        f"from memory. Colours are families of methods. {seeds_note(seeds)}",
    )
    save(figure, table, out, settings)


def _steps(table: pd.DataFrame) -> int:
    return int(table.loc[table["method"] == "GBI, iterative", "model_runs"].iloc[0])


def _draw_costs(axes: Axes, means: pd.DataFrame, names: list[str]) -> None:
    """Write the cost of each method on its line."""
    axes.set_xlim(-0.5, len(COSTS) - 0.5)
    axes.axis("off")
    rows = means.set_index("method")
    for column, (name, label) in enumerate(COSTS.items()):
        axes.text(column, -0.75, label, ha="center", va="bottom", fontsize=8)
        for line, method in enumerate(names):
            value = float(rows[name][method])
            text = f"{value:.0f}" if name != "milliseconds_per_image" else f"{value:.2g}"
            axes.text(column, line, text, ha="center", va="center", color=NEUTRAL)
