"""Verbs that look after a whole run: how far it is, and one figure of it made (again)."""

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from whichtask.errors import WhichtaskError

ConfigfilesOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--configfile", help="As Snakemake's; once for each file. Default: config/config.yaml, the laptop scale."
    ),
]
CoresOption = Annotated[int | None, typer.Option(min=1, help="Cores; default: all.")]


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("status")(status)
    app.command("reproduce")(reproduce)
    app.command("crate")(crate)


def available_cores() -> int:
    """Return the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def status(
    targets: Annotated[
        list[str] | None, typer.Argument(metavar="TARGET", help="Rules, figures or files; default: everything.")
    ] = None,
    configfile: ConfigfilesOption = None,
    cores: CoresOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Everything that is known, as JSON.")] = False,
    seconds: Annotated[
        Path | None,
        typer.Option(help="Also write measured seconds as CSV, to keep in results/reference/SCALE/seconds.csv."),
    ] = None,
) -> None:
    """Say how far a run is: what is done, running, left and failed, and about how long the rest will take.

    Run it in the project's folder, at any time: beside a Snakemake at work, after one was killed, before the first.

    * `whichtask status`: everything at laptop scale
    * `whichtask status headline td_factors`: some targets
    * `whichtask status --configfile config/paper.yaml`: another scale
    * `whichtask status --cores 16`: how long would the rest take on 16 cores?
    """
    from whichtask.runs.page import status_page
    from whichtask.runs.plan import ask_snakemake, configuration_words
    from whichtask.runs.seconds import measured, write_reference
    from whichtask.runs.status import find_status

    folder = Path()
    plan = ask_snakemake(folder, targets or [], configfile or [])
    found = find_status(folder, plan, targets or [], cores or available_cores())
    if seconds:
        write_reference(seconds, plan, measured(folder, plan.jobs))
    if as_json:
        print(found.model_dump_json(indent=2))
    else:
        # Targets first: Snakemake would take them for further configuration files behind one.
        print(status_page(found, shlex.join([*(targets or []), *configuration_words(configfile or [])])))


def reproduce(
    figure: Annotated[str | None, typer.Argument(metavar="FIGURE_ID", help="A figure; --list lists them.")] = None,
    configfile: ConfigfilesOption = None,
    cores: CoresOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Only list the jobs that would run.")] = False,
    again: Annotated[
        Path | None,
        typer.Option(help="Make everything again from nothing in this new folder, and compare the figure's numbers."),
    ] = None,
    list_all: Annotated[bool, typer.Option("--list", help="List all figures, and say which are there.")] = False,
) -> None:
    """Make one figure: run exactly the jobs that it needs and that are not done, then say where and what it is.

    Run it in the project's folder. A killed run goes on where it was. With --again the exit code says whether
    the numbers are the same (0) or not (1).

    * `whichtask reproduce --list`: all figures
    * `whichtask reproduce td_similarity --dry-run`: which jobs, how long?
    * `whichtask reproduce td_similarity`: make it
    * `whichtask reproduce gbi_concavity --again /tmp/again`: are its numbers the same when made from nothing?
    """
    from whichtask.runs import reproduction
    from whichtask.runs.figure import require_figure
    from whichtask.runs.plan import require_project

    folder, files = Path(), configfile or []
    require_project(folder)
    if list_all:
        print(reproduction.list_page(folder, files))
        return
    if figure is None:
        raise WhichtaskError("name a figure; whichtask reproduce --list lists them")
    require_figure(figure)
    if again:
        reproduction.make_again(folder, figure, files, again, cores or available_cores(), dry_run=dry_run)
    else:
        reproduction.make(folder, figure, files, cores or available_cores(), dry_run=dry_run)


def crate(
    out: Annotated[Path, typer.Option(help="New folder, or a file that ends with .zip.")],
    results: Annotated[Path, typer.Option(help="Results folder of a finished run of the workflow.")] = Path("results"),
    project: Annotated[Path, typer.Option(help="Folder with the Snakefile, in which Snakemake ran.")] = Path(),
    everything: Annotated[
        bool, typer.Option("--everything", help="Copy arrays and weights too; else they are named by their hash.")
    ] = False,
    author: Annotated[str | None, typer.Option(help="Who made the run, if the crate is to carry a name.")] = None,
) -> None:
    """Pack a finished run as an RO-Crate (Provenance Run Crate): figures, tables, settings, every job, every hash."""
    from whichtask.runs.crate import write_crate

    jobs = write_crate(results, out, project, everything=everything, author=author)
    print(f"{out}: {jobs} jobs")
