"""One task while it is being discovered: proxy and full agreement over outer steps, and the labels of fixed images."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from whichtask.artifacts import read_npz
from whichtask.config import FigureSettings
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.figures.animation import write_gif
from whichtask.figures.images import Pixels, mosaic, show, tiles
from whichtask.figures.inputs import Inputs, file, files
from whichtask.figures.marks import legend_above, line_key
from whichtask.figures.palette import NEUTRAL, SIDE_COLOURS, colour_of
from whichtask.figures.style import annotate
from whichtask.figures.tables import read_agreement
from whichtask.figures.td.panels import ScorePanels

RECORDED = ("outer_step", "proxy_agreement", "positive_rate", "probabilities", "image_indices")
SET = "dynamics"
CURVE = colour_of("discovered")
DASHED: dict[str, Any] = {"linestyle": "--", "linewidth": 1.0}
FULL: dict[str, Any] = {"linestyle": "", "marker": "D", "markeredgecolor": "black"}
COLUMNS = 6
GIF_INCHES, GIF_DPI = (7.4, 3.7), 100


def numbers(inputs: Inputs, settings: FigureSettings) -> pd.DataFrame:
    """Return the record of a run and the scores of the tasks frozen on the way.

    Rows are ``curve`` (proxy agreement at a recorded step), ``label`` (side of a shown image at it) and ``score`` (full
    agreement of one pair of networks).

    ``inputs``: ``data``, an image set; ``dynamics``, the record of the run; ``tables``, agreement of the frozen tasks,
    named ``step_NNNN``.
    """
    data = ImageSet.load(file(inputs, "data"))
    parts = [read_record(file(inputs, "dynamics"), data), read_frozen(files(inputs, "tables"))]
    return pd.concat(parts, ignore_index=True).sort_values(["row", "outer_step"], kind="stable", ignore_index=True)


def draw(table: pd.DataFrame, settings: FigureSettings, inputs: Inputs) -> Figure:
    """One task during meta-optimisation: proxy agreement over outer steps, and the full agreement score of the task
    frozen at some steps (one point a pair of networks, bootstrap 95 % interval over held-out images, train accuracy
    below). Fixed held-out images are framed by their side at the first, middle and last record; the GIF beside it shows
    all records.
    """
    data = ImageSet.load(file(inputs, "data"))
    curve, labels, score = _parts(table)
    figure = Figure(figsize=(7.4, 6.3), layout="constrained")
    grid = figure.add_gridspec(2, 1, height_ratios=[1.5, 1])
    panels = ScorePanels(figure, grid[0])
    panels.upper.plot(curve["outer_step"], curve["agreement"], color=CURVE, linewidth=1.4)
    panels.upper.plot(curve["outer_step"], curve["chance_agreement"], color=NEUTRAL, **DASHED)
    # Pairs of one step stand side by side.
    x = score["outer_step"] + (score["pair"] - score["pair"].mean()) * 0.012 * np.ptp(curve["outer_step"])
    panels.upper.vlines(x, score["agreement_low"], score["agreement_high"], color="black", linewidth=1.0)
    for axes, column in ((panels.upper, "agreement"), (panels.lower, "train_accuracy")):
        axes.plot(x, score[column], color=CURVE, markersize=4, clip_on=False, **FULL)
    panels.limit(table.rename(columns={"agreement_low": "low"}))
    panels.upper.set_ylabel("agreement\n[share of images]")
    panels.lower.set_xlabel("outer step")
    steps = labels["outer_step"].unique()
    shown = list(dict.fromkeys([steps[0], steps[len(steps) // 2], steps[-1]]))
    pictures = grid[1].subgridspec(1, len(shown))
    for position, step in enumerate(shown):
        axes = figure.add_subplot(pictures[position])
        show(axes, _mosaic(labels, step, data.images))
        axes.set_title(f"outer step {step}", loc="left")
    sides = [line_key(f"side {k}", colour, marker="s", linestyle="") for k, colour in enumerate(SIDE_COLOURS)]
    proxy = line_key("proxy agreement (what is optimised, as hard labels)", CURVE)
    chance = line_key("chance, given the share of side 1", NEUTRAL, **DASHED)
    legend_above(panels.upper, [proxy, chance, line_key("full AS", CURVE, **FULL), *sides])
    annotate(
        figure,
        f"Discovery of one task ({data.name})",
        "Full AS: one point for each pair of networks trained from scratch on the frozen task, bootstrap 95 % interval "
        "over held-out images. Proxy: two networks after the few inner steps, mean since the record before. "
        f"Below: {labels['image_index'].nunique()} fixed images, framed by the side that they are on.",
    )
    return figure


def animate(table: pd.DataFrame, settings: FigureSettings, inputs: Inputs, out: Path) -> None:
    """Write the labels of the shown images and the growing curves as a GIF."""
    images = ImageSet.load(file(inputs, "data")).images
    curve, labels, score = _parts(table)
    steps = labels["outer_step"].unique()
    figure = Figure(figsize=GIF_INCHES, dpi=GIF_DPI, layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1.15, 1])
    first = _mosaic(labels, steps[0], images)
    show(left, first)
    for side, colour in enumerate(SIDE_COLOURS):
        left.text(side * first.shape[1] / 4, first.shape[0] + 8, f"side {side}", va="top", color=colour)
    # The limits are fixed, so that only the curve moves.
    right.set_xlim(steps.min(), max(table["outer_step"].max(), steps.min() + 1))
    right.set_ylim(min(0.45, table[["agreement", "chance_agreement"]].min().min() - 0.04), 1.02)
    right.set(xlabel="outer step", ylabel="agreement [share of images]")
    columns = (
        (curve, "agreement", Line2D([], [], color=CURVE, linewidth=1.6, label="proxy agreement")),
        (score, "agreement", Line2D([], [], color=CURVE, markersize=5, clip_on=False, label="full AS", **FULL)),
        (curve, "chance_agreement", Line2D([], [], color=NEUTRAL, label="chance", **DASHED)),
    )
    for _, _, line in columns:
        right.add_line(line)
    right.legend(loc="lower left", bbox_to_anchor=(-0.03, 1.0), ncols=3, columnspacing=1.0)

    def at(step: int) -> None:
        left.images[0].set_data(_mosaic(labels, step, images))
        left.set_title(f"outer step {step}", loc="left")
        for rows, column, line in columns:
            so_far = rows[rows["outer_step"] <= step]
            line.set_data(so_far["outer_step"], so_far[column])

    write_gif(figure, at, [int(step) for step in steps], out, settings.gif_milliseconds)


def _parts(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the rows of curves, labels and scores."""
    curve, labels, score = (table[table["row"] == row] for row in ("curve", "label", "score"))
    return curve, labels.astype({"image_index": int, "side": int}), score


