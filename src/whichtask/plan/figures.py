"""All figures by ID. The part of an ID before its first underline names the paper."""

from whichtask.plan.bridge_figures import BRIDGE_FIGURES
from whichtask.plan.cards import FigureCard
from whichtask.plan.gbi_figures import GBI_FIGURES
from whichtask.plan.imports import docstring
from whichtask.plan.td_figures import TD_FIGURES

PAPERS = {"td": "Task Discovery", "gbi": "Gradient-Based Inference", "bridge": "The bridge"}
FIGURES: dict[str, FigureCard] = TD_FIGURES | GBI_FIGURES | BRIDGE_FIGURES


def text_of(figure: str) -> str:
    """Return what one sees in a figure, on one line."""
    card = FIGURES[figure]
    return card.text or " ".join(docstring(card.address("draw")).split())


def paper_of(figure: str) -> str:
    """Return the name of a figure's paper."""
    return PAPERS[figure.partition("_")[0]]
