"""About a hundred classes: every way to infer the class, and when the network uses Z at all."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.gbi.images import name_of
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import dot_rows, legend_above, mean_key, paper_key, unit_key
from whichtask.figures.means import read_repeats, repeats_note, seeds_and_means
from whichtask.figures.palette import FAMILY_COLOURS, NEUTRAL
from whichtask.figures.style import annotate
from whichtask.figures.tables import only

BY = ["level", "classes", "method"]
ABOUT = ("data", "images_train", "components", "variance_share", "images_test", "forward_passes", "epochs")
METHODS = {
    "class mean, likelihood": ("nearest class mean (closed form)", "generative"),
    "pure generative, likelihood": ("pure generative: decoder of Z only", "generative"),
    "pure generative, one-step": ("pure generative, one-step", "generative"),
    "class mean, whitened, likelihood": ("nearest class mean, whitened pixels", "generative"),
    "class mean, whitened, one-step": ("class mean, whitened pixels, one-step", "generative"),
    "one-step": ("GBI, one-step", "gbi"),
    "iterative": ("GBI, iterative", "gbi"),
    "likelihood": ("GBI, likelihood (all classes tried)", "gbi"),
}
"""Methods from top to bottom: their names and families."""
REFERENCE = "pure generative, likelihood"
PAPER = {REFERENCE: 0.0957, "one-step": 0.1852, "iterative": 0.1853}
"""Facts 3, Table 4 of the paper, CIFAR-100 only."""
PAPER_DATA = "cifar100"

MEASURES = {
    "reliance": ("reliance on Z: relative rise of the\nreconstruction error when Z is permuted", "gradient"),
    "one_step": ("accuracy, one-step\n[share of test images]", "gbi"),
    "likelihood": ("accuracy, likelihood\n[share of test images]", "generative"),
}
RELIANCE_COLUMNS = ("data", "changed", "value", "code", "noise", "hidden", "entry", "epochs", "images_test", *MEASURES)
CHANGES = {
    "nothing": "unchanged",
    "code": "code of {} numbers",
    "noise": "code noise {}",
    "hidden": "{} gated units",
    "entry": "Z {}",
    "labels": "control: {} labels",
}


def numbers_table(inputs: Inputs) -> pd.DataFrame:
    """Return seeds and means of the accuracy of every method, and the paper's; for the classes and for coarse classes.

    Args:
        inputs: ``accuracy``, one table for each repeat.

    Returns:
        Beside others ``times_pure_generative``: the accuracy by the pure generative model's in the same repeat.
    """
    table = read_repeats(files(inputs, "accuracy"), [*ABOUT, *BY, "accuracy"])
    paper = PAPER if only(table, "data") == PAPER_DATA else {}
    table = table[table["method"].isin(METHODS)]
    keys = ["repeat", "level"]
    reference = table.loc[table["method"] == REFERENCE, [*keys, "accuracy"]]
    beside = table[keys].merge(reference, on=keys, how="left")["accuracy"].to_numpy()
    table = table.assign(times_pure_generative=table["accuracy"] / beside)
    summary = seeds_and_means(table, BY, ["accuracy", "times_pure_generative"])
    is_paper = (summary["level"] == "classes") & (summary["row"] == "mean")
    return summary.assign(paper_accuracy=summary["method"].map(paper).where(is_paper))


def draw_table(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Which of about a hundred classes? Accuracy of one-step GBI, iterative GBI, trying all classes and the pure
    generative model, with a scarce, noisy image code and Z as gates of a wide decoder layer; the same for coarse
    classes. Class means of whitened pixels, not in the paper, show what a change of the loss alone does.
    """
    levels = list(table["level"].unique())
    figure = Figure(figsize=(7.0 + 5.6 * (len(levels) - 1), 5.2), layout="constrained")
    grid = figure.subplots(1, len(levels), squeeze=False, gridspec_kw={"wspace": 0.06})[0]
    for axes, level in zip(grid, levels, strict=True):
        _draw_level(axes, table[table["level"] == level])
    paper = table["paper_accuracy"].notna().any()
    legend_above(grid[0], [mean_key(), unit_key("one seed"), *([paper_key()] if paper else [])])
    seeds, means = (table[table["row"] == kind] for kind in ("seed", "mean"))
    first = seeds.iloc[0]
    times = means[means["level"] == "classes"].set_index("method")["times_pure_generative"]["one-step"]
    steps = seeds.set_index("method")["forward_passes"]["iterative"].iloc[0]
    epochs = seeds[seeds["level"] == "classes"].groupby("method")["epochs"].max()
    annotate(
        figure,
        f"Which of {first['classes']} classes? {name_of(first['data'])}",
        f"One-step GBI is {times:.2f} times as accurate as the pure generative model. {first['images_train']:,.0f} "
        f"training and {seeds['images_test'].max():,.0f} test images (iterative: {steps:.0f} steps of "
        f"Adam), as {first['components']:.0f} principal components of the pixels "
        f"({100 * seeds['variance_share'].mean():.1f} % of the variance); every method minimises the squared error in "
        f"them, whitened: after dividing each by its standard deviation. {epochs['one-step']:.0f} epochs of training "
        f"(pure generative, coarse classes: {epochs[REFERENCE]:.0f}). One-step: one forward and one backward pass; "
        f"likelihood: one forward pass a class. {repeats_note(seeds['repeat'].nunique())}"
        + (" Paper: Table 4, as quoted in reviews." if paper else ""),
    )
    return figure


