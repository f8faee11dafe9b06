"""From configuration files to the checked configuration: one way for the verbs and for the workflow."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from whichtask.config.merging import Layers
from whichtask.config.model import Config, parse
from whichtask.errors import WhichtaskError


def read_config(files: Iterable[Path | str] = (), changes: Mapping[str, Any] | None = None) -> Config:
    """Read configuration files, later ones on top of earlier ones, and check what comes out.

    Args:
        files: YAML files, the first on top of the laptop's values; how they are merged: ``whichtask.config.merging``.
        changes: keys from Snakemake's ``--config``, on top of all files; in its mappings and lists all values are text.

    Raises:
        WhichtaskError: a file cannot be read or is not YAML with distinct keys, or the configuration is not valid.
    """
    layers = [(_read(Path(path)), str(path)) for path in files]
    return _load([*layers, *([(_typed(changes), "--config")] if changes else [])])


def load_config(content: Mapping[str, Any]) -> Config:
    """Check a configuration as read from YAML, on top of the laptop's values.

    Raises:
        WhichtaskError: one line for each problem: the key's path, what is wrong and what is allowed.
    """
    return _load([(content, "the configuration")])


def _load(layers: Iterable[tuple[Mapping[str, Any], str]]) -> Config:
    layered = Layers(Config, Config().model_dump())
    sources = []
    for layer, source in layers:
        layered.add(layer, source)
        sources.append(source)
    return parse(Config, layered.content, ", ".join(sources) or "the configuration")


class _Loader(yaml.SafeLoader):
    """YAML in which a key that is given twice is an error; PyYAML takes the last one."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        lines: dict[str, list[str]] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                lines.setdefault(key.value, []).append(str(key.start_mark.line + 1))
        for name, found in lines.items():
            if len(found) > 1:
                raise WhichtaskError(
                    f"the configuration {self.name} has the key {name!r} more than once: in lines {' and '.join(found)}"
                )
        return node


def _read(path: Path) -> Mapping[str, Any]:
    what = f"the configuration {path}"
    try:
        loader = _Loader(path.read_text(encoding="utf-8"))
        loader.name = str(path)
        content = loader.get_single_data()
    except UnicodeDecodeError as error:
        raise WhichtaskError(f"{what} is not UTF-8 text: byte {error.start + 1} is none") from error
    except OSError as error:
        raise WhichtaskError(f"cannot read {what}: {error.strerror}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a date that is none, brackets without end
        raise WhichtaskError(f"{what} is no YAML: {' '.join(str(error).split())}") from error
    if content is None:
        raise WhichtaskError(f"{what} is empty; give at least one key, or leave the file out")
    if not isinstance(content, dict):
        raise WhichtaskError(f"{what} must be a mapping of keys to values")
    return content


def _typed(value: Any) -> Any:
    """Return what Snakemake read as text inside of mappings and lists with null, true and false as themselves."""
    if isinstance(value, Mapping):
        return {key: _typed(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_typed(entry) for entry in value]
    return {"null": None, "true": True, "false": False}.get(value, value) if isinstance(value, str) else value
