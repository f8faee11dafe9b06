"""The files that are generated from the typed model: the laptop's configuration, JSON schema, docs table.

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
from whichtask.config.kinds import Kind
from whichtask.config.merging import REPLACE
from whichtask.config.model import Config
from whichtask.config.networks import NetworkSpec

WIDTH = 110
HEADER = """\
# Laptop scale, the default: the papers' effects on two CPU cores, offline, in under 30 minutes.
# Written by `whichtask config write` from src/whichtask/config/. Yours: --configfile mine.yaml, with what you change.

"""

INTRODUCTION = """\
Written by `whichtask config write` from `src/whichtask/config/`. Your file holds the keys that you change:
`snakemake --configfile mine.yaml`, `whichtask VERB --config mine.yaml`. Several files, such as `config/smoke.yaml` and
then yours (`--configfile A B`, `--config A --config B`), lie on top of each other, and all on the laptop's values:

- A section keeps what you do not name; one whose lines are all commented out changes nothing. A list is replaced.
- Named things (`networks`, `gbi.toy.stress`, `gbi.unsupervised.tasks`, `figures.rc`, `figures.own`) are added to those
  below. An entry may be changed in part, `networks: {vit: {patch: 8}}`; another `arch` begins a new network.
- `NAME: null` drops an entry. `replace: true` in a mapping drops all that is below it:
  `gbi: {toy: {stress: {replace: true, two: {means: [0, 1], stds: [0.3, 0.3]}}}}`.

The JSON schema beside the presets, `config/schema.json`, gives editors completion and checks."""


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


def render_yaml(config: Config) -> str:
    """Return a configuration as YAML, each key under one comment with its meaning."""
    return "\n".join(_lines(config, 0)).rstrip() + "\n"


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
        *INTRODUCTION.splitlines(),
    ]
    for name, (meaning, rows) in sections.items():
        lines += ["", f"{'#' * (2 + name.count('.'))} {name}", "", meaning] if name else []
        lines += ["", "| key | laptop value | meaning |", "| --- | --- | --- |", *rows] if rows else []
        if name == "networks":
            lines += ["", "A network is `NAME: {arch: ..., ...}` with the keys of its architecture:", ""]
            lines += ["| key | default | meaning |", "| --- | --- | --- |"]
            for spec in Kind.of(NetworkSpec).sections:
                lines += [f"| {key} | {default} | {text} |" for key, default, text in _rows(spec)]
    return "\n".join(lines) + "\n"


def render_schema() -> str:
    """Return the JSON schema of a file that lies on others: entries in part or null, and ``replace``."""
    schema = Config.model_json_schema()
    _open(schema)
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


def _open(part: Any) -> None:
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        _open(inner)
    if not isinstance(part, dict):
        return
    if "oneOf" in part:  # a part of a network fits several architectures
        part["anyOf"] = part.pop("oneOf")
        del part["discriminator"]
    if "additionalProperties" in part:
        part.setdefault("properties", {})[REPLACE] = {"type": "boolean"}
        if entries := part["additionalProperties"]:
            part["additionalProperties"] = {"anyOf": [entries, {"type": "null"}]}


def rendered(folder: Path) -> dict[Path, str]:
    """Return what each generated file should hold."""
    return {
        folder / "config" / "config.yaml": HEADER + render_yaml(Config()),
        folder / "config" / "schema.json": render_schema(),
        folder / "docs" / "configuration.md": render_table(),
    }


def write_all(folder: Path) -> list[Path]:
    """Write all generated files below a project folder."""
    files = rendered(folder)
    for path, text in files.items():
        write_text(path, text)
    return list(files)
