"""Coverage: how well embeddings predict human tasks, as the quartiles over these tasks."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs, files
from whichtask.figures.style import KIND_COLOURS, NEUTRAL, annotate, save, styled
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
COLOURS = {"untrained": "network", "pixels": "pca", "features": "feature"}
LINE = 0.42  # inches of one embedding


@styled()
def draw_coverage(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw the distribution over human tasks of a probe's accuracy, one box for each embedding.

    What does not depend on the search and is the same for several is drawn once.

    Args:
        inputs: ``coverage``, tables of `whichtask coverage`.
        out: the PNG.
        settings: resolution.
    """
    measured = pd.concat([read_table(path, COLUMNS) for path in files(inputs, "coverage")], ignore_index=True)
    unknown = sorted(set(measured["embedding"]) - set(NAMES))
    if unknown:
        raise WhichtaskError(f"cannot draw embeddings {', '.join(unknown)}; allowed: {', '.join(NAMES)}")
    groups = _distinct(measured)
    table = pd.DataFrame([_summary(rows) for rows in groups])
    figure = Figure(figsize=(8.2, 1.6 + LINE * len(groups)), layout="constrained")
    axes = figure.subplots()
    for y, rows in enumerate(groups):
        _draw_box(axes, y, rows["accuracy"].to_numpy(), table.iloc[y])
    axes.set_yticks(range(len(groups)), [_label(row) for row in table.to_dict("records")])
    axes.set_ylim(len(groups) - 0.4, -0.6)
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    chance = measured["chance"].mean()
    axes.axvline(chance, color=NEUTRAL, linestyle="--", linewidth=1.0)
    axes.set_xlim(min(chance, measured["accuracy"].min()) - 0.02, 1.0)
    axes.set_xlabel("accuracy of a linear probe on a human task [share of held-out images]")
    count = measured["task"].nunique()
    annotate(
        figure,
        "Coverage: how well embeddings predict human tasks",
        f"Each of {count} human tasks (halves of the classes) by a logistic probe, judged on {measured['n'].max():,} "
        "held-out images. Box: quartiles and median over the tasks; whiskers: least and greatest; points: tasks; "
        "diamond and numbers: mean with bootstrap 95 % interval over tasks, which share classes and so are not "
        f"independent. In brackets: dimensions. Dashed: the more frequent label, {chance:.3f} on average.",
    )
    save(figure, table, out, settings)


def _distinct(measured: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the rows of each embedding of each search; later copies of the same numbers are left out."""
    groups: list[pd.DataFrame] = []
    seen: set[tuple[str, bytes]] = set()
    for embedding in NAMES:
        for _, rows in measured[measured["embedding"] == embedding].groupby("set", sort=False):
            key = embedding, rows["accuracy"].to_numpy(np.float64).tobytes()
            if embedding in COLOURS and key in seen:
                continue
            seen.add(key)
            groups.append(rows)
    return groups


def _summary(rows: pd.DataFrame) -> dict[str, Any]:
    estimate = mean_interval(rows["accuracy"].to_list())
    least, lower, median, upper, most = np.quantile(rows["accuracy"], [0, 0.25, 0.5, 0.75, 1])
    first = rows.iloc[0]
    return {
        **{name: first[name] for name in ("set", "embedding", "dimensions")},
        "minimum": least,
        "quartile_1": lower,
        "median": median,
        "quartile_3": upper,
        "maximum": most,
        "accuracy": estimate.mean,
        "low": estimate.low,
        "high": estimate.high,
        "n_tasks": estimate.n,
        "n_images": first["n"],
    }


def _colour(row: Any) -> str:
    """Return the colour of the tasks that an embedding belongs to."""
    own = row["set"] if row["set"] in KIND_COLOURS else "discovered"
    return KIND_COLOURS[COLOURS.get(row["embedding"], own)]


def _label(row: dict[Any, Any]) -> str:
    own = "" if row["embedding"] in {"pixels", "features"} else f"{row['set']}: "
    return f"{own}{NAMES[row['embedding']]} [{row['dimensions']}]"


def _draw_box(axes: Axes, y: int, accuracy: Any, row: Any) -> None:
    colour = _colour(row)
    # Spread in the order of the tasks: no point hides another and nothing is random.
    axes.scatter(accuracy, y + np.linspace(-0.2, 0.2, len(accuracy)), s=4, color=colour, alpha=0.35, linewidths=0)
    stats = {"whislo": row["minimum"], "q1": row["quartile_1"], "med": row["median"]}
    stats |= {"q3": row["quartile_3"], "whishi": row["maximum"], "fliers": []}
    line = {"color": colour, "linewidth": 1.3}
    lines: dict[str, Any] = {f"{part}props": line for part in ("box", "whisker", "cap", "median")}
    axes.bxp([stats], positions=[y], widths=0.5, orientation="horizontal", manage_ticks=False, **lines)
    axes.plot([row["accuracy"]], [y], "D", color=colour, markersize=4, zorder=4)
    text = f"{row['accuracy']:.3f}"
    if not np.isnan(row["low"]):
        text += f" [{row['low']:.3f}, {row['high']:.3f}]"
    axes.text(1.01, y, text, transform=axes.get_yaxis_transform(), va="center", fontsize=7.5)
