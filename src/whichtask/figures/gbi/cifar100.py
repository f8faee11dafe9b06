"""About a hundred classes: every way to infer the class, and when the network uses Z at all."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.figures.gbi.images import COLOURS, dot_rows, keys
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.repeats import over_repeats, read_repeats, repeats_note
from whichtask.figures.style import NEUTRAL, annotate, save, styled
from whichtask.figures.tables import only

ACCURACY_COLUMNS = (
    "data",
    "images_train",
    "components",
    "variance_share",
    "level",
    "classes",
    "method",
    "accuracy",
    "images_test",
    "forward_passes",
    "backward_passes",
)
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

RELIANCE_COLUMNS = (
    "data",
    "changed",
    "value",
    "code",
    "noise",
    "hidden",
    "entry",
    "epochs",
    "loss_given",
    "loss_permuted",
    "reliance",
    "one_step",
    "likelihood",
    "images_test",
)
CHANGES = {
    "code": "code of {} numbers",
    "noise": "code noise {}",
    "hidden": "{} gated units",
    "entry": "Z {}",
    "labels": "control: {} labels",
}


def seeds_and_means(table: pd.DataFrame, by: Sequence[str], values: Sequence[str]) -> pd.DataFrame:
    """Return the rows of all seeds (``row`` = "seed"), then the means of each group over seeds ("mean").

    A mean row holds ``NAME``, ``NAME_low`` and ``NAME_high`` for each name of ``values``, and ``n``, the number of
    seeds.
    """
    means: pd.DataFrame | None = None
    for value in values:
        named = {"low": f"{value}_low", "high": f"{value}_high"}
        found = over_repeats(table, by, value).rename(columns=named)
        means = found if means is None else means.merge(found.drop(columns="n"), on=list(by), how="left")
    joined = pd.concat([table.assign(row="seed"), pd.DataFrame(means).assign(row="mean")], ignore_index=True)
    leading = ["row", *by]
    return joined[leading + [column for column in joined.columns if column not in leading]]


def name_of(data: str) -> str:
    """Return a data set's name as a figure's title writes it."""
    return {"cifar100": "CIFAR-100", "factors32_96": "factors32, 96 classes", "mnist": "split MNIST"}.get(data, data)


@styled()
def draw_cifar100_table(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw the accuracy of every method, one panel for the classes and one for coarse classes where there are some.

    Args:
        inputs: ``accuracy``, one table for each repeat.
        out: the PNG.
        settings: resolution.
    """
    table = read_repeats(files(inputs, "accuracy"), ACCURACY_COLUMNS)
    data = only(table, "data")
    table = table[table["method"].isin(METHODS)]
    keyed = table.set_index(["repeat", "level"])
    reference = keyed.loc[keyed["method"] == REFERENCE, "accuracy"]
    table = table.assign(
        times_pure_generative=[
            row.accuracy / reference.get((row.repeat, row.level), float("nan")) for row in table.itertuples()
        ]
    )
    summary = seeds_and_means(table, ["level", "classes", "method"], ["accuracy", "times_pure_generative"])
    paper = PAPER if data == PAPER_DATA else {}
    is_paper = (summary["level"] == "classes") & (summary["row"] == "mean")
    summary["paper_accuracy"] = summary["method"].map(paper).where(is_paper)
    levels = list(summary["level"].unique())
    figure = Figure(figsize=(6.2 + 5.0 * (len(levels) - 1), 5.2), layout="constrained")
    grid = figure.subplots(1, len(levels), squeeze=False)[0]
    for axes, level in zip(grid, levels, strict=True):
        _draw_level(axes, summary[summary["level"] == level], paper if level == "classes" else {})
    keys(grid[0], paper=bool(paper))
    first = table.iloc[0]
    ratio = summary[(summary["row"] == "mean") & (summary["level"] == "classes")].set_index("method")
    times = float(ratio["times_pure_generative"]["one-step"])
    steps = int(table.loc[table["method"] == "iterative", "forward_passes"].iloc[0])
    annotate(
        figure,
        f"Which of {int(first['classes'])} classes? {name_of(data)}",
        f"One-step GBI is {times:.2f} times as accurate as the pure generative model. {int(first['images_train']):,} "
        f"training and {int(table['images_test'].max()):,} test images (iterative: {steps} steps of "
        f"Adam), as {int(first['components'])} principal components of the pixels "
        f"({100 * table['variance_share'].mean():.1f} % of the variance); every method minimises the squared error in "
        "them, whitened: after dividing each by its standard deviation. One-step: one forward and one backward pass; "
        f"likelihood: one forward pass a class. {repeats_note(table)}"
        + (" Paper: Table 4, as quoted in reviews." if paper else ""),
    )
    save(figure, summary, out, settings)


