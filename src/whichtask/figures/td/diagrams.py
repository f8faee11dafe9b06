"""Diagrams of the ideas, drawn by code: the question from its two sides, and the agreement score."""

from matplotlib.patches import Rectangle

from whichtask.figures.palette import NEUTRAL, SIDE_COLOURS, colour_of
from whichtask.figures.sheet import Point, Shape, Sheet, figure_of

IMAGES: tuple[tuple[Shape, bool], ...] = (
    ("circle", False),
    ("square", True),
    ("ring", True),
    ("triangle", False),
    ("ellipse", True),
    ("diamond", False),
)
"""Shape and darkness: three round and three angular, three light and three dark."""
ROUND = ("circle", "ring", "ellipse")
BY_SHAPE = tuple(int(shape not in ROUND) for shape, _ in IMAGES)
BY_LIGHT = tuple(int(dark) for _, dark in IMAGES)
BY_COIN = (1, 1, 0, 0, 1, 0)
FOUND, GIVEN, CHANCE = colour_of("discovered"), colour_of("human"), colour_of("random")


def _row(sheet: Sheet, name: str, start: Point, sides: tuple[int, ...] | None, step: float = 0.52) -> None:
    """Draw the images of ``IMAGES`` side by side, framed by their side of a task."""
    for i, (shape, dark) in enumerate(IMAGES):
        side = None if sides is None else sides[i]
        sheet.picture(f"{name} image {i}", (start[0] + i * step, start[1]), shape, dark=dark, side=side)


def _sides(sheet: Sheet, place: Point) -> None:
    """Draw the legend of the two frames."""
    for side, colour in enumerate(SIDE_COLOURS):
        x = place[0] + 0.75 * side
        patch = Rectangle((x - 0.07, place[1] - 0.07), 0.14, 0.14, facecolor="none", edgecolor=colour, linewidth=2.2)
        sheet.axes.add_patch(patch)
        sheet.text(f"side {side}", (x + 0.14, place[1]), f"side {side}", size=8, ha="left")


def concept() -> Sheet:
    """Return the diagram of the two questions."""
    sheet = Sheet(10.6, 4.0, "One question from two sides")
    _sides(sheet, (9.0, 3.78))
    sheet.panel("left", (0.12, 0.12), (4.3, 3.4), "Usual: fix the task, search for the network")
    sheet.text("fixed task", (2.27, 2.93), "a labelling by people: round or angular", color=GIVEN)
    _row(sheet, "fixed task", (0.97, 2.45), BY_SHAPE)
    for i, (name, best) in enumerate((("network A", False), ("network B", True), ("network C", False))):
        x = 0.97 + 1.3 * i
        sheet.arrow(f"to {name}", (x, 2.15), (x, 1.72), FOUND if best else NEUTRAL)
        sheet.box(name, (x, 1.45), (1.1, 0.5), name, FOUND if best else NEUTRAL, strong=best)
        sheet.text(f"{name} result", (x, 0.95), "generalises best" if best else "generalises less", size=8)
    sheet.text("left question", (2.27, 0.45), "Which network generalises on this task?", size=9, style="italic")
    sheet.panel("right", (4.62, 0.12), (5.86, 3.4), "Task discovery: fix the network, search for tasks")
    tasks = (
        ("a task that was found: light or dark", BY_LIGHT, FOUND, "two trainings agree"),
        ("another one that was found: round or angular", BY_SHAPE, FOUND, "two trainings agree"),
        ("not found: a coin for each image", BY_COIN, CHANCE, "two trainings disagree"),
    )
    for i, (text, sides, colour, result) in enumerate(tasks):
        y = 2.62 - 0.8 * i
        sheet.text(f"task {i}", (4.8, y + 0.33), text, ha="left", color=colour)
        _row(sheet, f"task {i}", (5.02, y), sides)
        sheet.arrow(f"task {i} to network", (7.93, y), (8.28, y), colour)
        sheet.arrow(f"network to result {i}", (9.0, y), (9.27, y), colour)
        sheet.text(f"result {i}", (9.86, y), result.replace("trainings ", "trainings\n"), color=colour)
    sheet.box("fixed network", (8.64, 1.82), (0.72, 2.1), "the\nsame\nnetwork", NEUTRAL, strong=True)
    sheet.text("right question", (7.55, 0.4), "On which tasks does this network generalise?", size=9, style="italic")
    return sheet


def agreement() -> Sheet:
    """Return the diagram of the agreement score."""
    sheet = Sheet(10.6, 3.9, "Agreement score (AS) of a task")
    _sides(sheet, (9.0, 3.68))
    sheet.panel("training", (0.12, 0.55), (2.45, 2.75), "Training images")
    sheet.text("training text", (1.345, 2.75), "with the labels of the task", size=8)
    for i, (shape, dark) in enumerate(IMAGES):
        place = (0.72 + 0.62 * (i % 3), 2.2 - 0.65 * (i // 3))
        sheet.picture(f"training image {i}", place, shape, dark=dark, side=BY_SHAPE[i], size=0.44)
    sheet.text("no test labels", (1.345, 0.9), "the same for both networks", size=8)
    heldout: tuple[tuple[Shape, bool], ...] = (
        ("square", False), ("circle", True), ("diamond", True), ("ring", False), ("triangle", True), ("ellipse", False),
    )  # fmt: skip
    predictions = ((1, 0, 1, 0, 1, 0), (1, 0, 1, 0, 0, 0))
    sheet.panel("heldout", (4.95, 0.55), (4.1, 2.75), "Held-out images, predicted sides")
    for member, y in enumerate((2.45, 1.72)):
        sheet.box(f"network {member + 1}", (3.72, y), (1.3, 0.52), f"network {member + 1}\nown initial weights", FOUND)
        sheet.arrow(f"train network {member + 1}", (2.62, y), (3.02, y))
        sheet.arrow(f"predict with network {member + 1}", (4.42, y), (4.9, y))
        for i, (shape, dark) in enumerate(heldout):
            place = (5.38 + 0.65 * i, y)
            side = predictions[member][i]
            sheet.picture(f"prediction {member + 1} {i}", place, shape, dark=dark, side=side, size=0.44)
    equal = [first == second for first, second in zip(*predictions, strict=True)]
    for i, same in enumerate(equal):
        colour = colour_of("factor") if same else FOUND
        sheet.text(f"equal {i}", (5.38 + 0.65 * i, 1.1), "✓" if same else "✗", size=14, color=colour, weight="bold")
    sheet.text("equal", (7.0, 0.74), "equal predictions?", size=8)
    sheet.arrow("to score", (9.1, 1.1), (9.38, 1.1))
    sheet.text("score", (9.95, 1.1), f"AS = {sum(equal)}/{len(equal)}", size=11, weight="bold")
    note = (
        "AS is the mean over pairs of networks of the share of held-out images with equal predictions; the true labels "
        "of held-out images are not used."
    )
    sheet.text("note", (0.15, 0.28), note, size=8, ha="left", color=NEUTRAL)
    return sheet


numbers_concept, draw_concept = figure_of(concept)
numbers_agreement, draw_agreement = figure_of(agreement)
