"""Tables of the paper on Gradient-Based Inference beside ours."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from whichtask.figures.gbi.cifar100 import METHODS as CIFAR100_METHODS
from whichtask.figures.gbi.images_table import COSTS, FAMILIES
from whichtask.figures.gbi.ood import ARMS, METHODS
from whichtask.site.run import Run
from whichtask.stats import Estimate


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
    table = run.drawn(figure, "row", "method", "accuracy", "paper_accuracy", "n", "data", "images", *COSTS)
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
    table = run.drawn(figure, "row", "arm", "method", "score", "auroc", "paper_auroc", "n", "data", "outside")
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
    table = run.drawn(figure, "row", "level", "method", "accuracy", "paper_accuracy", "n", "data", "classes")
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
