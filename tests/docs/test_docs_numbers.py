"""Numbers of README and documentation are those of the results; a mark that cannot be answered says why."""

from pathlib import Path

import pytest
import site_numbers
from number_marks import MarkError, number
from projects import ROOT

TABLE = """set,row,agreement,low,high,n,note
human,mean,0.9231,0.906,0.938,7,
random,mean,-0.0004,-0.25,0.5,6,
random,task,0.5,,,1,own
random,task,0.7,,,1,
"""
TIMES = "job,seconds,speed_low,speed,speed_high\nthe search,407.27,12000,12345.6,13000\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    laptop = tmp_path / "results" / "reference" / "laptop"
    laptop.mkdir(parents=True)
    (tmp_path / "docs").mkdir()
    (laptop / "scores.csv").write_text(TABLE)
    (laptop / "config.yaml").write_text("agreement: {stop: 0.99, images: 5000}\n")
    (laptop.parent / "times.csv").write_text(TIMES)
    return tmp_path


@pytest.mark.parametrize(
    ("mark", "text"),
    {
        "scores set=human : agreement": "0.923",
        "scores set=human row=mean : agreement [low, high]": "0.923 [0.906, 0.938]",
        "scores set=human : agreement [low, high] .0%": "92 % [91 %, 94 %]",
        "scores set=random row=mean : agreement [low, high] +.2f": "0.00 [−0.25, +0.50]",
        "scores set=random row=task note= : agreement .1f": "0.7",
        "scores set=human : n d": "7",
        "scores row=task : mean agreement": "0.600",
        "scores row=task : max agreement .0%": "70 %",
        "scores agreement>0.6 : count": "2",
        "scores agreement<0.6 n=1 : count": "1",
        "times : sum seconds / 60 .1f": "6.8",
        "times : speed [low, high] ,d": "12,346 [12,000, 13,000]",
        "config : agreement.stop .0%": "99 %",
        "config : agreement.images ,d": "5,000",
    }.items(),
)
def test_a_mark_is_answered(root: Path, mark: str, text: str) -> None:
    assert number(mark, root) == text


@pytest.mark.parametrize(
    ("mark", "message"),
    {
        "score set=human : agreement": r"^no table score\.csv in results/reference/laptop or results/reference$",
        "scores set=human : agreemnt": "^scores has no column agreemnt; it has set, row, agreement, low, high, n,",
        "scores sets=human : agreement": "^scores has no column sets; it has set,",
        "scores set=humans : agreement": r"^scores has no row set=humans .*; set has human, random$",
        "scores row=task set=human : agreement": r"^scores has no row set=human \(with what stands before it\)",
        "scores set=random : agreement": "^scores set=random are 3 rows; a number needs one row, or count, mean, min,",
        "scores n=many : agreement": "^n=many: the column n of scores holds numbers$",
        "scores human : agreement": "^`human` says nothing about a column of scores; write COLUMN=VALUE$",
        "scores set=random row=task note=own : agreement [low, high]": "has no number in that cell$",
        "scores set=human : set": "has no number in that cell$",
        "scores row=task : mean set": "^the column set of scores holds no numbers$",
        "scores set=human : agreement three": "cannot be read; a mark is TABLE COLUMN=VALUE",
        'scores set="human : agreement': "cannot be read .*; a mark is TABLE COLUMN=VALUE",
    }.items(),
)
def test_a_mark_that_cannot_be_answered_says_why(root: Path, mark: str, message: str) -> None:
    with pytest.raises(MarkError, match=message):
        number(mark, root)


HUMAN = "<!-- scores set=human : agreement -->{}<!-- / -->"


@pytest.mark.parametrize(
    ("page", "line", "message"),
    [
        (f"A\nb {HUMAN.format('0.900')}", 2, "0.900 stands here, the results say 0.923 (scores set=human : agreement)"),
        ("They agree\non 97 % of images.", 2, "97 % has no source: no mark says where it comes from"),
        ("| a | b |\n| - | - |\n| 0.5 | 1 |", 3, "0.5 has no source: no mark says where it comes from"),
        ("# At 0.5", 1, "0.5 has no source: no mark says where it comes from"),
        ("A <!-- scores set=human : agreement -->0.923", 1, "is not ended by <!-- / -->"),
        (f"A <!-- given: x --> {HUMAN.format('0.923')}", 1, "is not ended by <!-- / --> before the next comment"),
        ("A\n0.9<!-- / -->", 2, "<!-- / --> ends a mark that nothing began"),
        ("A <!-- given: -->0.5<!-- / -->", 1, "says nothing, or nothing stands in it"),
        (f"A\n{HUMAN.format('0.923')}", 2, "a mark cannot begin a line: Markdown would end the paragraph there"),
    ],
)
def test_what_is_wrong_in_a_page_is_told(root: Path, page: str, line: int, message: str) -> None:
    found = site_numbers.check(page + "\n", root)
    assert any(finding.line == line and message in finding.text for finding in found), found


@pytest.mark.parametrize(
    "page",
    [
        f"A {HUMAN.format('0.923')}, of <!-- given: chance -->0.5<!-- / -->.",
        "A 95 % interval, 95 %\nintervals, arXiv 2212.00261, Python 3.11, 127.0.0.1, 5,000, `0.5`, [x](a0.5.md).",
        "A:\n\n    0.5 <!-- scores : nothing -->\n\n```\n0.5 <!-- / -->\n```",
        "A.\n\n<!-- given: an estimate -->\n\n| a |\n| - |\n| 0.5 |\n\n<!-- / -->\n\nB.",
        "- A <!-- scores\n  set=human : agreement -->0.923<!-- / -->.",
    ],
)
def test_a_page_whose_numbers_have_sources_is_right(root: Path, page: str) -> None:
    assert site_numbers.check(page + "\n", root) == []


def test_write_renews_what_can_be_and_fails_at_the_rest(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    readme = root / "README.md"
    readme.write_text(f"A {HUMAN.format('?')} b {HUMAN.format('0.1').replace('human', 'none')}.\n")
    (root / "docs" / "made.md").write_text("# Made\n\nWritten by `whichtask config write`: 0.5.\n")
    assert site_numbers.main(["--write", "--root", str(root)]) == 1
    assert readme.read_text() == f"A {HUMAN.format('0.923')} b {HUMAN.format('0.1').replace('human', 'none')}.\n"
    assert capsys.readouterr().err.startswith("README.md:1: scores has no row set=none")
    readme.write_text(f"A {HUMAN.format('0.1')}.\n")
    assert site_numbers.main(["--check", "--root", str(root)]) == 1
    assert capsys.readouterr().err.startswith("README.md:1: 0.1 stands here, the results say 0.923")
    assert site_numbers.main(["--write", "--root", str(root)]) == 0
    assert site_numbers.main(["--check", "--root", str(root)]) == 0


@pytest.mark.parametrize("page", site_numbers.pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_numbers_of_the_pages_are_those_of_the_results(page: Path) -> None:
    found = site_numbers.check(page.read_text(encoding="utf-8"))
    assert [f"{page.relative_to(ROOT)}:{finding.line}: {finding.text}" for finding in found] == []
