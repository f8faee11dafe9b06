"""Settings of a verb: from a configuration file for people, or as one job in JSON from the workflow."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
import yaml
from pydantic import BaseModel, ValidationError

from whichtask.config import Config, load_config, parse
from whichtask.config.presets import PRESETS
from whichtask.config.write import render_table, render_yaml, write_all
from whichtask.errors import WhichtaskError

Job = TypeVar("Job", bound=BaseModel)

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="Configuration file; its relevant section is used. Default: the laptop's values."),
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


def read_config(path: Path | None) -> Config:
    """Read and check a configuration file; None gives the laptop's values.

    Raises:
        WhichtaskError: the file cannot be read, is no YAML mapping, or is not valid.
    """
    if path is None:
        return Config()
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise WhichtaskError(f"cannot read the configuration {path}: {error}") from error
    if not isinstance(content, dict):
        raise WhichtaskError(f"the configuration {path} must be a mapping of keys to values")
    return load_config(content)


def resolve(kind: type[Job], job: str | None, config: Path | None, of: Callable[[Config], Job]) -> Job:
    """Return a verb's settings from the workflow's JSON, or else from a configuration file.

    Args:
        kind: class of the job.
        job: JSON, or None.
        config: configuration file, or None.
        of: picks the job from a whole configuration.

    Raises:
        WhichtaskError: the settings are not valid.
    """
    if job is None:
        return of(read_config(config))
    try:
        return kind.model_validate_json(job)
    except ValidationError:
        return parse(kind, yaml.safe_load(job) or {}, "--job")


config_app = typer.Typer(no_args_is_help=True, help="Write, check and explain configuration files.")


@config_app.command("write")
def write(
    folder: Annotated[Path, typer.Option(help="Project folder that has config/ and docs/.")] = Path(),
) -> None:
    """Write the three preset configurations, the JSON schema and the docs table from the typed model."""
    for path in write_all(folder):
        print(path)


@config_app.command("check")
def check(file: Path) -> None:
    """Check a configuration file and print it with every default filled in."""
    print(render_yaml(read_config(file)), end="")


@config_app.command("show")
def show(preset: Annotated[str, typer.Argument(help="laptop, smoke or paper")] = "laptop") -> None:
    """Print a preset with its explanations."""
    if preset not in PRESETS:
        raise WhichtaskError(f"unknown preset {preset!r}; allowed: {', '.join(PRESETS)}")
    print(render_yaml(PRESETS[preset]), end="")


@config_app.command("table")
def table() -> None:
    """Print every key with its default and meaning as a Markdown table."""
    print(render_table(), end="")
