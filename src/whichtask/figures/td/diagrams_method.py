"""Diagrams of the methods, drawn by code: the search for tasks, and adversarial splits."""

import numpy as np
from matplotlib.patches import Circle, Rectangle

from whichtask.figures.palette import NEUTRAL, SIDE_COLOURS, colour_of
from whichtask.figures.sheet import INK, Point, Shape, Sheet, figure_of, tint
from whichtask.figures.td.diagrams import FOUND, GIVEN, IMAGES

TRAIN = colour_of("factor")


def search() -> Sheet:
    """Return the diagram of task parametrisation and of the meta-optimisation."""
    sheet = Sheet(10.6, 5.35, "Search for a set of tasks")
    sheet.panel("parametrisation", (0.12, 3.0), (10.36, 1.98), "Tasks: one encoder, orthogonal directions")
    for i, (shape, dark) in enumerate(IMAGES[:2]):
        sheet.picture(f"input image {i}", (0.55, 4.15 - 0.55 * i), shape, dark=dark, side=None, size=0.44)
    sheet.text("image", (0.55, 3.2), "image x", size=8)
    sheet.arrow("to encoder", (0.85, 3.88), (1.2, 3.88))
    sheet.box("encoder", (1.9, 3.88), (1.36, 0.8), "encoder\nlearned weights θ", FOUND, strong=True)
    sheet.arrow("to norm", (2.6, 3.88), (2.95, 3.88))
    sheet.box("norm", (3.72, 3.88), (1.5, 0.8), "linear layer to d,\nbatch norm, no bias:\nzero mean", NEUTRAL)
    sheet.arrow("to sphere", (4.5, 3.88), (4.9, 3.88))
    _draw_sphere(sheet, (5.75, 3.92), 0.62)
    sheet.arrow("to label", (6.6, 3.88), (7.0, 3.88))
    sheet.box(
        "label",
        (8.62, 3.88),
        (3.2, 0.8),
        "label of task k: side of w$_k$ · e(x)\nsoft: sigmoid(2 · temperature · w$_k$ · e)",
        GIVEN,
    )
    sheet.text("frozen", (8.62, 3.26), "directions w$_1$ … w$_K$ orthogonal and frozen", size=8)
    sheet.panel("loop", (0.12, 0.12), (10.36, 2.7), "Meta-optimisation: one outer step for one task k")
    y = 1.78
    sheet.box("batches", (1.15, y), (1.6, 0.74), "T training batches,\nsoft labels of task k", GIVEN)
    sheet.arrow("to inner", (1.97, y), (2.4, y))
    sheet.box("inner", (3.4, y), (1.96, 0.74), "T inner steps of SGD,\ntwo networks from\nown initial weights", NEUTRAL)
    sheet.arrow("to proxy", (4.4, y), (4.83, y))
    sheet.box("proxy", (5.85, y), (2.0, 0.74), "agreement loss of the\ntwo on further\nheld-out images", NEUTRAL)
    sheet.arrow("to sum", (6.87, y), (7.3, y))
    sheet.box("sum", (8.83, y), (3.02, 0.74), "agreement loss + λ · uniformity", FOUND, strong=True)
    sheet.box("uniformity", (8.83, 0.62), (3.02, 0.5), "uniformity of e(x) / |e(x)| on the sphere", NEUTRAL)
    sheet.arrow("uniformity to sum", (8.83, 0.88), (8.83, 1.38))
    back = [(8.0, 2.17), (8.0, 2.38), (1.15, 2.38), (1.15, 2.17)]
    sheet.path("gradient", back, FOUND)
    label = sheet.text(
        "gradient text", (4.6, 2.38), "gradient, back through all inner steps to the labels", color=FOUND
    )
    label.set_bbox({"facecolor": "#F7F7F7", "edgecolor": "none", "pad": 1.5})
    sheet.path("to weights", [(1.15, 1.38), (1.15, 0.62), (2.4, 0.62)], FOUND)
    sheet.arrow("uniformity to weights", (7.3, 0.62), (5.92, 0.62), FOUND)
    sheet.text("uniformity gradient", (6.61, 0.78), "its gradient", size=8, color=FOUND)
    sheet.box("update", (4.15, 0.62), (3.46, 0.5), "Adam step on θ; then the next task", FOUND)
    return sheet


