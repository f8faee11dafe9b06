"""Figures by ID: numbers first, then a picture of these numbers. None trains or loads a network.

A figure is two functions of one module (``whichtask.plan.figures`` says which):

    numbers(inputs) -> table              what is drawn, as it goes into the CSV
    draw(table, settings) -> Figure       a picture of the table, as it was read back from the CSV

A gallery shows images, which no CSV holds: ``numbers(inputs, settings)`` chooses them, and
``draw(table, settings, inputs)`` shows them. An animated figure has ``animate(table, settings, inputs, out)`` beside.
"""

import io
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from whichtask.artifacts import FLOATS, write_csv
from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.inputs import Inputs
from whichtask.figures.style import save, styled
from whichtask.plan.cards import FigureCard
from whichtask.plan.figures import FIGURES
from whichtask.plan.imports import load

CLASS_NAMES = ("class_name", "column_class", "true_class", "predicted_class")
"""Columns of text, also where classes are called "0" to "9"."""


def card_of(figure: str) -> FigureCard:
    """Return the card of a figure.

    Raises:
        WhichtaskError: unknown figure.
    """
    if figure not in FIGURES:
        raise WhichtaskError(f"unknown figure {figure!r}; allowed: {', '.join(FIGURES)}")
    return FIGURES[figure]


def numbers(figure: str, inputs: Inputs, settings: FigureSettings) -> pd.DataFrame:
    """Return the numbers of a figure.

    Args:
        figure: its ID.
        inputs: files by input name; the docstring of each figure's ``numbers`` lists the names.
        settings: how many images a gallery shows.

    Raises:
        WhichtaskError: unknown figure, a missing input, or an input that does not fit.
    """
    card = card_of(figure)
    made = load(card.address("numbers"))
    table: pd.DataFrame = made(inputs, settings.of(figure)) if card.gallery else made(inputs)
    return table


def drawn_numbers(figure: str, inputs: Inputs, settings: FigureSettings) -> pd.DataFrame:
    """Return the numbers of a figure as its CSV holds them; see ``numbers``."""
    table = numbers(figure, inputs, settings)
    return _as_read(table.to_csv(index=False, float_format=FLOATS).encode())


def read_numbers(path: Path) -> pd.DataFrame:
    """Read the CSV of a figure; only an empty cell is a missing value, as a class may be called "NA" or "None".

    Raises:
        WhichtaskError: the file cannot be read as a CSV with at least one row.
    """
    try:
        return _as_read(path.read_bytes())
    except (OSError, ValueError) as error:
        raise WhichtaskError(f"cannot read the numbers of a figure from {path}: {error}") from error


def _as_read(content: bytes) -> pd.DataFrame:
    return pd.read_csv(
        io.BytesIO(content), keep_default_na=False, na_values=[""], dtype=dict.fromkeys(CLASS_NAMES, str)
    )


def picture(figure: str, table: pd.DataFrame, settings: FigureSettings, inputs: Inputs | None = None) -> Figure:
    """Draw a figure from its numbers.

    Args:
        figure: its ID.
        table: as from ``read_numbers``.
        settings: how figures look.
        inputs: for galleries, the files that hold the images.

    Raises:
        WhichtaskError: unknown figure, a gallery without its inputs, or a table of another figure.
    """
    card, own = card_of(figure), settings.of(figure)
    if card.gallery and not inputs:
        raise WhichtaskError(f"{figure} shows images, which a CSV does not hold; give its inputs")
    made = load(card.address("draw"))
    try:
        drawn: Figure = made(table, own, inputs) if card.gallery else made(table, own)
    except KeyError as error:
        raise WhichtaskError(f"these are not the numbers of {figure}: no column or row {error}") from error
    return drawn


def draw(figure: str, inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Make a figure: its numbers as CSV, and from that CSV the picture as PNG and SVG, and a GIF where it moves.

    Args:
        figure: its ID.
        inputs: see ``numbers``.
        out: where the PNG goes, ``.../ID.png``; the others are written beside it.
        settings: how figures look.

    Raises:
        WhichtaskError: see ``numbers``.
    """
    csv = out.with_suffix(".csv")
    write_csv(csv, numbers(figure, inputs, settings))
    draw_again(figure, csv, out, settings, inputs)


def draw_again(figure: str, csv: Path, out: Path, settings: FigureSettings, inputs: Inputs | None = None) -> None:
    """Draw a figure from its CSV; galleries need their inputs too.

    Raises:
        WhichtaskError: the CSV cannot be read, or is not this figure's.
    """
    card, table, own = card_of(figure), read_numbers(csv), settings.of(figure)
    with styled(own.rc):
        save(picture(figure, table, settings, inputs), out, own.dpi)
        if card.animated:
            load(card.address("animate"))(table, own, inputs, out.with_suffix(".gif"))
