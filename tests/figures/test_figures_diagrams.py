"""Diagrams: drawn from nothing, the same bytes again, nothing overlaps, and what they show follows the definitions."""

from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures import draw, picture
from whichtask.figures.gbi.diagram import method
from whichtask.figures.sheet import Sheet
from whichtask.figures.style import styled
from whichtask.figures.td.diagrams import BY_COIN, BY_LIGHT, BY_SHAPE, IMAGES, ROUND, agreement, concept
from whichtask.figures.td.diagrams_method import search, split

SETTINGS = FigureSettings(dpi=60)
FIGURES = ("td_diagram_concept", "td_diagram_agreement", "td_diagram_search", "td_diagram_split", "gbi_diagram")
SHEETS = (concept, agreement, search, split, method)


@pytest.mark.parametrize("figure", FIGURES)
def test_a_diagram_needs_no_input_and_has_the_same_bytes_again(figure: str, tmp_path: Path) -> None:
    for folder in ("first", "second"):
        draw(figure, {}, tmp_path / folder / f"{figure}.png", SETTINGS)
    files = sorted((tmp_path / "first").iterdir())
    assert [path.suffix for path in files] == [".csv", ".png", ".svg"]
    for path in files:
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes(), path.suffix
    with Image.open(files[1]) as picture:
        assert min(picture.size) > 200
    table = pd.read_csv(files[0])
    assert list(table.columns) == ["name", "text", "x_inches", "y_inches"]
    assert table["name"].is_unique


def test_a_diagram_is_not_drawn_from_the_numbers_of_another() -> None:
    with pytest.raises(WhichtaskError, match="these are not the numbers of td_diagram_split"):
        picture("td_diagram_split", search().table(), SETTINGS)


@pytest.mark.parametrize("make", SHEETS)
def test_texts_are_inside_the_figure_and_in_their_boxes_and_apart(make: Callable[[], Sheet]) -> None:
    with styled({}):
        sheet = make()
        sheet.figure.draw_without_rendering()
        whole = sheet.figure.bbox
        for text in sheet.texts:
            box = text.get_window_extent()
            assert whole.x0 <= box.x0 < box.x1 <= whole.x1, text
            assert whole.y0 <= box.y0 < box.y1 <= whole.y1, text
        for first, second in combinations(sheet.texts, 2):
            assert not first.get_window_extent().overlaps(second.get_window_extent()), (first, second)
        for patch, inside in sheet.boxes:
            frame, box = patch.get_window_extent(), inside.get_window_extent()
            assert frame.x0 < box.x0 < box.x1 < frame.x1, inside
            assert frame.y0 < box.y0 < box.y1 < frame.y1, inside


@pytest.mark.parametrize("make", SHEETS)
def test_no_text_is_too_small_to_read(make: Callable[[], Sheet]) -> None:
    with styled({}):
        assert min(float(text.get_fontsize()) for text in make().texts) >= 7.5


def test_the_tasks_of_the_concept_are_three_balanced_labellings_that_differ() -> None:
    tasks = (BY_SHAPE, BY_LIGHT, BY_COIN)
    assert all(sum(task) == len(IMAGES) // 2 for task in tasks)
    for first, second in combinations(tasks, 2):
        equal = sum(a == b for a, b in zip(first, second, strict=True))
        assert 0 < equal < len(IMAGES)
    assert tuple(int(shape not in ROUND) for shape, _ in IMAGES) == BY_SHAPE


def test_the_score_in_the_diagram_is_that_of_the_drawn_predictions() -> None:
    with styled({}):
        table = agreement().table().set_index("name")["text"]
    first, second = (
        [text.rsplit("side ", 1)[1] for name, text in table.items() if str(name).startswith(f"prediction {member} ")]
        for member in (1, 2)
    )
    equal = [a == b for a, b in zip(first, second, strict=True)]
    assert table["score"] == f"AS = {sum(equal)}/{len(equal)}"
    assert [table[f"equal {i}"] for i in range(len(equal))] == ["✓" if same else "✗" for same in equal]
    shapes = [table[f"prediction 1 {i}"].split(",")[0] for i in range(len(equal))]
    assert first == [str(int(shape not in ROUND)) for shape in shapes]  # the first network is right on every image


def test_the_split_trains_where_target_and_discovered_task_are_equal() -> None:
    with styled({}):
        table = split().table().set_index("name")["text"]
    for found in (0, 1):
        for target in (0, 1):
            assert table[f"cell {found} {target}"] == ("train" if found == target else "test")
        for c in range(10):
            assert table[f"cell {found} class {c}"] == ("train" if found == c // 5 else "test")