def _draw_level(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw one set of classes."""
    names = {method: name for method, (name, _) in METHODS.items() if method in set(rows["method"])}
    colours = {method: FAMILY_COLOURS[family] for method, (_, family) in METHODS.items()}
    dot_rows(axes, rows, "method", "accuracy", names, colours, "paper_accuracy", outside=True)
    classes = rows["classes"].iloc[0]
    axes.axvline(1 / classes, color=NEUTRAL, linewidth=1.0, linestyle=":")
    axes.set_xlim(0, 1.08 * rows[["accuracy", "paper_accuracy"]].max().max())
    axes.set_xlabel(f"accuracy, {classes} {only(rows, 'level')}\n[share of test images; dotted: chance]")


def numbers_reliance(inputs: Inputs) -> pd.DataFrame:
    """Return seeds and means of reliance on Z and accuracy of each network of the sweep.

    Args:
        inputs: ``reliance``, one table for each repeat.
    """
    table = read_repeats(files(inputs, "reliance"), RELIANCE_COLUMNS)
    only(table, "data")
    table["value"] = table["value"].fillna("").astype(str)
    pairs = zip(table["changed"], table["value"], strict=True)
    return seeds_and_means(
        table.assign(network=[CHANGES[key].format(to) for key, to in pairs]), ["network"], [*MEASURES]
    )


def draw_reliance(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """When does the autoencoder use Z? Relative rise of its reconstruction error when Z is permuted between images, and
    accuracy of the inferred class, as code width, code noise, width of the gated layer and the entry of Z change one at
    a time.
    """
    names = {name: name for name in table["network"].unique()}
    figure = Figure(figsize=(11.4, 1.9 + 0.4 * len(names)), layout="constrained")
    grid = figure.subplots(1, len(MEASURES), sharey=True)
    top = 1.08 * table[["one_step", "likelihood"]].max().max()
    for axes, (measure, (label, family)) in zip(grid, MEASURES.items(), strict=True):
        dot_rows(axes, table, "network", measure, names, dict.fromkeys(names, FAMILY_COLOURS[family]), outside=True)
        axes.axvline(0, color=NEUTRAL, linewidth=1.0)
        axes.set_xlabel(label)
        if measure != "reliance":
            axes.set_xlim(-0.02 * top, top)
    legend_above(grid[0], [mean_key(), unit_key("one seed")])
    base = table[table["changed"] == "nothing"].iloc[0]
    annotate(
        figure,
        f"When is Z used? {name_of(base['data'])}",
        f"One key changed at a time; unchanged: code of {base['code']:.0f} numbers with noise {base['noise']:g}, "
        f"{base['hidden']:,.0f} units, Z {base['entry']}. {base['epochs']:.0f} epochs of training (the table's "
        f"networks train longer and may be wider), {base['images_test']:,.0f} test images. Concatenated, additive: Z "
        "shifts; multiplicative, bernoulli: Z gates, by learned or by fixed random gates. Control: each image has the "
        f"label of another one. {repeats_note(table['repeat'].nunique())}",
    )
    return figure
