"""Snakemake does not see imported modules: the rules must list every file that decides a job's result."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "whichtask"
# Settings are compared through a job's parameters; the others carry messages, processors and arrays as they are.
CARRIERS = ("config", "errors.py", "paths.py", "devices.py", "leases.py", "interrupts.py", "data")
# Where a room knows another only by what that wrote: types of tasks, rules of what is shown.
KNOWN_BY_FILE = {"figures": ("tasks",), "claims": ("tasks",)}


def rooms() -> dict[str, list[str]]:
    """Evaluate the lists of files in common.smk, which is Python with rules in it."""
    text = (ROOT / "workflow" / "rules" / "common.smk").read_text()
    found: dict[str, dict[str, list[str]]] = {}
    exec(text[text.index("FLOOR_0 =") : text.index("def one_of")], found)  # noqa: S102
    return found["ROOMS"]


def imported(file: Path) -> set[Path]:
    """Return the package's files that a file imports when it is run, as paths below the package."""
    paths = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("whichtask"):
            base = PACKAGE.joinpath(*(node.module or "").split(".")[1:])
            for name in [None, *(alias.name for alias in node.names)]:
                place = base / name if name else base
                for candidate in (place.with_suffix(".py"), place / "__init__.py"):
                    if candidate.is_file() and candidate != PACKAGE / "__init__.py":
                        paths.add(candidate.relative_to(PACKAGE))
    return paths


@pytest.mark.parametrize("room", rooms())
def test_a_room_lists_all_that_its_files_import(room: str) -> None:
    listed = rooms()[room]
    allowed = [*listed, *CARRIERS, *KNOWN_BY_FILE.get(room, ())]
    files = [file for part in listed for file in _files(PACKAGE / part)]
    assert files
    for file in files:
        for path in imported(file):
            assert any(path == Path(part) or Path(part) in path.parents for part in allowed), (
                f"{room}: {file.relative_to(PACKAGE)} imports {path}, which the room does not list"
            )


def _files(place: Path) -> list[Path]:
    assert place.exists(), f"{place} is listed but does not exist"
    return sorted(place.rglob("*.py")) if place.is_dir() else [place]


def test_every_experiment_belongs_to_a_room() -> None:
    listed = {part for parts in rooms().values() for part in parts}
    carriers = {*CARRIERS, "cli", "__init__.py", "py.typed"}
    parts = {path.name for path in PACKAGE.iterdir() if not path.name.startswith("__py")}
    assert parts - carriers <= {part.split("/")[0] for part in listed}
