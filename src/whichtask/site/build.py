"""Write the website: collect every page's data, then render every page."""

import math
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from whichtask.artifacts import write_text
from whichtask.config import Config
from whichtask.errors import WhichtaskError
from whichtask.plan.imports import load
from whichtask.plan.site import PAGES
from whichtask.site.embed import in_page
from whichtask.site.run import Run

MARK = "whichtask.txt"
"""In ``files/``: the folder is a website of ours and may be written again."""
WHOLE = "whole.txt"
"""In ``files/``, written last: the workflow's sign of a website that was made after all that it can show."""


def build(settings: Config, out: Path, also: Sequence[Config] = ()) -> Run:
    """Write the website of a run.

    Args:
        settings: the run's configuration; its ``results`` says where the run is.
        out: folder to write to: a new or empty one, or an earlier website.
        also: configurations of further runs, whose tasks are shown beside: of other images, say.

    Returns:
        The run, with the files that could not be read.

    Raises:
        WhichtaskError: there is no results folder, or ``out`` holds something else or cannot be written.
    """
    for results in (one.results for one in (settings, *also)):
        if not Path(results).is_dir():
            raise WhichtaskError(f"{results} is no folder; give the results folder of a run")
    if not _may_be_written(out):
        raise WhichtaskError(
            f"{out} holds something else; --out takes a new folder, an empty one or an earlier website"
        )
    run = Run(settings, out, also)
    run.write(MARK, b"Made by whichtask site; a new website replaces all files of this folder.\n")
    static = {path.name: path.read_bytes() for path in resources.files("whichtask.site").joinpath("static").iterdir()}
    for name, content in static.items():
        run.write(name, content)
    collected = {name: load(f"whichtask.site.pages.{name}:collect")(run) for name in PAGES}
    environment = _environment()
    for name in reversed(PAGES):  # the first page last: where it is, the others are
        page = environment.get_template(f"{name}.html").render(
            page=name, pages=PAGES, run=run, script=f"{name}.js" if f"{name}.js" in static else None, **collected[name]
        )
        write_text(out / f"{name}.html", page)
    run.write(WHOLE, b"All pages are written.\n")
    for old in (out / "files").iterdir():
        if old.name not in run.files:
            old.unlink()
    return run


def _may_be_written(out: Path) -> bool:
    """Say whether a folder is new, an earlier website, or holds no file at all."""
    if not out.exists() or (out / "files" / MARK).is_file():
        return True
    return out.is_dir() and not any(path.is_file() for path in out.rglob("*"))


def _environment() -> Environment:
    """Return what renders templates; values are escaped, so that names may hold markup."""
    environment = Environment(
        loader=PackageLoader("whichtask.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": percent, "json": in_page}
    return environment


def percent(share: float, digits: int = 0) -> str:
    """Write a share in 0..1 as people read it; a dash where it is not known."""
    return "–" if share is None or math.isnan(share) else f"{100 * share:.{digits}f}\N{NO-BREAK SPACE}%"
