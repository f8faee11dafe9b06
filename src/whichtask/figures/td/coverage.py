"""Coverage: how well embeddings predict human tasks, as the quartiles over these tasks."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.marks import dot_row, estimate_in, name_rows
from whichtask.figures.palette import KIND_COLOURS, NEUTRAL
from whichtask.figures.style import annotate
from whichtask.figures.tables import read_table
from whichtask.stats import mean_interval

COLUMNS = ("set", "embedding", "dimensions", "task", "accuracy", "chance", "n")
NAMES = {
    "discovered": "embedding",
    "labels": "hard labels of its tasks",
    "untrained": "untrained encoder",
    "pixels": "principal components",
    "features": "simple features",
}
"""Embeddings from top to bottom."""
COLOURS = {"untrained": "network", "pixels": "pca", "features": "feature"}
"""Embeddings that do not depend on the search, and the kind of task whose colour they have."""
QUARTILES = {"minimum": "whislo", "quartile_1": "q1", "median": "med", "quartile_3": "q3", "maximum": "whishi"}
"""Columns, and what matplotlib calls them."""
LINE = 0.42  # inches of one embedding


def numbers(inputs: Inputs) -> pd.DataFrame:
    """Return quartiles and mean over human tasks of a probe's accuracy on each embedding, then the tasks themselves.

    What does not depend on the search and is the same for several is there once.

    ``inputs``: ``coverage``, tables of `whichtask coverage`.
    """
    measured = pd.concat([read_table(path, COLUMNS) for path in files(inputs, "coverage")], ignore_index=True)
    unknown = sorted(set(measured["embedding"]) - set(NAMES))
    if unknown:
        raise WhichtaskError(f"cannot draw embeddings {', '.join(unknown)}; allowed: {', '.join(NAMES)}")
    boxes: list[dict[str, Any]] = []
    tasks: list[pd.DataFrame] = []
    seen: set[tuple[str, bytes]] = set()
    for embedding in NAMES:
        for name, rows in measured[measured["embedding"] == embedding].groupby("set", sort=False):
            key = embedding, rows["accuracy"].to_numpy(np.float64).tobytes()
            if embedding in COLOURS and key in seen:
                continue
            seen.add(key)
            mean = mean_interval(rows["accuracy"].to_list())
            quartiles = np.quantile(rows["accuracy"], [0, 0.25, 0.5, 0.75, 1])
            box = {"set": name, "embedding": embedding, "dimensions": rows["dimensions"].iloc[0]}
            box |= dict(zip(QUARTILES, quartiles, strict=True))
            box |= {"accuracy": mean.mean, "low": mean.low, "high": mean.high, "n_tasks": mean.n}
            boxes.append(box | {"n_images": rows["n"].iloc[0], "row": "mean"})
            tasks.append(rows.rename(columns={"n": "n_images"}).assign(row="task"))
    return pd.concat([pd.DataFrame(boxes), *tasks], ignore_index=True)


def draw(table: pd.DataFrame, settings: FigureSettings) -> Figure:
    """How well linear probes on embeddings predict human tasks on held-out images; the authors call it coverage."""
    boxes, tasks = table[table["row"] == "mean"], table[table["row"] == "task"]
    figure = Figure(figsize=(8.2, 1.6 + LINE * len(boxes)), layout="constrained")
    axes = figure.subplots()
    names = []
    for y, (_, box) in enumerate(boxes.iterrows()):
        own = box["set"] if box["set"] in KIND_COLOURS else "discovered"
        colour = KIND_COLOURS[COLOURS.get(box["embedding"], own)]
        points = tasks[(tasks["set"] == box["set"]) & (tasks["embedding"] == box["embedding"])]["accuracy"]
        # Spread in the order of the tasks: no point hides another and nothing is random.
        axes.scatter(points, y + np.linspace(-0.2, 0.2, len(points)), s=4, color=colour, alpha=0.35, linewidths=0)
        stats = {name: box[column] for column, name in QUARTILES.items()} | {"fliers": []}
        lines: dict[str, Any] = {
            f"{part}props": {"color": colour, "linewidth": 1.3} for part in ("box", "whisker", "cap", "median")
        }
        axes.bxp([stats], positions=[y], widths=0.5, orientation="horizontal", manage_ticks=False, **lines)
        dot_row(axes, y, [], estimate_in(box, "accuracy"), colour, outside=True)
        of_search = "" if box["embedding"] in {"pixels", "features"} else f"{box['set']}: "
        names.append(f"{of_search}{NAMES[box['embedding']]} [{box['dimensions']}]")
    name_rows(axes, names)
    chance = tasks["chance"].mean()
    axes.axvline(chance, color=NEUTRAL, linestyle="--", linewidth=1.0)
    axes.set_xlim(min(chance, tasks["accuracy"].min()) - 0.02, 1.0)
    axes.set_xlabel("accuracy of a linear probe on a human task [share of held-out images]")
    annotate(
        figure,
        "Coverage: how well embeddings predict human tasks",
        f"Each of {tasks['task'].nunique()} human tasks (halves of the classes) by a logistic probe, judged on "
        f"{table['n_images'].max():,} held-out images. Box: quartiles and median over the tasks; whiskers: least and "
        "greatest; points: tasks; diamond and numbers: mean with 95 % interval over tasks (Student's t), which "
        "share classes and so are not independent. In brackets: dimensions. Dashed: the more frequent label, "
        f"{chance:.3f} on average.",
    )
    return figure
