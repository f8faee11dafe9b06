"""Gradient-Based Inference: Z over time, Z by hand, confidence, and the paper's tables beside ours."""

from typing import Any, NamedTuple

import numpy as np

from whichtask.figures.gbi.images_generations import ARRAYS
from whichtask.figures.gbi.ood import ARMS
from whichtask.figures.gbi.ood_confidence import METHODS
from whichtask.figures.means import where
from whichtask.site.charts import Chart, chart
from whichtask.site.paper_tables import TABLES
from whichtask.site.run import Missing, Run
from whichtask.site.sheets import Sheet, make_sheet
from whichtask.site.streams import beliefs, stream, switches


class Generations(NamedTuple):
    """What the decoder makes of an image's code and each class; places in the sheet."""

    sheet: Sheet
    originals: list[int]
    uniform: list[int]
    decoded: list[list[int]]
    labels: list[int]
    posterior: list[list[float]]


def collect(run: Run) -> dict[str, Any]:
    """Return what exists of the sections, and what is missing."""
    parts: dict[str, tuple[Any, str, str]] = {
        "stream": (stream(run), "The toy stream", "gbi_toy_learning"),
        "beliefs": (beliefs(run), "Z inferred over the toy stream", "gbi_toy_bayes"),
        "switches": (switches(run), "Beliefs around switches", "gbi_toy_bayes"),
        "generations": (_generations(run), "Generations for every class", "gbi_images_generations"),
        "confidence": (_confidence(run), "Confidence in known and foreign images", "gbi_confidence_histograms"),
    }
    parts |= {figure: (make(run), title, figure) for figure, (title, make) in TABLES.items()}
    missing: list[Missing] = [run.missing(what, target) for value, what, target in parts.values() if value is None]
    found = {name: value for name, (value, _, _) in parts.items()}
    tables = [found[figure] for figure in TABLES if found[figure]]
    made = found["generations"]
    data = made and made._replace(sheet=made.sheet._replace(slots={}))
    return {**found, "tables": tables, "missing": missing, "data": data}


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
    table = run.drawn("gbi_confidence_histograms", *columns)
    if table is None:
        return None
    means = table[table["row"] == "mean"]
    names = {"inside": str(table["data"].iloc[0]), "outside": str(table["outside"].iloc[0])}
    found, most = [], float(means["share"].max())
    for arm, text in ARMS.items():
        for method, label in METHODS.items():
            made = chart(("confidence: largest entry of the posterior", 0, 1), ("share of images", 0, most))
            for side, style in (("inside", "second"), ("outside", "first")):
                rows = where(means, arm=arm, method=method, side=side)
                ends = (rows[column].tolist() for column in ("confidence_low", "confidence_high", "share"))
                made = made.with_bars(names[side], style, *ends)
            found.append((f"{label}, {text}", made))
    return found
