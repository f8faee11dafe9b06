"""``whichtask quiz``: accuracy by task from exports, and one clear sentence for files that are none."""

import json
from pathlib import Path

import pandas as pd
import pytest
from scipy.stats import binomtest
from typer.testing import CliRunner

from whichtask.cli import app
from whichtask.errors import WhichtaskError
from whichtask.site.answers import COLUMNS, accuracy_by_task, read_answers, read_quiz, wilson
from whichtask.site.run import Run


def answers(right: int, n: int, task: str = "a", session: str = "s", run: str = "abc") -> pd.DataFrame:
    """Give n answers, the first ones right."""
    rows = [(run, session, "discovered", task, 1, k + 1, k, k % 2, k % 2 if k < right else 1 - k % 2) for k in range(n)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def write(path: Path, table: pd.DataFrame) -> Path:
    if path.suffix == ".csv":
        table.to_csv(path, index=False)
    else:
        path.write_text(
            json.dumps({"run": table["run"].iloc[0], "answers": table.to_dict("records")}), encoding="utf-8"
        )
    return path


@pytest.mark.parametrize(("right", "n"), [(0, 1), (8, 10), (60, 60), (137, 240)])
def test_wilson_is_that_of_scipy(right: int, n: int) -> None:
    exact = binomtest(right, n).proportion_ci(method="wilson")
    assert wilson(right, n) == pytest.approx((exact.low, exact.high), abs=1e-6)


def test_accuracy_over_files(tmp_path: Path) -> None:
    """CSV and JSON, several sessions, and a name that needs quotes; the last row is of all."""
    first = write(tmp_path / "1.csv", pd.concat([answers(8, 10), answers(3, 4, 'b, "c"')]))
    second = write(tmp_path / "2.json", answers(5, 10, session="t"))
    table = accuracy_by_task(read_answers([first, second]))
    assert table["task"].tolist() == ["a", 'b, "c"', "all"]
    assert table["right"].tolist() == [13, 3, 16]
    assert table["answers"].tolist() == [20, 4, 24]
    assert table["sessions"].tolist() == [2, 1, 2]
    assert table["accuracy"].tolist() == pytest.approx([0.65, 0.75, 2 / 3])


def test_an_answer_in_two_files_counts_once(tmp_path: Path) -> None:
    files = [write(tmp_path / name, answers(3, 5)) for name in ("a.csv", "a.json")]
    assert accuracy_by_task(read_answers(files))["answers"].tolist() == [5, 5]


@pytest.mark.parametrize(
    "content",
    ["", "{", '{"answers": 3}', '{"answers": []}', "a,b\n1,2\n", ",".join(COLUMNS) + "\nr,s,d,t,1,1,1,2,0\n", "\0"],
)
def test_damaged_files(tmp_path: Path, content: str) -> None:
    path = tmp_path / "quiz.csv"
    path.write_text(content)
    with pytest.raises(WhichtaskError, match="quiz.csv is damaged"):
        read_answers([path])


def test_files_of_two_runs(tmp_path: Path) -> None:
    files = [write(tmp_path / f"{run}.csv", answers(1, 2, run=run)) for run in ("abc", "def")]
    with pytest.raises(WhichtaskError, match="several runs"):
        read_answers(files)


def test_verb(tmp_path: Path) -> None:
    path = write(tmp_path / "1.csv", answers(8, 10))
    result = CliRunner().invoke(app, ["quiz", str(path), "--out", str(tmp_path / "accuracy.csv")])
    assert result.exit_code == 0, result.output
    assert "0.800" in result.output
    assert pd.read_csv(tmp_path / "accuracy.csv")["low"].iloc[0] == pytest.approx(0.490, abs=1e-3)


def test_verb_without_a_file(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["quiz", str(tmp_path / "none.csv")])
    assert isinstance(result.exception, WhichtaskError)
    assert "No such file" in str(result.exception)


def test_the_website_adds_its_networks_and_refuses_other_runs(tmp_path: Path, site: Run) -> None:
    asked = read_quiz(site.out)
    task = asked["sets"][0]["tasks"][1]
    own = write(tmp_path / "own.csv", answers(8, 10, task["name"], run=asked["run"]))
    table = accuracy_by_task(read_answers([own], asked["run"]), asked)
    assert table["network_agreement"].iloc[0] == pytest.approx(task["agreement"])
    assert pd.isna(table["network_agreement"].iloc[1]), "all tasks have no one agreement"
    with pytest.raises(WhichtaskError, match="another run, abc"):
        read_answers([write(tmp_path / "other.csv", answers(8, 10))], asked["run"])
    with pytest.raises(WhichtaskError, match="no website with a quiz"):
        read_quiz(tmp_path)
