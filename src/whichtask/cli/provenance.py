"""Verbs that say where results came from."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("crate")(crate)


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
