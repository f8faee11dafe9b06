"""The resolved configuration as it is recorded: plain values, its digest, its seeds."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from whichtask.config import Config
from whichtask.runs.privacy import shorten_all


def plain(settings: Config, project: Path) -> dict[str, Any]:
    """Return every key with its value, absolute paths shortened."""
    content: dict[str, Any] = shorten_all(settings.model_dump(mode="json"), project)
    return content


def config_digest(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 (hex) of a configuration as ``plain`` gives it: JSON with sorted keys, without spaces."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def all_seeds(content: Mapping[str, Any]) -> dict[str, int | list[int]]:
    """Return every key that names a seed or seeds, with dots between the sections, and its value."""
    return dict(_seeds(content, ""))


def _seeds(content: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, int | list[int]]]:
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from _seeds(value, f"{prefix}{key}.")
        elif key in {"seed", "seeds"} or key.endswith("_seed"):
            yield f"{prefix}{key}", value
