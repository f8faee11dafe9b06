"""One task while it is being discovered: proxy and full agreement over outer steps, and the labels of fixed images."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from whichtask.artifacts import read_npz
from whichtask.config import FigureSettings
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.figures.animation import write_gif
from whichtask.figures.images import Pixels, mosaic, show, tiles
from whichtask.figures.inputs import Inputs, file, files
from whichtask.figures.style import NEUTRAL, SIDE_COLOURS, annotate, colour_of, save, styled
from whichtask.figures.tables import read_agreement
from whichtask.figures.td.panels import ScorePanels

RECORDED = ("outer_step", "proxy_agreement", "positive_rate", "probabilities", "image_indices")
SET = "dynamics"
CURVE = colour_of("discovered")
COLUMNS = 6
GIF_INCHES, GIF_DPI = (7.4, 3.7), 100


@styled()
def draw_dynamics(inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw the curves and the shown images at the first, middle and last record; and everything moving, as a GIF.

    Args:
        inputs: ``data``, an image set; ``dynamics``, the record of the run; ``tables``, agreement of the tasks frozen
            on the way, named ``step_NNNN``.
        out: the PNG; the GIF is written beside it.
        settings: resolution, time of a frame.
    """
    data = ImageSet.load(file(inputs, "data"))
    table = pd.concat(
        [_record(file(inputs, "dynamics"), data), _frozen(files(inputs, "tables"))], ignore_index=True
    ).sort_values(["row", "outer_step"], kind="stable", ignore_index=True)
    labels = table[table["row"] == "label"]
    steps = labels["outer_step"].unique()
    shown = list(dict.fromkeys([steps[0], steps[len(steps) // 2], steps[-1]]))
    figure = Figure(figsize=(7.4, 6.3), layout="constrained")
    grid = figure.add_gridspec(2, 1, height_ratios=[1.5, 1])
    panels = ScorePanels(figure, grid[0])
    _draw_curves(panels, table)
    pictures = grid[1].subgridspec(1, len(shown))
    for position, step in enumerate(shown):
        axes = figure.add_subplot(pictures[position])
        show(axes, label_mosaic(labels[labels["outer_step"] == step], data.images))
        axes.set_title(f"outer step {step}", loc="left")
    panels.legend(_keys())
    annotate(
        figure,
        f"Discovery of one task ({data.name})",
        "Full AS: one point for each pair of networks trained from scratch on the frozen task, bootstrap 95 % interval "
        "over held-out images. Proxy: two networks after the few inner steps, mean since the record before. "
        f"Below: {labels['image_index'].nunique()} fixed images, framed by the side that they are on.",
    )
    save(figure, table, out, settings)
    _animate(table, data.images, out.with_suffix(".gif"), settings.gif_milliseconds)


def _record(path: Path, data: ImageSet) -> pd.DataFrame:
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
    rate = arrays["positive_rate"]
    curve = pd.DataFrame(
        {
            "row": "curve",
            "outer_step": steps,
            "agreement": arrays["proxy_agreement"],
            # A task with all images on one side is agreed on for nothing: what two networks that know only the share
            # of side 1 would reach.
            "chance_agreement": rate**2 + (1 - rate) ** 2,
        }
    )
    order = np.argsort(probabilities[-1], kind="stable")
    labels = pd.DataFrame(
        {
            "row": "label",
            "outer_step": np.repeat(steps, len(indices)),
            "image_index": np.tile(indices[order], len(steps)),
            "side": (probabilities[:, order] > 0.5).astype(int).ravel(),
        }
    )
    return pd.concat([curve, labels], ignore_index=True)


def _frozen(paths: Sequence[Path]) -> pd.DataFrame:
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
    columns = ["pair", "agreement", "agreement_low", "agreement_high", "train_accuracy"]
    return table[columns].assign(row="score", outer_step=steps)


def label_mosaic(rows: pd.DataFrame, images: Pixels) -> Pixels:
    """Draw the shown images of one step, framed by side."""
    return mosaic(tiles(images[rows["image_index"].astype(int)], rows["side"].to_numpy(int)), COLUMNS).pixels


def _keys() -> list[Line2D]:
    proxy = Line2D([], [], color=CURVE, linewidth=1.4, label="proxy agreement (what is optimised, as hard labels)")
    full = Line2D([], [], color=CURVE, marker="D", linestyle="", markeredgecolor="black", label="full AS")
    chance = Line2D([], [], color=NEUTRAL, linestyle="--", linewidth=1.0, label="chance, given the share of side 1")
    sides = [
        Line2D([], [], color=colour, marker="s", linestyle="", label=f"side {side}")
        for side, colour in enumerate(SIDE_COLOURS)
    ]
    return [proxy, chance, full, *sides]


def _draw_curves(panels: ScorePanels, table: pd.DataFrame) -> None:
    """Draw proxy, chance and full agreement, and the train accuracy behind the latter."""
    curve, score = table[table["row"] == "curve"], table[table["row"] == "score"]
    panels.upper.plot(curve["outer_step"], curve["agreement"], color=CURVE, linewidth=1.4)
    panels.upper.plot(curve["outer_step"], curve["chance_agreement"], "--", color=NEUTRAL, linewidth=1.0)
    # Pairs of one step stand side by side.
    x = score["outer_step"] + (score["pair"] - score["pair"].mean()) * 0.012 * np.ptp(curve["outer_step"])
    panels.upper.vlines(x, score["agreement_low"], score["agreement_high"], color="black", linewidth=1.0)
    for axes, column in ((panels.upper, "agreement"), (panels.lower, "train_accuracy")):
        axes.plot(x, score[column], "D", color=CURVE, markersize=4, markeredgecolor="black", clip_on=False)
    panels.limit(table.rename(columns={"agreement_low": "low"}))
    panels.upper.set_ylabel("agreement\n[share of images]")
    panels.lower.set_xlabel("outer step")


def _animate(table: pd.DataFrame, images: Pixels, out: Path, milliseconds: int) -> None:
    """Write the labels of the shown images and the growing curves as a GIF."""
    labels = table[table["row"] == "label"]
    curve, score = table[table["row"] == "curve"], table[table["row"] == "score"]
    steps = labels["outer_step"].unique()
    figure = Figure(figsize=GIF_INCHES, dpi=GIF_DPI, layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1.15, 1])
    first = label_mosaic(labels[labels["outer_step"] == steps[0]], images)
    show(left, first)
    for side, colour in enumerate(SIDE_COLOURS):
        left.text(side * first.shape[1] / 4, first.shape[0] + 8, f"side {side}", va="top", color=colour)
    _set_up(right, table)
    (line,) = right.plot([], [], color=CURVE, linewidth=1.6)
    (chance,) = right.plot([], [], "--", color=NEUTRAL, linewidth=1.0)
    (points,) = right.plot([], [], "D", color=CURVE, markersize=5, markeredgecolor="black", clip_on=False)
    right.legend(
        [line, points, chance],
        ["proxy agreement", "full AS", "chance"],
        loc="lower left",
        bbox_to_anchor=(-0.03, 1.0),
        ncols=3,
        columnspacing=1.0,
    )

    def at(step: int) -> None:
        left.images[0].set_data(label_mosaic(labels[labels["outer_step"] == step], images))
        left.set_title(f"outer step {step}", loc="left")
        so_far, scored = curve[curve["outer_step"] <= step], score[score["outer_step"] <= step]
        line.set_data(so_far["outer_step"], so_far["agreement"])
        chance.set_data(so_far["outer_step"], so_far["chance_agreement"])
        points.set_data(scored["outer_step"], scored["agreement"])

    write_gif(figure, at, [int(step) for step in steps], out, milliseconds)


def _set_up(axes: Axes, table: pd.DataFrame) -> None:
    """Fix the limits of the animated curve, so that only the curve moves."""
    steps, lowest = table["outer_step"], table[["agreement", "chance_agreement"]].min().min()
    axes.set_xlim(steps.min(), max(steps.max(), steps.min() + 1))
    axes.set_ylim(min(0.45, lowest - 0.04), 1.02)
    axes.set_xlabel("outer step")
    axes.set_ylabel("agreement [share of images]")
