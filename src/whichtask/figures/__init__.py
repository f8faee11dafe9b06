"""Figures by ID. Each reads tables and arrays and draws them; none trains or loads a network."""

from pathlib import Path

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.dynamics import draw_dynamics
from whichtask.figures.examples import draw_examples
from whichtask.figures.gallery import draw_gallery
from whichtask.figures.inputs import Draw, Inputs
from whichtask.figures.scores import draw_by_images, draw_by_network, draw_by_source
from whichtask.figures.similarity import draw_similarity
from whichtask.figures.split_classes import draw_split_classes, draw_split_gallery
from whichtask.figures.splits import draw_splits_table

FIGURES: dict[str, Draw] = {
    "td_examples": draw_examples,
    "td_as_by_network": draw_by_network,
    "td_as_by_source": draw_by_source,
    "td_as_by_images": draw_by_images,
    "td_dynamics": draw_dynamics,
    "td_gallery_discovered": draw_gallery,
    "td_similarity": draw_similarity,
    "td_splits_table": draw_splits_table,
    "td_split_gallery": draw_split_gallery,
    "td_split_classes": draw_split_classes,
}

__all__ = ["FIGURES", "Draw", "Inputs", "draw"]


def draw(figure: str, inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw one figure by its ID to ``out``, with the SVG and the CSV beside it.

    Args:
        figure: a key of ``FIGURES``.
        inputs: files by input name; each figure's own docstring lists the names.
        out: where the PNG goes, ``.../ID.png``.
        settings: how figures look.

    Raises:
        WhichtaskError: unknown figure, a missing input, or an input that does not fit.
    """
    if figure not in FIGURES:
        raise WhichtaskError(f"unknown figure {figure!r}; allowed: {', '.join(FIGURES)}")
    FIGURES[figure](inputs, out, settings)
