"""Parts of `whichtask reproduce` that need no Snakemake: comparing numbers, captions, suggestions."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whichtask.errors import WhichtaskError
from whichtask.plan.figures import FIGURES, text_of
from whichtask.runs.compare import compare
from whichtask.runs.figure import first_sentence, require_figure, sizes
from whichtask.runs.names import near_matches, printable
from whichtask.runs.run import run_snakemake

ROOT = Path(__file__).parents[2]
TABLE = "task,agreement,seconds\na,0.5,1.25\nb,0.75,2\n"


def two(folder: Path, ours: str, theirs: str) -> tuple[Path, Path]:
    (folder / "ours.csv").write_text(ours)
    (folder / "theirs.csv").write_text(theirs)
    return folder / "ours.csv", folder / "theirs.csv"


def test_equal_files_are_the_same_bits(tmp_path: Path) -> None:
    found = compare(*two(tmp_path, TABLE, TABLE))
    assert found.equal
    assert found.same_bits


@pytest.mark.parametrize(
    ("theirs", "different"),
    [
        (TABLE.replace("1.25", "9.5"), {}),
        (
            TABLE.replace("0.75", "0.5").replace("0.5,1", "0.25,1"),
            {"agreement": "2 of 2 values differ, by 0.25 at most"},
        ),
        (TABLE.replace("\nb", "\nc"), {"task": "1 of 2 values differ, the first 'b' against 'c'"}),
        (TABLE.replace("0.75", ""), {"agreement": "1 of 2 values differ, the first '0.75' against ''"}),
        (TABLE + "c,1,1\n", {"(table)": "2 rows of 3 columns against 3 rows of 3 columns"}),
        (
            TABLE.replace("agreement", "accuracy"),
            {"(table)": "2 rows of 3 columns against 2 rows of 3 columns; columns of one only: accuracy, agreement"},
        ),
    ],
)
def test_differences_are_said_by_column(tmp_path: Path, theirs: str, different: dict[str, str]) -> None:
    found = compare(*two(tmp_path, TABLE, theirs))
    assert found.different == different
    assert found.equal == (not different)
    assert not found.same_bits


def test_measured_times_are_left_out_and_named(tmp_path: Path) -> None:
    long = "width,milliseconds_per_image,value,what\n1,3,5,operations\n1,4,{},seconds_per_image\n"
    found = compare(*two(tmp_path, long.format(7), long.format(8).replace("1,3", "1,33")))
    assert found.equal
    assert found.left_out == ["column milliseconds_per_image", "1 rows of measured seconds"]


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(-1000, 1000).filter(bool))
def test_the_smallest_difference_is_found(tmp_path_factory: pytest.TempPathFactory, value: float, digit: int) -> None:
    folder = tmp_path_factory.mktemp("two")
    ours, theirs = f"{value:.9g}", f"{value + digit * abs(value or 1) * 1e-8:.9g}"
    found = compare(*two(folder, f"x\n{ours}\n", f"x\n{theirs}\n"))
    assert found.equal == (ours == theirs)


@pytest.mark.parametrize("damaged", ["missing", "empty"])
def test_a_table_that_cannot_be_read_is_one_clear_error(tmp_path: Path, damaged: str) -> None:
    ours, theirs = two(tmp_path, TABLE, "")
    if damaged == "missing":
        theirs.unlink()
    with pytest.raises(WhichtaskError, match=r"cannot read the table .*theirs\.csv"):
        compare(ours, theirs)


def test_every_figure_has_a_caption_with_a_first_sentence() -> None:
    for figure in FIGURES:
        sentence = first_sentence(text_of(figure))
        assert 10 < len(sentence) < 300, figure
        assert not set("{}`") & set(sentence), figure


def test_the_first_sentence_ends_at_a_stop_that_is_no_decimal_point() -> None:
    assert first_sentence("Tasks of d networks: two lines. More.") == "Tasks of d networks"
    assert first_sentence("Error at 0.5 of 3 nats. More") == "Error at 0.5 of 3 nats"


def test_numbers_of_units_come_from_the_table(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("row,n,n_tasks,network\ntask,,3,cnn\nmean,2,7,mlp\n")
    assert sizes(tmp_path / "a.csv") == "2 rows, n 2, n_tasks 3 to 7"


def test_like_names_are_suggested() -> None:
    assert near_matches("td_similarty", FIGURES) == " (did you mean td_similarity?)"
    assert near_matches("continual", FIGURES) == " (did you mean gbi_continual?)"
    assert near_matches("qqq", FIGURES) == near_matches("", FIGURES) == ""
    with pytest.raises(WhichtaskError, match=r"no figure is called 'qqq'; all figures: whichtask reproduce --list"):
        require_figure("qqq")


def test_what_a_job_says_of_itself_cannot_move_the_cursor() -> None:
    assert printable("get \x1b[2Jmy\nimages\t of\x07 ü") == "get [2Jmy images of ü"


def test_snakemakes_failure_is_an_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(WhichtaskError, match="Snakemake ended with exit code 1"):
        run_snakemake(tmp_path, ["--cores", "1"])
    assert "No Snakefile found" in capfd.readouterr().err
