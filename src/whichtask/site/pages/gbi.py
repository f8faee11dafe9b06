"""Gradient-Based Inference: Z over time, Z by hand, confidence, and the paper's tables beside ours."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from whichtask.figures.gbi.cifar100 import METHODS as CIFAR100_METHODS
from whichtask.figures.gbi.images_generations import ARRAYS
from whichtask.figures.gbi.images_table import COSTS, FAMILIES
from whichtask.figures.gbi.ood import ARMS, METHODS
from whichtask.figures.gbi.ood_confidence import METHODS as CONFIDENCE_METHODS
from whichtask.figures.gbi.toy_bayes import METHODS as FILTERS
from whichtask.figures.means import where
from whichtask.site.beliefs import ARM, infer, stream_of
from whichtask.site.charts import Chart, chart
from whichtask.site.run import Missing, Run
from whichtask.site.sheets import Sheet, make_sheet
from whichtask.stats import Estimate

ROUND_SWITCHES = {
    ("observer", "bayes"): "neutral",
    (ARM, "one_step_recursion"): "first",
    (ARM, "one_step"): "second dashed",
    (ARM, "iterated"): "third",
}
"""Beliefs shown around switches, and their styles."""


class Toy(NamedTuple):
    """The toy stream."""

    means: list[float]
    predictions: Chart
    belief: Chart | None
    """Probability of the last context over time."""
    right: float
    """Share of steps at which the iterated Z favours the true context; NaN without a belief."""


class Generations(NamedTuple):
    """What the decoder makes of an image's code and each class; places in the sheet."""

    sheet: Sheet
    originals: list[int]
    uniform: list[int]
    decoded: list[list[int]]
    labels: list[int]
    posterior: list[list[float]]


class Row(NamedTuple):
    """One method of a table."""

    name: str
    ours: Estimate
    paper: float
    costs: list[str]


class Table(NamedTuple):
    """A table of the paper and ours."""

    figure: str
    title: str
    measure: str
    about: str
    columns: list[str]
    """Of costs."""
    rows: list[Row]


def collect(run: Run) -> dict[str, Any]:
    """Return what exists of the sections, and what is missing."""
    parts: dict[str, tuple[Any, str, str]] = {
        "toy": (_toy(run), "The toy stream", "gbi_toy_learning"),
        "switches": (_switches(run), "Beliefs around switches", "gbi_toy_bayes"),
        "generations": (_generations(run), "Generations for every class", "gbi_images_generations"),
        "confidence": (_confidence(run), "Confidence in known and foreign images", "gbi_confidence_histograms"),
    }
    found = {name: value for name, (value, _, _) in parts.items()}
    missing: list[Missing] = [run.missing(what, target) for value, what, target in parts.values() if value is None]
    if found["toy"] and found["toy"].belief is None:
        missing.append(run.missing("Z inferred over the toy stream", "gbi_toy_bayes"))
    tables = []
    for figure, (title, make) in TABLES.items():
        table = make(run)
        if table is None:
            missing.append(run.missing(title, figure))
        else:
            tables.append(table)
    made = found["generations"]
    data = made and made._replace(sheet=made.sheet._replace(slots={}))
    return {**found, "tables": tables, "missing": missing, "data": data}


def drawn(run: Run, figure: str, *columns: str) -> pd.DataFrame | None:
    """Return the numbers of a figure."""
    return run.table(run.plan.at(f"figures/{figure}.csv"), columns)


def _toy(run: Run) -> Toy | None:
    stream = stream_of(run)
    if stream is None:
        return None
    means, steps = list(run.settings.gbi.toy.task.means), stream["step"].tolist()
    values = stream[["observation", "mean", "lstm", ARM, "bayes"]].to_numpy(np.float64)
    # A chart has room beyond its outermost dots.
    low, high = np.nanmin(values) - 0.1, np.nanmax(values) + 0.1
    axis = ("observation of the stream", steps[0], steps[-1] + 1)
    lines = chart(axis, ("value", float(low), float(high)))
    lines = lines.with_dots("observation", "neutral small", steps, stream["observation"].tolist())
    lines = lines.with_line("true mean", "ink dashed", steps, stream["mean"].tolist())
    lines = lines.with_line("LSTM", "second", steps, stream["lstm"].tolist())
    lines = lines.with_line("GBI-LSTM, told the context", "first", steps, stream[ARM].tolist())
    inferred = infer(run, stream)
    if inferred is None:
        return Toy(means, lines, None, float("nan"))
    later = steps[-len(inferred.iterated) :]
    truth = (stream["mean"] == means[-1]).to_numpy(np.float64)[-len(later) :]
    belief = chart(axis, (f"probability of the context with mean {means[-1]:g}", -0.03, 1.03))
    belief = belief.with_dots("one step, from one observation", "second small", later, inferred.single[:, -1].tolist())
    belief = belief.with_line("truth", "ink dashed", later, truth.tolist())
    belief = belief.with_line("Z, iterated", "first", later, inferred.iterated[:, -1].tolist())
    right = float(((inferred.iterated[:, -1] > 0.5) == (truth > 0.5)).mean())
    return Toy(means, lines, belief, right)