def _draw_level(axes: Axes, rows: pd.DataFrame, paper: dict[str, float]) -> None:
    """Draw one set of classes."""
    names = {name: text for name, (text, _) in METHODS.items() if name in set(rows["method"])}
    colours = {name: COLOURS[family] for name, (_, family) in METHODS.items()}
    dot_rows(axes, rows, "accuracy", names, colours, paper)
    classes = int(rows["classes"].iloc[0])
    axes.axvline(1 / classes, color=NEUTRAL, linewidth=1.0, linestyle=":")
    axes.set_xlim(0, 1.08 * max(rows["accuracy"].max(), *paper.values(), 0.0))
    axes.set_xlabel(f"accuracy, {classes} {only(rows, 'level')}\n[share of test images; dotted: chance]")


@styled()
def draw_z_reliance(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw reliance on Z and accuracy of the networks of the sweep, one line each.

    Args:
        inputs: ``reliance``, one table for each repeat.
        out: the PNG.
        settings: resolution.
    """
    table = read_repeats(files(inputs, "reliance"), RELIANCE_COLUMNS)
    table["value"] = table["value"].fillna("").astype(str)
    table["method"] = [_line(*pair) for pair in zip(table["changed"], table["value"], strict=True)]
    values = ["reliance", "one_step", "likelihood"]
    summary = seeds_and_means(table, ["method"], values)
    names = {name: name for name in table["method"].unique()}
    figure = Figure(figsize=(10.2, 1.9 + 0.4 * len(names)), layout="constrained")
    grid = figure.subplots(1, 3, sharey=True)
    labels = {
        "reliance": "reliance on Z: relative rise of the\nreconstruction error when Z is permuted",
        "one_step": "accuracy, one-step\n[share of test images]",
        "likelihood": "accuracy, likelihood\n[share of test images]",
    }
    families = {"reliance": "gradient", "one_step": "gbi", "likelihood": "generative"}
    for axes, value in zip(grid, values, strict=True):
        dot_rows(axes, summary, value, names, dict.fromkeys(names, COLOURS[families[value]]))
        axes.axvline(0, color=NEUTRAL, linewidth=1.0)
        axes.set_xlabel(labels[value])
    top = 1.08 * summary[["one_step", "likelihood"]].max().max()
    grid[1].set_xlim(-0.02 * top, top)
    grid[2].set_xlim(-0.02 * top, top)
    keys(grid[0], paper=False)
    base = table[table["changed"] == "nothing"].iloc[0]
    annotate(
        figure,
        f"When is Z used? {name_of(only(table, 'data'))}",
        f"One key changed at a time; unchanged: code of {int(base['code'])} numbers with noise {base['noise']:g}, "
        f"{int(base['hidden']):,} units, Z {base['entry']}. {int(base['epochs'])} epochs of training (the table's "
        f"networks train longer), {int(base['images_test']):,} test images. Concatenated, additive: Z shifts; "
        "multiplicative, bernoulli: Z gates, by learned or by fixed random gates. Control: each image has the label "
        f"of another one. {repeats_note(table)}",
    )
    save(figure, summary.rename(columns={"method": "network"}), out, settings)


def _line(changed: str, value: str) -> str:
    """Return the name of a network of the sweep."""
    return CHANGES[changed].format(value) if changed in CHANGES else "unchanged"
