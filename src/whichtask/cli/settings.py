"""Settings of a verb: from a configuration file for people, or as one job in JSON from the workflow."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import typer
import yaml
from pydantic import BaseModel, ValidationError

from whichtask.config import Config, parse, read_config
from whichtask.config.write import render_table, render_yaml, write_all
from whichtask.errors import WhichtaskError
from whichtask.plan.stages import render_stages

Job = TypeVar("Job", bound=BaseModel)
PROJECT = Path(__file__).parents[3]

ConfigOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--config",
        help="Configuration file on top of the laptop's values; its relevant section is used. Several: once for each, "
        "later ones on top.",
    ),
]
JobOption = Annotated[
    str | None,
    typer.Option("--job", help="The job's settings as JSON, as the workflow passes them, instead of --config."),
]
ThreadsOption = Annotated[int | None, typer.Option(min=1, help="CPU threads; default: all cores.")]
RepeatOption = Annotated[int | None, typer.Option(help="One of the seeds of the section; default: the first.")]
ResultsOption = Annotated[
    Path, typer.Option(help="Results folder, in whose .state folder a killed run keeps what it needs to go on.")
]


def resolve(kind: type[Job], job: str | None, config: Sequence[Path] | None, of: Callable[[Config], Job]) -> Job:
    """Return a verb's settings from the workflow's JSON, or else from configuration files.

    Args:
        kind: class of the job.
        job: JSON, or None.
        config: configuration files, later ones on top; None: the laptop's values.
        of: picks the job from a whole configuration.

    Raises:
        WhichtaskError: the settings are not valid.
    """
    if job is None:
        return of(read_config(config or ()))
    try:
        return kind.model_validate_json(job)
    except ValidationError:
        return parse(kind, yaml.safe_load(job) or {}, "--job")


config_app = typer.Typer(no_args_is_help=True, help="Write, check and explain configuration files.")


@config_app.command("write")
def write(
    folder: Annotated[Path, typer.Option(help="Project folder that has config/ and docs/.")] = Path(),
) -> None:
    """Write the laptop's configuration, the JSON schema and the docs table from the typed model.

    In dvc.yaml, where there is one, the lists of result folders are renewed from the cards.
    """
    from whichtask.artifacts import write_text

    written = write_all(folder)
    stages = folder / "dvc.yaml"
    if stages.exists():
        write_text(stages, render_stages(stages.read_text(encoding="utf-8")))
        written.append(stages)
    for path in written:
        print(path)


@config_app.command("check")
def check(files: list[Path]) -> None:
    """Check configuration files, later ones on top of earlier ones; print the result with every default filled in."""
    print(render_yaml(read_config(files)), end="")


@config_app.command("show")
def show(
    preset: Annotated[str, typer.Argument(help="laptop, or a preset of config/ such as smoke or paper.")] = "laptop",
    folder: Annotated[Path, typer.Option(help="Project folder that has config/.", show_default=False)] = PROJECT,
) -> None:
    """Print all of a preset with its explanations."""
    names = {path.stem for path in (folder / "config").glob("*.yaml")} - {"config", "claims"}
    if preset not in {"laptop", *names}:
        raise WhichtaskError(f"unknown preset {preset!r}; allowed: {', '.join(sorted({'laptop', *names}))}")
    files = [] if preset == "laptop" else [folder / "config" / f"{preset}.yaml"]
    print(render_yaml(read_config(files)), end="")


@config_app.command("table")
def table() -> None:
    """Print every key with its default and meaning as a Markdown table."""
    print(render_table(), end="")
