"""Verbs that read tables and arrays and make what people look at: figures and claims.

Each imports what it runs when it runs.
"""

from collections import defaultdict
from pathlib import Path
from typing import Annotated

import typer

from whichtask.cli.settings import ConfigOption, JobOption, resolve
from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.paths import keep_inputs

MAIN_FIGURE = "td_as_by_source"
"""The figure whose numbers name the main data set."""


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("figure")(figure)
    app.command("claims")(claims)
    app.command("metrics")(metrics)


def figure(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="One of the figures; an unknown one lists them all.")],
    out: Annotated[Path, typer.Option(help="PNG to write; .svg and .csv are written beside it.")],
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", help="NAME=PATH, once for each file; one NAME may have several files."),
    ] = None,
    numbers: Annotated[Path | None, typer.Option("--from", help="CSV of the figure, to draw it again.")] = None,
    config: ConfigOption = None,
    job: JobOption = None,
) -> None:
    """Draw one figure: its numbers from tables and arrays as CSV, and from that CSV the picture as PNG and SVG.

    With --from the picture is drawn again from a CSV alone, in another style or after a look at the numbers; a gallery,
    which shows images, needs its inputs too.
    """
    from whichtask.figures import draw, draw_again

    named = _named(inputs or [], "NAME=PATH")
    read = [path for paths in named.values() for path in paths]
    made = [out.with_suffix(f".{ending}") for ending in ("png", "svg", "gif", *([] if numbers else ["csv"]))]
    keep_inputs([numbers, *read, *(config or ())], [out, *made])
    settings = resolve(FigureSettings, job, config, lambda whole: whole.figures)
    if numbers is None:
        draw(identifier, named, out, settings)
    else:
        draw_again(identifier, numbers, out, settings, named)


def _named(items: list[str], form: str) -> dict[str, list[Path]]:
    """Sort what was given as NAME=PATH by name."""
    named: dict[str, list[Path]] = defaultdict(list)
    for item in items:
        name, equals, path = item.partition("=")
        if not equals or not path or (":" in form and ":" not in name):
            raise WhichtaskError(f"--input {item!r}: write {form}")
        named[name].append(Path(path))
    return named


def claims(
    claims_file: Annotated[Path, typer.Option("--claims", help="The paper's numbers: config/claims.yaml.")],
    out: Annotated[Path, typer.Option(help="CSV to write; a page, .md, is written beside it.")],
    scale: Annotated[str, typer.Option(help="Scale of the run: smoke, laptop or paper.")],
    data: Annotated[str | None, typer.Option(help="Main data set; default: that of td_as_by_source.")] = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", help="FIGURE:NAME=PATH: what figures whose numbers are claimed are drawn from."),
    ] = None,
    config: ConfigOption = None,
    job: JobOption = None,
) -> None:
    """Compare the papers' claims with what was measured: paper, ours, interval, n, scale, one verdict a claim.

    Numbers of figures are made here from their tables as for drawing: the claims do not wait for pictures.
    """
    from whichtask import claims as claims_module
    from whichtask.figures import drawn_numbers
    from whichtask.figures.tables import only

    figures: dict[str, dict[str, list[Path]]] = defaultdict(dict)
    for name, paths in _named(inputs or [], "FIGURE:NAME=PATH").items():
        identifier, _, own = name.partition(":")
        figures[identifier][own] = paths
    read = [path for named in figures.values() for paths in named.values() for path in paths]
    keep_inputs([claims_file, *read, *(config or ())], [out, out.with_suffix(".md")])
    settings = resolve(FigureSettings, job, config, lambda whole: whole.figures)
    drawn = {identifier: drawn_numbers(identifier, named, settings) for identifier, named in figures.items()}
    # The images know their name, and it need not be that of their file (MNIST from a package is no whole MNIST).
    if data is None and MAIN_FIGURE not in drawn:
        raise WhichtaskError(f"give --data, or an --input of {MAIN_FIGURE}, which names the main data set")
    known = data or only(drawn[MAIN_FIGURE], "data")
    verdicts = claims_module.evaluate(claims_file, drawn, scale, known)
    claims_module.write(verdicts, out, out.with_suffix(".md"))


def metrics(
    claims: Annotated[Path, typer.Option(help="Table of claims: claims.csv.")],
    drawn: Annotated[list[Path], typer.Option(help="CSV of a headline figure, FIGURES/ID.csv; once for each.")],
    out: Annotated[Path, typer.Option(help="JSON to write.")],
) -> None:
    """Sum a run up as JSON: headline measures with their 95 % intervals and n, and claims by verdict."""
    from whichtask.claims.metrics import summarise, write_metrics

    keep_inputs([claims, *drawn], [out])
    write_metrics(summarise(claims, drawn), out)
