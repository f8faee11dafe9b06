"""Figures on the pages of the experiments: picture, caption, command, settings, numbers and claims of each.

A page names a figure before the heading of its section; the section's own text says how to read it:

    <!-- figure td_similarity -->
    ## How alike the tasks are

    A light cell is ...

A figure that no page names yet stands below the list of all figures, with what its card says.
"""

import re

import site_claims
from PIL import Image
from pydantic import BaseModel
from site_repository import Repository, plain

from whichtask.config import Config
from whichtask.plan.figures import FIGURES, paper_of, text_of

# Dots per inch of a picture as it was drawn, and as it is shown: one of 5 inches fills two thirds of the column.
DRAWN, SCREEN = 150, 110
SECTION = re.compile(
    r"^<!-- figure (?P<figure>\w+) -->\n## (?P<title>.+)\n(?P<text>(?:(?!<!-- |#).*\n?)*)", re.MULTILINE
)


def expand(text: str, repository: Repository) -> str:
    """Fill in the sections of all figures that a page names."""
    return SECTION.sub(lambda found: _section(repository, *found.groups()), text)


def _section(repository: Repository, figure: str, title: str, reading: str = "") -> str:
    if figure not in FIGURES:
        raise ValueError(f"{figure} is not a figure of the package")
    lines = [
        f"({figure})=",
        f"## {title}",
        "",
        *_picture(repository, figure, text_of(figure)),
        "",
        *([f"**How to read it.** {reading.strip()}", ""] if reading else []),
        *_facts(repository, figure),
        "",
        *site_claims.of_figure(repository, figure),
    ]
    return "\n".join(lines) + "\n\n"


def _picture(repository: Repository, figure: str, caption: str) -> list[str]:
    picture = repository.reference / f"{figure}.png"
    if not picture.exists():
        return [plain(caption), "", ":::{note}\nNot drawn yet in the runs that are kept here.\n:::"]
    with Image.open(picture) as opened:
        width = opened.width * SCREEN // DRAWN
    look = [f":alt: {_first(caption)}", f":width: {width}px", ":loading: lazy"]
    return [f":::{{figure}} {repository.link(picture)}", *look, "", plain(caption), ":::"]


def _first(caption: str) -> str:
    """Return the first sentence of a caption."""
    return re.split(r"(?<=[a-z)\]])[.:;] ", caption)[0].rstrip(".")


def _key(key: str, page: str) -> str:
    """Return a link from a key of the configuration to the innermost section that holds it."""
    section, model = [], Config
    for part in key.split("."):
        field = model.model_fields.get(part)
        if field is None or not isinstance(field.default, BaseModel | dict):
            break
        section.append(part)
        model = type(field.default)
    anchor = f"#{''.join(section)}" if section else ""
    return f"[`{key}`]({page}{anchor})"


def _facts(repository: Repository, figure: str) -> list[str]:
    card = FIGURES[figure]
    picture, table, film = (repository.reference / f"{figure}.{ending}" for ending in ("png", "csv", "gif"))
    also = f"; also part of `make {'run' if card.headline else 'figures'}`" if picture.exists() else ""
    facts = [f"* Command: `snakemake --cores all {figure}`{also}"]
    page = repository.page("configuration.md")
    keys = ", ".join(_key(key, page) for key in card.keys.split(", ") if key) or "none beside figures"
    facts += [f"* Configuration: {keys}", f"* Paper: {plain(f'{paper_of(figure)}; {card.paper}')}"]
    if picture.exists():
        numbers = f"`{figure}.csv`, too large to be kept here; the command writes it beside the picture"
        if table.exists():
            numbers = f"[{table.name}]({repository.link(table)})"
        settings = repository.settings
        run = f"[{settings['scale']} scale, seed {settings['seed']}]({repository.page('measured.md')})"
        facts += [f"* Numbers drawn: {numbers}", f"* Run: {run}"]
    if film.exists():
        facts.append(f"* Animation: [{film.name}]({repository.link(film)})")
    return facts


def index(repository: Repository) -> str:
    """Return a list of all figures with the first sentence of their captions; then those that no page names."""
    listed = [f"* [{figure}](#{figure}): {plain(_first(text_of(figure)))}" for figure in sorted(FIGURES)]
    pages = (repository.root / "docs" / "experiments").glob("*.md")
    named = {found["figure"] for page in pages for found in SECTION.finditer(page.read_text(encoding="utf-8"))}
    unnamed = [_section(repository, figure, f"`{figure}`") for figure in FIGURES if figure not in named]
    return "\n".join([*listed, "", *unnamed])
