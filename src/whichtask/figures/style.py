"""How every figure looks, and how its picture is written: PNG and SVG.

Figures are built as plain ``Figure`` objects, never through pyplot, so drawing needs no display and leaves no state.
"""

import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.typing import RcKeyType

from whichtask.artifacts import atomic_path
from whichtask.errors import WhichtaskError
from whichtask.figures.palette import NEUTRAL

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


@contextmanager
def styled(rc: Mapping[str, Any]) -> Iterator[None]:
    """Run a block with the project's style, and the user's on top; matplotlib's own settings come back after it."""
    with mpl.rc_context():
        mpl.rcdefaults()  # a user's matplotlibrc must not change the figures
        mpl.rcParams.update(_STYLE)
        mpl.rcParams.update(cast("Mapping[RcKeyType, Any]", rc))
        yield


def annotate(figure: Figure, title: str, note: str) -> None:
    """Put a title above a figure and, below it, the note that says what n and the intervals are."""
    figure.suptitle(title, x=0.01, ha="left")
    # About 17 characters of this small type fit on an inch.
    lines = textwrap.fill(note, int(figure.get_figwidth() * 17))
    figure.supxlabel(lines, x=0.01, ha="left", fontsize=7.5, color=NEUTRAL)


def _freeze_layout(figure: Figure) -> None:
    """Lay a figure out once: the solver's last digits depend on addresses in memory, and with them ids in the SVG."""
    if figure.get_layout_engine() is None:
        return
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        axes.set_position(tuple(round(value, 6) for value in axes.get_position().bounds))


def save(figure: Figure, out: Path, dpi: int) -> None:
    """Write a figure as ``out`` (PNG) and as SVG beside it. Neither holds a date: the same table gives the same bytes.

    Raises:
        WhichtaskError: matplotlib takes a name with two dollar signs for a formula, and cannot read it.
    """
    try:
        _freeze_layout(figure)
        with atomic_path(out) as path:
            figure.savefig(path, format="png", dpi=dpi)
        with atomic_path(out.with_suffix(".svg")) as path:
            figure.savefig(path, format="svg", dpi=dpi, metadata={"Date": None})
    except ValueError as error:
        formula = str(error).strip().split("\n")
        if not formula[-1].startswith("Parse"):
            raise
        raise WhichtaskError(
            f"cannot draw {out.stem}: a name holds {formula[0]!r} between two dollar signs, which matplotlib takes for "
            "a formula; rename the class or the task"
        ) from error
