"""docs/faults.md names a test for every fault that it promises something about, and names every test here."""

import ast
import re
from pathlib import Path

import pytest
from projects import ROOT

PAGE = ROOT / "docs" / "faults.md"
HERE = Path(__file__).parent


def rows() -> list[list[str]]:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def names_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        f"{path.name}::{node.name}"
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def named(row: list[str]) -> set[str]:
    return set(re.findall(r"`(test_\w+\.py::test_\w+)`", row[-1]))


def test_there_are_twenty_cases_and_none_twice() -> None:
    cases = [row[0] for row in rows()]
    assert len(set(cases)) == len(cases) >= 20


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_every_case_says_what_survives_and_has_tests_that_exist(row: list[str]) -> None:
    assert len(row) == 4
    assert all(row)
    everywhere = {name for path in (ROOT / "tests").rglob("test_*.py") for name in names_of(path)}
    assert named(row)
    assert named(row) <= everywhere


def test_every_test_here_is_in_the_table() -> None:
    here = {name for path in HERE.glob("test_*.py") if path != Path(__file__) for name in names_of(path)}
    listed = {name for row in rows() for name in named(row)}
    assert here <= listed
    assert len(here & listed) >= 15
