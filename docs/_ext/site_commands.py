"""The command reference, from the command line itself."""

import re
from collections.abc import Iterator
from typing import Any

import typer
from site_repository import Repository

from whichtask.cli import app


def page(repository: Repository) -> str:
    """Return a section for each verb: what it does, its usage, its arguments and options."""
    return "\n".join(_command(typer.main.get_command(app), "whichtask", 2))


def _command(command: Any, name: str, level: int) -> Iterator[str]:
    children = getattr(command, "commands", None)
    yield from (f"{'#' * level} {name}", "", _coded(command.help or ""), "")
    if children is None:
        yield from (
            "```{code-block} text",
            ":class: usage",
            "",
            _usage(command, name),
            "```",
            "",
            *map(_parameter, command.params),
            "",
        )
        return
    for child in sorted(children):
        yield from _command(children[child], f"{name} {child}", level + 1)


def _coded(text: str) -> str:
    """Return a text with the options that it names as code."""
    return re.sub(r"(?<![`\w-])(--[a-z][a-z-]*)", r"`\1`", text)


def _is_option(parameter: Any) -> bool:
    return bool(parameter.opts[0].startswith("-"))


def _kind(parameter: Any) -> str:
    annotation = parameter.type_descriptor.annotation
    return {"Path": "PATH", "str": "TEXT", "int": "N", "float": "X"}.get(getattr(annotation, "__name__", ""), "PATH")


def _usage(command: Any, name: str) -> str:
    words = [name]
    for parameter in command.params:
        if _is_option(parameter):
            continue
        word = (parameter.metavar or parameter.name).upper()
        words.append(word if parameter.required else f"[{word}]")
    words += [f"{p.opts[0]} {_kind(p)}" for p in command.params if _is_option(p) and p.required]
    if any(_is_option(p) and not p.required for p in command.params):
        words.append("[OPTIONS]")
    return " ".join(words)


def _parameter(parameter: Any) -> str:
    name = parameter.opts[0] if _is_option(parameter) else (parameter.metavar or parameter.name).upper()
    notes = []
    if parameter.required:
        notes.append("required")
    elif parameter.default not in (None, [], ()) and "efault" not in (parameter.help or ""):
        notes.append(f"default `{parameter.default}`")
    if parameter.multiple:
        notes.append("may be given several times")
    if parameter.min is not None:
        notes.append(f"at least {parameter.min}")
    brackets = f" ({', '.join(notes)})" if notes else ""
    return f"* `{name}`{brackets}: {_coded(parameter.help or 'file to read')}"
