"""Snakemake does not see imported modules: the rules must list every file that decides a job's result."""

import ast
import inspect
from pathlib import Path

import pytest

from whichtask.config import FigureSettings
from whichtask.config.sections import USED_BY
from whichtask.figures import FIGURES
from whichtask.plan.imports import imported, modules_of_figures, stands_on

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "whichtask"
# Settings are compared through a job's parameters; the others carry messages, processors and arrays as they are.
READERS = ("figures", "claims")  # their jobs list what their modules import, found by whichtask.plan.imports
CARRIERS = ("config", "errors.py", "paths.py", "devices.py", "leases.py", "interrupts.py", "data")


def rooms() -> dict[str, list[str]]:
    """Evaluate the lists of files in common.smk, which is Python with rules in it."""
    text = (ROOT / "workflow" / "rules" / "common.smk").read_text()
    found: dict[str, dict[str, list[str]]] = {}
    exec(text[text.index("FLOOR_0 =") : text.index("def one_of")], found)  # noqa: S102
    return found["ROOMS"]


@pytest.mark.parametrize("room", rooms())
def test_a_room_lists_all_that_its_files_import(room: str) -> None:
    listed = rooms()[room]
    allowed = [*listed, *CARRIERS]
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
    carriers = {
        *CARRIERS,
        *READERS,
        "cli",
        "imports.py",
        "snakemake_files.py",
        "progress",
        "provenance",
        "__init__.py",
        "py.typed",
    }
    parts = {path.name for path in PACKAGE.iterdir() if not path.name.startswith("__py")}
    assert parts - carriers <= {part.split("/")[0] for part in listed}


def test_figures_are_drawn_by_the_modules_that_the_workflow_lists() -> None:
    drawn_by = {}
    for figure, draw in FIGURES.items():
        source = inspect.getsourcefile(inspect.unwrap(draw))
        assert source
        drawn_by[figure] = Path(source).relative_to(PACKAGE)
    assert modules_of_figures() == drawn_by


def test_a_figure_stands_on_what_its_module_and_their_modules_import() -> None:
    listed = {path.as_posix() for path in stands_on(Path("figures/similarity.py"))}
    assert listed == {
        *("figures/similarity.py", "figures/inputs.py", "figures/style.py", "figures/tables.py"),
        *("artifacts.py", "seeding.py", "stats.py"),
    }


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_uses_no_settings_but_those_that_its_job_holds(figure: str) -> None:
    module = ast.parse((PACKAGE / modules_of_figures()[figure]).read_text())
    used = {node.attr for node in ast.walk(module) if isinstance(node, ast.Attribute)} & USED_BY.keys()
    changed = FigureSettings.model_validate(dict.fromkeys(USED_BY, 99)).of(figure)
    assert used <= {name for name in USED_BY if getattr(changed, name) == 99}
