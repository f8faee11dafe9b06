"""Files of a crate: copied into it when small or asked for, else named by the SHA-256 of what they hold."""

import hashlib
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

from rocrate.model.contextentity import ContextEntity
from rocrate.model.entity import Entity
from rocrate.rocrate import ROCrate

from whichtask.runs.privacy import shorten

COPIED = {".png", ".svg", ".gif", ".csv", ".tsv", ".md", ".yaml", ".yml", ".json", ".log", ".smk", ".toml", ".lock"}
FORMATS = {
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".gif": "image/gif",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".md": "text/markdown",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".json": "application/json",
    ".npz": "application/zip",
    ".safetensors": "application/octet-stream",
}
PLAIN = "text/plain"
"""The format of all others."""


def sha256_of(path: Path) -> str:
    """Return the SHA-256 (hex) of a file."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


class Files:
    """The data entities of a crate, one for each file.

    Args:
        crate: where they are added.
        project: folder that paths in the crate are relative to.
        everything: copy arrays and weights too, not only figures, tables and settings.
    """

    def __init__(self, crate: ROCrate, project: Path, everything: bool):
        self._crate = crate
        self._project = project.resolve()
        self._everything = everything
        self._known: dict[Path, Entity] = {}

    def entity(self, path: str | Path, **properties: Any) -> Entity:
        """Return the entity of an existing file or folder, given relative to the project or absolute."""
        place = (self._project / path).resolve()
        if place not in self._known:
            self._known[place] = self._add(place)
        found = self._known[place]
        for name, value in properties.items():
            found[name] = value
        return found

    def _add(self, place: Path) -> Entity:
        inside = place.is_relative_to(self._project)
        name = place.relative_to(self._project).as_posix() if inside else shorten(str(place), self._project)
        if place.is_dir():
            return self._named(f"#{name}/", {"@type": "Dataset", "name": name})
        checksum = sha256_of(place)
        about = {"name": name, "sha256": checksum, "contentSize": str(place.stat().st_size)}
        about["encodingFormat"] = FORMATS.get(place.suffix, PLAIN)
        if inside and (self._everything or place.suffix in COPIED or place.parent == self._project):
            return self._crate.add_file(place, name, properties=about)
        # RFC 6920: a name made of the hash, for content that is elsewhere.
        short = urlsafe_b64encode(bytes.fromhex(checksum)).decode().rstrip("=")
        address = f"ni:///sha-256;{short}"
        there = self._crate.get(address)
        if there is None:
            return self._named(address, {"@type": "File"} | about)
        there.append_to("alternateName", name)
        return there

    def _named(self, address: str, about: dict[str, str]) -> Entity:
        """Add a file or folder that is no part of the crate's own files."""
        found = self._crate.add(ContextEntity(self._crate, address, about))
        self._crate.root_dataset.append_to("hasPart", found)
        return found
