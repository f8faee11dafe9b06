"""About a hundred classes, by the metric of the reconstruction error: what one step, likelihood and class means do."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.gbi.cifar100 import PAPER, PAPER_DATA
from whichtask.figures.gbi.images import name_of
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import dot_rows, legend_above, mean_key, paper_key, unit_key
from whichtask.figures.means import read_repeats, repeats_note, seeds_and_means
from whichtask.figures.palette import FAMILY_COLOURS, NEUTRAL
from whichtask.figures.style import annotate
from whichtask.figures.tables import common

ABOUT = ("data", "classes", "images_train", "components", "images_test")
BY = ["power", "method"]
MEAN, WHITENED, EXACT = "class mean, likelihood", "class mean, whitened", "likelihood"
WHITE = 1
"""The power of whitened pixels."""
METHODS = {
    MEAN: ("nearest class mean, same metric", "generative"),
    "pure generative, likelihood": ("pure generative: decoder of Z only", "generative"),
    WHITENED: ("nearest class mean, whitened pixels", "generative"),
    "one-step": ("GBI, one-step", "gbi"),
    EXACT: ("GBI, likelihood (all classes tried)", "gbi"),
}
"""Methods from top to bottom: their names and families."""


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Return seeds and means of the accuracy of every method in every metric, and the paper's beside each metric.

    Args:
        inputs: ``metric``, one table for each repeat.

    Returns:
        Beside others ``minus_likelihood``: the accuracy minus that of trying all classes with the same network's
        metric, in the same repeat.
    """
    table = read_repeats(files(inputs, "metric"), [*ABOUT, *BY, "accuracy", "epochs"])
    paper = PAPER if common(table, *ABOUT)["data"] == PAPER_DATA else {}
    table = table[table["method"].isin(METHODS)]
    keys = ["repeat", "power"]
    exact = table.loc[table["method"] == EXACT, [*keys, "accuracy"]]
    beside = table[keys].merge(exact, on=keys, how="left")["accuracy"].to_numpy()
    table = table.assign(minus_likelihood=table["accuracy"] - beside)
    summary = seeds_and_means(table, BY, ["accuracy", "minus_likelihood"])
    return summary.assign(paper_accuracy=summary["method"].map(paper).where(summary["row"] == "mean"))


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """What does the metric of the reconstruction error decide? Accuracy of one-step GBI and of trying all classes when
    the squared error of each principal component is weighted by its variance to the power -p (p = 0: the error of the
    pixels), and of the pure generative model and class means in the same metric. Hollow marks are the paper's, which
    does not name its metric: a metric must fit all of them.
    """
    powers = sorted(table.loc[table["method"] == EXACT, "power"].unique())
    figure = Figure(figsize=(4.2 + 3.4 * len(powers), 3.9), layout="constrained")
    grid = figure.subplots(1, len(powers), sharex=True, squeeze=False)[0]
    for axes, power in zip(grid, powers, strict=True):
        _draw_metric(axes, table, power, named=axes is grid[0])
    paper = table["paper_accuracy"].notna().any()
    legend_above(grid[0], [mean_key(), unit_key("one seed"), *([paper_key()] if paper else [])])
    seeds = table[table["row"] == "seed"]
    first = seeds.iloc[0]
    epochs = seeds.groupby("method")["epochs"].max()
    annotate(
        figure,
        f"Which of {first['classes']:.0f} classes, in which metric? {name_of(first['data'])}",
        f"Every method of a panel minimises the same weighted error of {first['components']:.0f} principal components. "
        "Networks begin with the same weights and see the same batches in all metrics "
        f"({epochs[EXACT]:.0f} epochs, pure generative {epochs['pure generative, likelihood']:.0f}); "
        f"{first['images_train']:,.0f} training and {first['images_test']:,.0f} test images. Whitened: p = 1. "
        f"{repeats_note(seeds['repeat'].nunique())}" + (" Paper: Table 4, as quoted in reviews." if paper else ""),
    )
    return figure


def _draw_metric(axes: Axes, table: pd.DataFrame, power: float, *, named: bool) -> None:
    """Draw one metric, and class means in whitened pixels beside it."""
    white = table[(table["power"] == WHITE) & (table["method"] == MEAN)].assign(method=WHITENED, paper_accuracy=None)
    rows = pd.concat([table[table["power"] == power], white.astype({"paper_accuracy": float})])
    names = {method: name if named else "" for method, (name, _) in METHODS.items()}
    colours = {method: FAMILY_COLOURS[family] for method, (_, family) in METHODS.items()}
    dot_rows(axes, rows, "method", "accuracy", names, colours, "paper_accuracy", outside=True)
    axes.axvline(1 / rows["classes"].iloc[0], color=NEUTRAL, linewidth=1.0, linestyle=":")
    axes.set_xlim(0, 1.08 * table[["accuracy", "paper_accuracy"]].max().max())
    axes.set_xlabel(f"p = {power:g}: accuracy\n[share of test images; dotted: chance]")
