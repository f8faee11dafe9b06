"""One palette and one order for everything that figures tell apart: kinds of tasks, arms, families of methods.

Okabe and Ito's colours, which every common colour deficiency can tell apart, and a few more where one figure holds more
than eight things. One thing has one colour in all figures.
"""

import pandas as pd

from whichtask.errors import WhichtaskError

VERMILION, BLUE, GREEN, ORANGE = "#D55E00", "#0072B2", "#009E73", "#E69F00"
PURPLE, SKY, GREY, BROWN = "#CC79A7", "#56B4E9", "#6E6E6E", "#8C6D31"
NEUTRAL = "#444444"
"""Axes, notes, lines of reference."""

# The order is the order from left to right.
KIND_COLOURS = {
    "random": GREY,
    "human": BLUE,
    "factor": GREEN,
    "user": SKY,
    "feature": BROWN,
    "pca": "#A6A600",
    "kmeans": "#17A2B8",
    "network": ORANGE,
    "discovered": VERMILION,
    "regulated": PURPLE,
}
"""Kinds of tasks."""
FAMILY_COLOURS = {"gbi": VERMILION, "classifier": BLUE, "generative": GREEN, "gradient": GREY}
"""Families of methods that infer a class."""
# Frames round images: the two ends of ColorBrewer's PRGn differ in hue and in lightness, and no kind has them.
SIDE_COLOURS = ("#762A83", "#5AAE61")
"""The two sides of a task."""
# No kind of task has these colours; they differ in lightness as well as in hue.
SPLIT_COLOURS = {"random": "#332288", "class_matched": "#CCBB44", "adversarial": "#BB5566"}
"""Kinds of train-test splits."""


def colour_of(kind: str) -> str:
    """Return the colour of a kind of task.

    Raises:
        WhichtaskError: no such kind.
    """
    if kind not in KIND_COLOURS:
        raise WhichtaskError(f"cannot draw tasks of kind {kind!r}; allowed: {', '.join(KIND_COLOURS)}")
    return KIND_COLOURS[kind]


def in_order(kinds: pd.Series) -> list[str]:
    """Return the distinct kinds of a column in the order in which figures show them.

    Raises:
        WhichtaskError: a kind that has no colour.
    """
    present = {str(kind) for kind in kinds.unique()}
    for kind in sorted(present):
        colour_of(kind)
    return [kind for kind in KIND_COLOURS if kind in present]