def _draw_sphere(sheet: Sheet, centre: Point, radius: float) -> None:
    """Draw embeddings on a circle, two orthogonal directions, and the border of the first task."""
    sheet.axes.add_patch(
        Circle(centre, radius, facecolor=tint(NEUTRAL, 0.05), edgecolor=NEUTRAL, linewidth=1.0, zorder=1)
    )
    directions = np.deg2rad([35, 125])
    angles = np.deg2rad([8, 30, 52, 78, 112, 150, 170, 200, 222, 250, 288, 325])
    for angle in angles:
        side = int(np.cos(angle - directions[0]) > 0)
        place = (centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle))
        sheet.axes.add_patch(
            Circle(place, 0.052, facecolor=SIDE_COLOURS[side], edgecolor="white", linewidth=0.6, zorder=4)
        )
    for k, angle in enumerate(directions):
        tip = (centre[0] + 0.66 * radius * np.cos(angle), centre[1] + 0.66 * radius * np.sin(angle))
        sheet.arrow(f"direction {k + 1}", centre, tip, INK)
        beside = (centre[0] + 0.5 * radius * np.cos(angle - 0.62), centre[1] + 0.5 * radius * np.sin(angle - 0.62))
        sheet.text(f"w{k + 1}", beside, f"w$_{k + 1}$", size=8.5)
    border = directions[1]
    ends = [(centre[0] + s * radius * np.cos(border), centre[1] + s * radius * np.sin(border)) for s in (-1, 1)]
    sheet.axes.plot(*zip(*ends, strict=True), ":", color=NEUTRAL, linewidth=1.2, zorder=2)
    sheet.text("sphere", (centre[0], centre[1] - radius - 0.16), "e(x), coloured by side of task 1", size=8)


def split() -> Sheet:
    """Return the diagram of adversarial splits."""
    title = "Adversarial split: the discovered task predicts the target in training, and misleads in the test"
    sheet = Sheet(10.6, 4.0, title)
    sheet.panel("binary", (0.12, 0.12), (4.5, 3.4), "Two-way target")
    _draw_two_way(sheet, (1.5, 0.62), (1.45, 1.0))
    sheet.panel("classes", (4.8, 0.12), (5.68, 3.4), "Ten classes, by a partition")
    _draw_ten_way(sheet, (5.78, 0.68), (0.445, 0.78))
    return sheet


def _draw_two_way(sheet: Sheet, corner: Point, size: Point) -> None:
    """Draw the table of target and discovered task, with images in its cells."""
    for column, target in enumerate(("round", "angular")):
        x = corner[0] + (column + 0.5) * size[0]
        sheet.text(f"target {column}", (x, 2.87), f"target τ = {column}\n({target})")
        shapes: tuple[Shape, Shape] = ("square", "triangle") if column else ("circle", "ring")
        for row in (0, 1):
            y = corner[1] + (1.5 - row) * size[1]
            _draw_cell(sheet, (x, y), size, train=row == column)
            for i, shape in enumerate(shapes):
                place = (x + 0.52 * (i - 0.5), y + 0.14)
                sheet.picture(f"image {row} {column} {i}", place, shape, dark=row == 1, side=None)
            word = "train" if row == column else "test"
            sheet.text(f"cell {row} {column}", (x, y - 0.32), word, weight="bold")
    for row, found in enumerate(("light", "dark")):
        y = corner[1] + (1.5 - row) * size[1]
        sheet.text(f"found {row}", (0.82, y), f"discovered\nτ$_d$ = {row}\n({found})")
    sheet.text("binary note", (2.37, 0.36), "train where τ$_d$ = τ, test where they differ", size=8)


def _draw_ten_way(sheet: Sheet, corner: Point, size: Point) -> None:
    """Draw the table of classes and discovered task, and the partition of the classes."""
    for c in range(10):
        x = corner[0] + (c + 0.5) * size[0]
        sheet.text(f"class {c}", (x, 2.42), f"{c}")
        for row in (0, 1):
            place = (x, corner[1] + (1.5 - row) * size[1])
            _draw_cell(sheet, place, size, train=row == c // 5)
            sheet.text(f"cell {row} class {c}", place, "train" if row == c // 5 else "test", size=7.5)
    for part in (0, 1):
        start = corner[0] + 5 * part * size[0]
        sheet.text(f"partition {part}", (start + 2.5 * size[0], 2.88), f"classes C$_{part + 1}$: τ = {part}")
        ends = (start + 0.1 * size[0], start + 4.9 * size[0])
        sheet.axes.plot(ends, (2.68, 2.68), color=GIVEN, linewidth=2.0, zorder=3)
        place = (5.3, corner[1] + (1.5 - part) * size[1])
        sheet.text(f"found classes {part}", place, f"discovered\nτ$_d$ = {part}")
    note = "the network predicts all ten; each class trains on one side of τ$_d$ only"
    sheet.text("classes note", (7.64, 0.4), note, size=8)


def _draw_cell(sheet: Sheet, centre: Point, size: Point, *, train: bool) -> None:
    corner = (centre[0] - size[0] / 2, centre[1] - size[1] / 2)
    patch = Rectangle(corner, *size, edgecolor="white", linewidth=2.0, zorder=1)
    patch.set_facecolor(tint(TRAIN if train else FOUND, 0.16))
    sheet.axes.add_patch(patch)


numbers_search, draw_search = figure_of(search)
numbers_split, draw_split = figure_of(split)
