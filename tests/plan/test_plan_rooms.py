"""The rooms of the package: each stands only on rooms of its own floor or below."""

import re
from pathlib import Path

import pytest

from whichtask.plan.imports import PACKAGE, imported

FLOORS = (
    ("config", "plan", "machine", "seeding.py", "artifacts.py", "stats", "errors.py", "paths.py"),
    ("data", "networks"),
    ("tasks", "training"),
    ("agreement.py", "discovery", "splits", "studies", "gbi", "bridge"),
    ("figures", "claims"),
    ("runs", "site", "auditing", "api.py", "cli"),
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
STRANGERS = {
    "data": ("networks",),
    "networks": ("data",),
    "gbi": ("discovery",),
    "discovery": ("gbi",),
    **dict.fromkeys(("figures", "claims", "site"), ("training", "networks", *FLOORS[3])),
}
SHOWING = ("figures", "claims", "site")
"""Rooms that only read what experiments wrote: they run no network and load no weights."""
WEIGHTS = re.compile(r"^\s*(?:import|from) (?:torch|safetensors)\b|\b(?:read|write)_tensors\b", re.MULTILINE)


@pytest.mark.parametrize("room", FLOOR)
def test_a_room_stands_only_on_rooms_below_it(room: str) -> None:
    files = [PACKAGE / room] if room.endswith(".py") else (PACKAGE / room).rglob("*.py")
    for path in files:
        file = path.relative_to(PACKAGE)
        for other in (found.parts[0] for found in imported(file) if found != Path("__init__.py")):
            assert FLOOR[other] <= FLOOR[room], f"{file} imports {other}, which stands above it"
            assert other not in STRANGERS.get(room, ()), f"{file} imports {other}"


@pytest.mark.parametrize("room", SHOWING)
def test_what_shows_results_runs_no_network(room: str) -> None:
    for path in (PACKAGE / room).rglob("*.py"):
        found = WEIGHTS.search(path.read_text())
        assert not found, f"{path.relative_to(PACKAGE)}: {found and found[0].strip()}"


def test_every_room_has_its_floor() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert rooms - {"__init__.py"} == set(FLOOR)
