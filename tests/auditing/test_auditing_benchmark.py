"""The proof of the audit: marks are planted as said, cells run once, and the table counts them."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from planted import marked_images
from projects import ROOT

sys.path.insert(0, str(ROOT))  # benchmarks/ is no part of the package

from benchmarks.audit import __main__ as proof
from benchmarks.audit import cells
from benchmarks.audit.cells import CONTROLS, Cell, grid, run_cell
from benchmarks.audit.marks import MARKS, plant

from whichtask.site.answers import wilson


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("mark", MARKS)
def test_marks_change_the_marked_images_only(mark: str, channels: int) -> None:
    images = np.random.default_rng(0).integers(30, 220, (400, 28, 28, channels)).astype(np.uint8)
    labels = np.concatenate([np.arange(300) % 4, np.full(100, -1)])
    planted = plant(images, labels, mark, np.array([0, 1]), 0.9, 0)
    changed = (planted.images != images).any((1, 2, 3))
    assert np.array_equal(changed, planted.mark)
    agrees = planted.mark[:300] == np.isin(labels[:300], (0, 1))
    assert 0.84 < agrees.mean() < 0.96
    assert 0.35 < planted.mark[300:].mean() < 0.65


def test_the_grid_has_all_marks_strengths_scopes_and_controls() -> None:
    listed = grid(["a", "b"], 3, 4)
    assert len(listed) == 2 * (len(MARKS) * 3 * 3 * 3 + 4 * len(CONTROLS) + 3 * (len(MARKS) - 1))
    assert len({cell.name for cell in listed}) == len(listed)


def test_a_cell_its_table_and_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images, labels, _ = marked_images(500)
    data = tmp_path / "small.npz"
    np.savez(data, x_train=images[:450], y_train=labels[:450], x_test=images[450:], y_test=labels[450:])
    monkeypatch.setattr(cells, "PROBE", 100)
    monkeypatch.setattr(cells, "datalab", lambda images, labels: [])
    cell = Cell(str(data), "border", 0.9, 0, second="corner", images=300, minutes=0.1)
    for what in ("cells", "peers"):
        proof.main(what, json.dumps(asdict(cell)), str(tmp_path / what / f"{cell.name}.json"))
    table, written = tmp_path / "cells.csv", tmp_path / "page.md"
    proof.main("table", str(tmp_path), str(table))
    proof.main("page", str(table), str(tmp_path / "shares.csv"), str(written))
    row = pd.read_csv(table).loc[0]
    assert f"| mark border | {row['found']:.2f} [" in written.read_text()
    assert pd.read_csv(tmp_path / "shares.csv")["n"].eq(1).all()
    assert 1 <= row["rank"] <= 3
    assert not row["datalab"]
    assert 0.9 < row["average_precision"] <= 1


def test_the_page_says_what_the_kept_cells_say(tmp_path: Path) -> None:
    kept, table, written = ROOT / "results" / "reference", tmp_path / "shares.csv", tmp_path / "page.md"
    proof.main("page", str(kept / "audit_cells.csv"), str(table), str(written))
    assert table.read_text() == (kept / "audit_shares.csv").read_text()
    assert written.read_text() == (ROOT / "docs" / "audit-proof.md").read_text()


def test_controls_are_drawn_as_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images, labels, _ = marked_images(900)
    data = tmp_path / "small.npz"
    np.savez(data, x_train=images[:850], y_train=labels[:850], x_test=images[850:], y_test=labels[850:])
    monkeypatch.setattr(cells, "PROBE", 100)
    row = run_cell(Cell(str(data), "corner", 0.5, 0, control="80/20", images=200, minutes=0.05))
    assert row["control"] == "80/20"
    assert not row["alarm"]


def test_wilsons_interval() -> None:
    low, high = wilson(8, 10)
    assert (round(low, 3), round(high, 3)) == (0.490, 0.943)
