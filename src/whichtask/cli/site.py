"""Verbs of the website: write it, and sum up answers to its quiz."""

import webbrowser
from pathlib import Path
from typing import Annotated, Any

import typer

from whichtask.cli.settings import ConfigOption, JobOption, resolve
from whichtask.config import Config, parse, read_config
from whichtask.errors import WhichtaskError
from whichtask.paths import keep_inputs


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("site")(site)
    app.command("quiz")(quiz)


def site(
    results: Annotated[Path, typer.Option(help="Results folder of a run, finished or not.")] = Path("results"),
    out: Annotated[Path | None, typer.Option(help="Folder to write to; default: site/ in the results folder.")] = None,
    config: ConfigOption = None,
    job: JobOption = None,
    also: Annotated[
        list[Path] | None,
        typer.Option(help="Results folder of a further run whose tasks are shown too; once for each."),
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
) -> None:
    """Write the website of a run: its tasks with images, the quiz, and what else was measured, as static pages.

    It needs no server and no network. Without --config the run's own configuration is taken, which is kept beside its
    results. Results of only some experiments are enough: pages show what exists and say how to make the rest.
    """
    from whichtask.site import build

    settings = _of_run(results) if job is None and config is None else resolve(Config, job, config, lambda whole: whole)
    folder = out or results / "site"
    others = [_of_run(other).model_copy(update={"results": str(other)}) for other in also or []]
    run = build(settings.model_copy(update={"results": str(results)}), folder, others)
    for reason in run.unreadable.values():
        typer.echo(f"left out: {reason}", err=True)
    page = folder / "index.html"
    print(page)
    if show:
        webbrowser.open(page.resolve().as_uri())


def _of_run(results: Path) -> Config:
    """Return the configuration of the last run in a results folder; the laptop's where no run is recorded."""
    from whichtask.runs.record import NAME, read_record

    if not (results / NAME).exists():
        return read_config()
    try:
        record = read_record(results)
        found: dict[str, Any] = record.configurations.get(record.last.config_sha256, {}) if record.last else {}
        return parse(Config, found, str(results / NAME))
    except WhichtaskError as error:
        raise WhichtaskError(f"{error}\nA run of another version? Give its settings with --config.") from error


def quiz(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Exports of the quiz, CSV or JSON.")],
    website: Annotated[
        Path | None,
        typer.Option("--site", help="Their website: checks that they are of its run and adds its networks."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="CSV to write beside what is printed.")] = None,
) -> None:
    """Sum up answers to the quiz: accuracy by task with Wilson's 95 % interval, over any number of visitors' files.

    An answer that several files hold counts once.
    """
    from whichtask.artifacts import write_csv
    from whichtask.site.answers import accuracy_by_task, read_answers, read_quiz

    keep_inputs(files, [out] if out else [])
    asked = read_quiz(website) if website else None
    table = accuracy_by_task(read_answers(files, asked["run"] if asked else None), asked)
    print(table.to_string(index=False, float_format="{:.3f}".format))
    if out:
        write_csv(out, table)
