"""All figures by ID. The part of an ID before its first underline names the paper."""

from whichtask.plan.cards import FigureCard
from whichtask.plan.gbi_figures import GBI_FIGURES
from whichtask.plan.imports import docstring
from whichtask.plan.td_figures import TD_FIGURES

PAPERS = {"td": "Task Discovery", "gbi": "Gradient-Based Inference"}
FIGURES: dict[str, FigureCard] = TD_FIGURES | GBI_FIGURES


def address_of(figure: str, step: str) -> str:
    """Return the address of one of a figure's functions: ``numbers``, ``draw`` or ``animate``."""
    module, _, name = FIGURES[figure].code.partition(":")
    return f"whichtask.figures.{module}:{step}_{name}" if name else f"whichtask.figures.{module}:{step}"


def text_of(figure: str) -> str:
    """Return what one sees in a figure, on one line."""
    return FIGURES[figure].text or " ".join(docstring(address_of(figure, "draw")).split())


def paper_of(figure: str) -> str:
    """Return the name of a figure's paper."""
    return PAPERS[figure.partition("_")[0]]