def read_record(path: Path, data: ImageSet) -> pd.DataFrame:
    """Read the record as rows: one ``curve`` row a step, one ``label`` row for each step and shown image.

    Images come in the order of their last probability, so that the two sides end up as two blocks.

    Raises:
        WhichtaskError: an array is missing, the record is empty, or it names an image that does not exist.
    """
    arrays = read_npz(path)
    missing = [name for name in RECORDED if name not in arrays]
    if missing:
        raise WhichtaskError(f"{path}: no {', '.join(missing)}; a record needs {', '.join(RECORDED)}")
    steps, indices, probabilities = arrays["outer_step"], arrays["image_indices"], arrays["probabilities"]
    if not len(steps) or probabilities.shape != (len(steps), len(indices)):
        raise WhichtaskError(
            f"{path}: probabilities {probabilities.shape} must be [recorded steps, shown images], "
            f"here ({len(steps)}, {len(indices)}) with at least one step"
        )
    if not len(indices) or indices.min() < 0 or indices.max() >= len(data.images):
        raise WhichtaskError(f"{path}: image_indices must be 0 to {len(data.images) - 1}, images of {data.name!r}")
    # A task with all images on one side is agreed on for nothing: what two networks that know only the share of side 1
    # would reach.
    chance = arrays["positive_rate"] ** 2 + (1 - arrays["positive_rate"]) ** 2
    scores = {"agreement": arrays["proxy_agreement"], "chance_agreement": chance}
    order = np.argsort(probabilities[-1], kind="stable")
    of_images = {
        "outer_step": np.repeat(steps, len(indices)),
        "image_index": np.tile(indices[order], len(steps)),
        "side": (probabilities[:, order] > 0.5).astype(int).ravel(),
    }
    curve = pd.DataFrame({"row": "curve", "outer_step": steps} | scores)
    return pd.concat([curve, pd.DataFrame({"row": "label"} | of_images)], ignore_index=True)


def read_frozen(paths: Sequence[Path]) -> pd.DataFrame:
    """Read the agreement of the frozen tasks as ``score`` rows, one for each task and pair.

    Raises:
        WhichtaskError: there are none, or a task's name does not say its step.
    """
    table = read_agreement(paths)
    table = table[table["set"] == SET]
    if table.empty:
        raise WhichtaskError(f"td_dynamics needs agreement of the set {SET!r}; the tables hold none")
    matches = [re.fullmatch(r"step_(\d+)", str(task)) for task in table["task"]]
    steps = [int(match[1]) for match in matches if match]
    if len(steps) < len(table):
        raise WhichtaskError(f"tasks of the set {SET!r} must be named step_NNNN, not {sorted(set(table['task']))}")
    columns = ["pair", "network_1", "network_2", "agreement", "agreement_low", "agreement_high", "train_accuracy"]
    return table[columns].assign(row="score", outer_step=steps)


def _mosaic(labels: pd.DataFrame, step: int, images: Pixels) -> Pixels:
    """Draw the shown images at one step, framed by side."""
    rows = labels[labels["outer_step"] == step]
    return mosaic(tiles(images[rows["image_index"]], rows["side"].to_numpy()), COLUMNS).pixels
