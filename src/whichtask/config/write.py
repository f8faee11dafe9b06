"""The files that are generated from the typed model: preset configurations, JSON schema, docs table.

A test compares them with the model, so that they cannot drift: run ``whichtask config write`` after a change.
"""

import json
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from whichtask.artifacts import write_text
from whichtask.config.model import Config
from whichtask.config.networks import CnnSpec, MlpSpec, ResNetSpec, VitSpec
from whichtask.config.presets import FILES, PRESETS

WIDTH = 110
HEADERS = {
    "laptop": "Laptop scale, the default: the papers' effects on two CPU cores, offline, in under 30 minutes.",
    "smoke": "Smoke scale: every job of the workflow in under 5 minutes. The numbers mean nothing.",
    "paper": "Paper scale: the papers' own networks and data. Needs GPUs.",
}
NOTE = "Written by `whichtask config write` from src/whichtask/config/. Copy it to make yours: --configfile mine.yaml"


def _plain(value: Any) -> str:
    """Return a value as it stands in YAML on one line."""
    return yaml.safe_dump(value, default_flow_style=True, width=10**6, sort_keys=False).removesuffix("...\n").strip()


def _json(value: Any) -> Any:
    """Return a value of a configuration as plain lists, mappings and scalars."""
    return TypeAdapter(Any).dump_python(value, mode="json")


def _lines(section: BaseModel, indent: int) -> Iterator[str]:
    pad = " " * indent
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        yield from _comment(field, pad)
        if isinstance(value, BaseModel):
            yield f"{pad}{name}:"
            yield from _lines(value, indent + 2)
        elif isinstance(value, Mapping) and value:
            yield f"{pad}{name}:"
            for key, entry in value.items():
                yield f"{pad}  {key}: {_plain(_json(entry))}"
        else:
            yield f"{pad}{name}: {_plain(_json(value))}"
        if indent == 0 and isinstance(value, (BaseModel, Mapping)):
            yield ""


def _comment(field: FieldInfo, pad: str) -> Iterator[str]:
    prefix = f"{pad}# "
    yield from textwrap.wrap(
        field.description or "", WIDTH, initial_indent=prefix, subsequent_indent=prefix, break_long_words=False
    )


def render_yaml(config: Config, header: str = "") -> str:
    """Return a configuration as YAML, each key under one comment with its meaning."""
    head = [f"# {line}" for line in (header, NOTE) if header]
    return "\n".join([*head, *([""] if head else []), *_lines(config, 0)]).rstrip() + "\n"


def _rows(model: type[BaseModel], prefix: str = "", section: BaseModel | None = None) -> Iterator[tuple[str, str, str]]:
    """List key, value and meaning of all keys; the values are those of a section, or else the model's defaults."""
    for name, field in model.model_fields.items():
        key = f"{prefix}{name}"
        value = getattr(section, name) if section else field.get_default(call_default_factory=True)
        if isinstance(value, BaseModel):
            yield f"**{key}**", "", field.description or ""
            yield from _rows(type(value), f"{key}.", value)
        elif key == "networks":
            yield f"**{key}**", "", field.description or ""
        else:
            yield f"`{key}`", f"`{_plain(_json(value))}`", field.description or ""


def render_table() -> str:
    """Return every key with its laptop value and meaning as a Markdown page, one section of it for each section."""
    sections: dict[str, tuple[str, list[str]]] = {"": ("", [])}
    for key, default, meaning in _rows(Config):
        name = key.strip("*`")
        if key.startswith("**"):
            sections[name] = (meaning, [])
        else:
            sections[name.rpartition(".")[0]][1].append(f"| {key} | {default} | {meaning} |")
    lines = [
        "# Configuration",
        "",
        "Written by `whichtask config write` from `src/whichtask/config/`. Your file holds the keys that you change; "
        "others keep the laptop's values: `--configfile mine.yaml`. The JSON schema beside the presets, "
        "`config/schema.json`, gives editors completion and checks.",
    ]
    for name, (meaning, rows) in sections.items():
        lines += ["", f"{'#' * (2 + name.count('.'))} {name}", "", meaning] if name else []
        lines += ["", "| key | laptop value | meaning |", "| --- | --- | --- |", *rows] if rows else []
        if name == "networks":
            lines += ["", "A network is `NAME: {arch: ..., ...}` with the keys of its architecture:", ""]
            lines += ["| key | default | meaning |", "| --- | --- | --- |"]
            for spec in (CnnSpec, MlpSpec, ResNetSpec, VitSpec):
                lines += [f"| {key} | {default} | {text} |" for key, default, text in _rows(spec)]
    return "\n".join(lines) + "\n"


def rendered(folder: Path) -> dict[Path, str]:
    """Return what each generated file should hold."""
    files = {folder / "config" / FILES[name]: render_yaml(config, HEADERS[name]) for name, config in PRESETS.items()}
    files[folder / "config" / "schema.json"] = json.dumps(Config.model_json_schema(), indent=2, sort_keys=True) + "\n"
    files[folder / "docs" / "configuration.md"] = render_table()
    return files


def write_all(folder: Path) -> list[Path]:
    """Write all generated files below a project folder."""
    files = rendered(folder)
    for path, text in files.items():
        write_text(path, text)
    return list(files)
