"""A results folder as the website sees it: what is there, and what is missing with the command that makes it."""

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pandas as pd

from whichtask.artifacts import atomic_path, read_npz
from whichtask.config import Config
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.figures.tables import read_table
from whichtask.plan.plan import Plan
from whichtask.tasks import TaskSet

T = TypeVar("T")


class Missing(NamedTuple):
    """Something that a page would show."""

    what: str
    command: str
    """Makes it, in the project's folder."""


class Run:
    """Reads the results of a run and keeps the files of its website.

    Args:
        settings: the run's configuration; its ``results`` says where the run is.
        out: folder of the website.
        also: configurations of further runs, whose tasks are shown beside.
    """

    def __init__(self, settings: Config, out: Path, also: Sequence[Config] = ()):
        self.settings, self.out = settings, out
        self.prefix = ""
        """Of addresses and files that belong to a further run."""
        self.also = [Run(other, out) for other in also]
        self.unreadable: dict[str, str] = {}
        """Files that exist but cannot be shown, and why."""
        self.files: set[str] = set()
        """Written, by their names in ``files/``."""
        self.galleries: Any = None
        """What ``galleries.galleries`` has made."""
        self.sheets: dict[str, Any] = {}
        """What ``sheets.make_sheet`` has made."""
        self._read: dict[str, Any] = {}
        for place, other in enumerate(self.also, 2):
            other.prefix = f"{place}-"
            other.unreadable, other.files, other.sheets = self.unreadable, self.files, self.sheets

    @cached_property
    def plan(self) -> Plan:
        """Where every file lies."""
        human = self.read(f"{self.settings.results}/tasks/{self.settings.data.slug}/human.npz", TaskSet.load)
        return Plan(self.settings, len(human.names) if human else 0)

    def table(self, path: str, columns: Sequence[str], *, may_be_empty: bool = False) -> pd.DataFrame | None:
        """Read a table that has these columns; None where there is none that does."""
        return self.read(path, lambda file: read_table(file, columns, may_be_empty=may_be_empty))

    def drawn(self, figure: str, *columns: str) -> pd.DataFrame | None:
        """Read the numbers of a figure; None where there are none with these columns."""
        return self.table(self.plan.at(f"figures/{figure}.csv"), columns)

    def arrays(self, path: str) -> dict[str, Any] | None:
        """Read the arrays of an ``.npz``; None where there is none."""
        return self.read(path, read_npz)

    def images(self, data: str | None = None) -> ImageSet | None:
        """Read an image set; None where there is none."""
        return self.read(self.plan.images(data), ImageSet.load)

    def tasks(self, name: str, data: str | None = None) -> TaskSet | None:
        """Read a set of tasks; None where there is none, or its tasks are not of these images."""
        images, tasks = self.images(data), self.read(self.plan.tasks(name, data), TaskSet.load)
        if images and tasks and tasks.labels.shape[1] != len(images.images):
            found = f"labels {tasks.labels.shape[1]} images, but {images.name} has {len(images.images)}"
            self.unreadable[self.plan.tasks(name, data)] = found
            return None
        return tasks if images else None

    def read(self, path: str, reader: Callable[[Path], T]) -> T | None:
        """Read a file once; one that is damaged or of another version is noted and left out."""
        if path not in self._read:
            self._read[path] = None
            if Path(path).exists():
                try:
                    self._read[path] = reader(Path(path))
                except WhichtaskError as error:
                    self.unreadable[path] = str(error)
        found: T | None = self._read[path]
        return found

    def has(self, path: str) -> bool:
        """Say whether the run holds a file."""
        return Path(path).is_file()

    def missing(self, what: str, target: str) -> Missing:
        """Say what is missing, and the workflow's target that makes it."""
        return Missing(what, self.command(target))

    def command(self, target: str) -> str:
        """Return the command that makes a target of the workflow at the run's scale."""
        scale = self.settings.scale
        files = "" if scale == "laptop" else f" --configfile config/{scale}.yaml"
        return f"snakemake --cores all {target}{files}"

    def write(self, name: str, content: bytes) -> str:
        """Write a file of the website, atomically, and return its address as pages see it."""
        with atomic_path(self.out / "files" / name) as path:
            path.write_bytes(content)
        self.files.add(name)
        return f"files/{name}"