def _switches(run: Run) -> Chart | None:
    table = drawn(run, "gbi_toy_bayes", "part", "row", "measure", "arm", "method", "offset", "value")
    if table is None:
        return None
    rows = where(table, part="switch", row="mean", measure="posterior_new")
    made = chart(
        ("observations since the context changed", rows["offset"].min(), rows["offset"].max()),
        ("probability of the new context", 0.0, 1.0),
    )
    for (arm, method), style in ROUND_SWITCHES.items():
        own = where(rows, arm=arm, method=method)
        made = made.with_line(FILTERS[arm, method][0], style, own["offset"].tolist(), own["value"].tolist())
    return made


def _generations(run: Run) -> Generations | None:
    path = run.plan.gbi("images", "generations.npz")[0]
    arrays = run.arrays(path)
    if arrays is None:
        return None
    if absent := [name for name in ARRAYS if name not in arrays]:
        run.unreadable[path] = f"{path}: no {', '.join(absent)}; needed are {', '.join(ARRAYS)}"
        return None
    count, classes = arrays["decoded"].shape[:2]
    every = np.concatenate([arrays["originals"], arrays["uniform"], *arrays["decoded"]])
    decoded = 2 * count + np.arange(count * classes).reshape(count, classes)
    return Generations(
        make_sheet(run, "generations", every, range(len(every))),
        list(range(count)),
        list(range(count, 2 * count)),
        decoded.tolist(),
        arrays["labels"].tolist(),
        arrays["posterior"].tolist(),
    )


def _confidence(run: Run) -> list[tuple[str, Chart]] | None:
    columns = ("row", "arm", "method", "side", "confidence_low", "confidence_high", "share", "data", "outside")
    table = drawn(run, "gbi_confidence_histograms", *columns)
    if table is None:
        return None
    means = table[table["row"] == "mean"]
    names = {"inside": str(table["data"].iloc[0]), "outside": str(table["outside"].iloc[0])}
    found, most = [], float(means["share"].max())
    for arm, text in ARMS.items():
        for method, label in CONFIDENCE_METHODS.items():
            made = chart(("confidence: largest entry of the posterior", 0, 1), ("share of images", 0, most))
            for side, style in (("inside", "second"), ("outside", "first")):
                rows = where(means, arm=arm, method=method, side=side)
                ends = (rows[column].tolist() for column in ("confidence_low", "confidence_high", "share"))
                made = made.with_bars(names[side], style, *ends)
            found.append((f"{label}, {text}", made))
    return found


def _rows(table: pd.DataFrame, names: dict[str, str], value: str, costs: dict[str, str]) -> list[Row]:
    """Return the methods of a figure's table, in the order of their names."""
    means = table[table["row"] == "mean"].drop_duplicates("method")
    of_method: dict[str, dict[Any, Any]] = {row["method"]: row for row in means.to_dict("records")}
    rows = []
    for method, name in names.items():
        if row := of_method.get(method):
            low, high = (row.get(f"{value}_{end}", np.nan) for end in ("low", "high"))
            shown = [form.format(row[column]) for column, form in costs.items()]
            ours = Estimate(row[value], low, high, int(row["n"]))
            rows.append(Row(name, ours, row.get(f"paper_{value}", np.nan), shown))
    return rows


def _mnist(run: Run) -> Table | None:
    figure = "gbi_mnist_table"
    table = drawn(run, figure, "row", "method", "accuracy", "paper_accuracy", "n", "data", "images", *COSTS)
    if table is None:
        return None
    rows = _rows(
        table, {name: name for name in FAMILIES}, "accuracy", {name: form for name, (_, form) in COSTS.items()}
    )
    about = f"{table['data'].iloc[0]}, {int(table['images'].max()):,} test images. Paper: its Table 2."
    columns = [label.replace("\n", " ") for label, _ in COSTS.values()]
    return Table(figure, TABLES[figure][0], "accuracy", about, columns, rows)


def _ood(run: Run) -> Table | None:
    figure = "gbi_ood_table"
    table = drawn(run, figure, "row", "arm", "method", "score", "auroc", "paper_auroc", "n", "data", "outside")
    if table is None:
        return None
    primary = table[table["score"].isin(["maximum", "own"])]
    names = {method: name for method, (name, _) in METHODS.items()}
    rows = [
        row._replace(name=f"{row.name}: {label}")
        for arm, label in reversed(ARMS.items())
        for row in _rows(primary[primary["arm"] == arm], names, "auroc", {})
    ]
    about = f"{table['data'].iloc[0]} against {table['outside'].iloc[0]}; 50 % is chance. Paper: its Table 3."
    return Table(figure, TABLES[figure][0], "AUROC", about, [], rows)


def _cifar100(run: Run) -> Table | None:
    figure = "gbi_cifar100_table"
    table = drawn(run, figure, "row", "level", "method", "accuracy", "paper_accuracy", "n", "data", "classes")
    if table is None:
        return None
    names = {method: name for method, (name, _) in CIFAR100_METHODS.items()}
    rows = _rows(table[table["level"] == "classes"], names, "accuracy", {})
    classes = int(table.loc[table["level"] == "classes", "classes"].max())
    about = f"{table['data'].dropna().iloc[0]}, {classes} classes; {1 / classes:.1%} is chance. Paper: its Table 4."
    return Table(figure, TABLES[figure][0], "accuracy", about, [], rows)


TABLES: dict[str, tuple[str, Callable[[Run], Table | None]]] = {
    "gbi_mnist_table": ("Which class? Ways to infer it", _mnist),
    "gbi_ood_table": ("Is it any known class? Detection of foreign images", _ood),
    "gbi_cifar100_table": ("About a hundred classes", _cifar100),
}
"""Titles and makers of the tables, by the figure whose numbers they hold."""
