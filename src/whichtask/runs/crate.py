"""A results folder as an RO-Crate: workflow, run, jobs, figures, settings; large arrays and weights by their hash."""

import shutil
from pathlib import Path

from whichtask.artifacts import atomic_path
from whichtask.errors import WhichtaskError
from whichtask.runs.builder import Builder
from whichtask.runs.jobs import read_jobs
from whichtask.runs.record import NAME, read_record


def write_crate(results: Path, out: Path, project: Path, *, everything: bool = False, author: str | None = None) -> int:
    """Write the crate of a finished run; return the number of its jobs.

    Args:
        results: the results folder.
        out: a folder that does not exist yet, or a file that ends with ``.zip``.
        project: the folder with the Snakefile, in which Snakemake ran.
        everything: copy arrays and weights too.
        author: name of who made the run, if the crate is to carry it.

    Raises:
        WhichtaskError: there is no finished run, Snakemake's records of it are gone, or ``out`` exists as a folder.
    """
    if out.suffix != ".zip" and out.exists():
        raise WhichtaskError(f"{out} exists; a crate goes into a new folder or into a file that ends with .zip")
    record = read_record(results)
    run = record.last
    if run is None or run.status != "succeeded":
        status = run.status if run else "not recorded"
        raise WhichtaskError(
            f"the last run in {results / NAME} is {status}; a crate is made of a finished one: run the workflow again"
        )
    if not (project / "Snakefile").is_file():
        raise WhichtaskError(f"{project} has no Snakefile; name the project's folder with --project")
    jobs = read_jobs(project, results)
    crate = Builder(results, project, record, run, jobs, everything, author).crate
    if out.suffix == ".zip":
        with atomic_path(out) as path:
            crate.write_zip(path)
        return len(jobs)
    try:
        crate.write(out)
    except OSError as error:
        shutil.rmtree(out, ignore_errors=True)
        raise WhichtaskError(f"cannot write {out}: {error.strerror or error}") from error
    return len(jobs)
