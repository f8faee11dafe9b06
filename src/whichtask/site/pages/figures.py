"""Every figure of the run with its caption, its numbers and the command that makes it."""

import gzip
import io
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from whichtask.errors import WhichtaskError
from whichtask.plan.figures import FIGURES, paper_of, text_of
from whichtask.runs.captions import Captions
from whichtask.site.run import Run

WIDEST = 1500
"""Pixels; wider figures are made smaller."""
QUALITY = 80
LARGE = 500_000
"""Bytes of a table above which it is packed."""


class Drawn(NamedTuple):
    """One figure."""

    id: str
    text: str
    facts: dict[str, str]
    command: str
    file: str
    width: int
    height: int
    table: str | None
    """Its numbers; None where there are none."""


class Section(NamedTuple):
    """Figures that stand together."""

    key: str
    title: str
    figures: list[Drawn]


def collect(run: Run) -> dict[str, Any]:
    """Convert the run's figures, headline first; and say which are missing."""
    captions = Captions(Path(), run.settings, run.plan.human_tasks)
    wanted = [figure for figure, card in FIGURES.items() if card.wanted(run.settings)]
    made = {figure: _drawn(run, figure, captions) for figure in wanted}
    found = [figure for figure in made.values() if figure]
    sections = [Section("headline", "Headline", [one for one in found if FIGURES[one.id].headline])]
    for paper in dict.fromkeys(map(paper_of, wanted)):
        own = [one for one in found if paper_of(one.id) == paper and not FIGURES[one.id].headline]
        sections.append(Section(paper.lower().replace(" ", "-"), paper, own))
    missing = [run.missing(figure, figure) for figure, one in made.items() if one is None]
    return {"sections": [section for section in sections if section.figures], "missing": missing}


def _drawn(run: Run, figure: str, captions: Captions) -> Drawn | None:
    picture = run.read(run.plan.at(f"figures/{figure}.png"), smaller)
    if picture is None:
        return None
    content, (width, height) = picture
    return Drawn(
        figure,
        text_of(figure),
        captions.facts(figure),
        run.command(figure),
        run.write(f"{figure}.webp", content),
        width,
        height,
        _table(run, figure),
    )


def _table(run: Run, figure: str) -> str | None:
    path = run.plan.at(f"figures/{figure}.csv")
    if not run.has(path):
        return None
    content = Path(path).read_bytes()
    if len(content) <= LARGE:
        return run.write(f"{figure}.csv", content)
    return run.write(f"{figure}.csv.gz", gzip.compress(content, mtime=0))


def smaller(path: Path) -> tuple[bytes, tuple[int, int]]:
    """Return a picture as WebP, at most ``WIDEST`` pixels wide, and its size.

    Raises:
        WhichtaskError: the file is no picture.
    """
    try:
        with Image.open(path, formats=["PNG"]) as opened:
            picture = opened.convert("RGB")
    except OSError as error:
        raise WhichtaskError(f"{path} is no picture: {error}") from error
    if picture.width > WIDEST:
        picture = picture.resize((WIDEST, round(picture.height * WIDEST / picture.width)), Image.Resampling.LANCZOS)
    content = io.BytesIO()
    picture.save(content, "WEBP", quality=QUALITY, method=2)
    return content.getvalue(), picture.size
