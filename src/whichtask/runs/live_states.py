"""Live state of jobs under way or killed: where it is, how old, and how far it says the job is."""

import json
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel
from safetensors import SafetensorError, safe_open


class LiveStateFound(BaseModel):
    """One job's folder of live state; its name is a hash of the job, from which the job cannot be told."""

    folder: str
    saved: float
    """When it was last saved [seconds since 1970]."""
    bytes: int
    says: str
    """How far the job was, in the words of its newest file."""


def find_live_states(folder: Path, results: str) -> list[LiveStateFound]:
    """Return all live state in a results folder, the newest first."""
    found = []
    for place in (folder / results / ".state").glob("*/"):
        with suppress(OSError, ValueError):  # a job that ends removes its state
            files = {path: path.stat() for path in place.glob("*.safetensors")}
            newest = max(files, key=lambda path: files[path].st_mtime)
            state = LiveStateFound(
                folder=str(place.relative_to(folder)),
                saved=files[newest].st_mtime,
                bytes=sum(stat.st_size for stat in files.values()),
                says=_what_it_says(newest),
            )
            found.append(state)
    return sorted(found, key=lambda state: state.saved, reverse=True)


def _what_it_says(path: Path) -> str:
    """Return counts in a state's metadata: whole numbers as they are, lists by their length. Tensors are not read."""
    try:
        with safe_open(path, framework="np") as handle:
            content = json.loads((handle.metadata() or {}).get("json", "{}"))
    except (OSError, SafetensorError, ValueError):
        return f"{path.name} cannot be read"
    what = content.get("state", content)
    counts = [f"{name} {value}" for name, value in what.items() if type(value) is int]
    counts += [f"{len(value)} {name}" for name, value in what.items() if isinstance(value, list) and name != "seed"]
    return ", ".join([path.stem, *counts])
