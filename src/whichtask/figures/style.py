"""How every figure looks, and how it is written: PNG, SVG and the CSV that it was drawn from.

Figures are built as plain ``Figure`` objects, never through pyplot, so drawing needs no display and leaves no state.
"""

import textwrap
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, cast

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.typing import RcKeyType

from whichtask.artifacts import atomic_path, write_csv
from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError

# Okabe and Ito's palette: distinguishable with every common colour deficiency. One kind of task has one colour in all
# figures; the order is the order from left to right.
KIND_COLOURS = {
    "random": "#6E6E6E",
    "human": "#0072B2",
    "factor": "#009E73",
    "user": "#56B4E9",
    "feature": "#8C6D31",
    "pca": "#A6A600",
    "kmeans": "#17A2B8",
    "network": "#E69F00",
    "discovered": "#D55E00",
    "regulated": "#CC79A7",
}
# Frames round images: the two ends of ColorBrewer's PRGn differ in hue and in lightness, and no kind has them.
SIDE_COLOURS = ("#762A83", "#5AAE61")
NEUTRAL = "#444444"

_STYLE: dict[RcKeyType, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so every machine draws the same letters
    "font.size": 9.0,
    "axes.titlesize": 9.5,
    "axes.labelsize": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8.0,
    "figure.titlesize": 11.0,
    "figure.titleweight": "bold",
    # Element ids in an SVG are random unless salted: the same numbers must give the same bytes.
    "svg.hashsalt": "whichtask",
}


T = TypeVar("T")
_wanted: ContextVar[Mapping[str, Any]] = ContextVar("_wanted", default=MappingProxyType({}))
_numbers_only: ContextVar[bool] = ContextVar("_numbers_only", default=False)


@contextmanager
def _within(variable: ContextVar[T], value: T) -> Iterator[None]:
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)


def wanting(rc: Mapping[str, Any]) -> AbstractContextManager[None]:
    """Put matplotlib settings that the user wants on top of the project's style, for figures drawn inside the block."""
    return _within(_wanted, rc)


def numbers_only() -> AbstractContextManager[None]:
    """Write the tables of figures drawn inside the block, and no pictures: these take most of the time."""
    return _within(_numbers_only, True)


@contextmanager
def styled() -> Iterator[None]:
    """Run a block, or a decorated function, with the project's style; matplotlib's own settings come back after it."""
    with mpl.rc_context():
        mpl.rcdefaults()  # a user's matplotlibrc must not change the figures
        mpl.rcParams.update(_STYLE)
        mpl.rcParams.update(cast("Mapping[RcKeyType, Any]", _wanted.get()))
        yield


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


def annotate(figure: Figure, title: str, note: str) -> None:
    """Put a title above a figure and, below it, the note that says what n and the intervals are."""
    figure.suptitle(title, x=0.01, ha="left")
    # About 17 characters of this small type fit on an inch.
    lines = textwrap.fill(note, int(figure.get_figwidth() * 17))
    figure.supxlabel(lines, x=0.01, ha="left", fontsize=7.5, color=NEUTRAL)


def save(figure: Figure, table: pd.DataFrame, out: Path, settings: FigureSettings) -> None:
    """Write the figure as ``out`` (PNG) and as SVG beside it, and the table it was drawn from as CSV.

    Neither file holds a date, so the same table gives the same bytes.

    Raises:
        WhichtaskError: matplotlib takes a name with two dollar signs for a formula, and cannot read it.
    """
    write_csv(out.with_suffix(".csv"), table)
    if _numbers_only.get():
        return
    try:
        with atomic_path(out) as path:
            figure.savefig(path, format="png", dpi=settings.dpi)
        with atomic_path(out.with_suffix(".svg")) as path:
            figure.savefig(path, format="svg", dpi=settings.dpi, metadata={"Date": None})
    except ValueError as error:
        formula = str(error).strip().split("\n")
        if not formula[-1].startswith("Parse"):
            raise
        raise WhichtaskError(
            f"cannot draw {out.stem}: a name holds {formula[0]!r} between two dollar signs, which matplotlib takes for "
            "a formula; rename the class or the task"
        ) from error
