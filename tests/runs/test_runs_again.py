"""Making a figure again and comparing it, with a Snakemake that only writes a table."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from whichtask.errors import WhichtaskError
from whichtask.runs import reproduction
from whichtask.runs.plan import Job, Plan

TABLE = "task,agreement,seconds\na,0.5,1.25\nb,0.75,2\n"
FIGURE = "td_similarity"


class Pretended:
    """A project in which Snakemake makes the same table each time."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch):
        self.folder = folder
        self.scale = "smoke"
        self.makes = TABLE
        self.ran: list[list[str]] = []
        monkeypatch.setattr(reproduction, "ask_snakemake", self.ask)
        monkeypatch.setattr(reproduction, "run_snakemake", self.run)

    def ask(self, folder: Path, targets: Sequence[str], configfiles: Sequence[Path]) -> Plan:
        job = Job(
            rule=FIGURE,
            what="draw",
            outputs=["out/figures/td_similarity.csv"],
            log=None,
            benchmark=None,
            needed=False,
            there=True,
        )
        return Plan(results="out", scale=self.scale, data="mnist", figures=[FIGURE], jobs=[job])

    def run(self, folder: Path, words: Sequence[str]) -> None:
        self.ran.append(list(words))
        results = words[-1].removeprefix('results="').removesuffix('"')
        self.draw(results, self.makes)

    def draw(self, results: str, content: str) -> None:
        (self.folder / results / "figures").mkdir(parents=True, exist_ok=True)
        (self.folder / results / "figures" / f"{FIGURE}.csv").write_text(content)

    def again(self, *, dry_run: bool = False) -> None:
        files = [Path("a.yaml"), Path("b.yaml")]
        reproduction.make_again(self.folder, FIGURE, files, Path("new"), cores=3, dry_run=dry_run)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pretended:
    return Pretended(tmp_path, monkeypatch)


def test_the_same_numbers_are_the_same(project: Pretended, capsys: pytest.CaptureFixture[str]) -> None:
    project.draw("out", TABLE)
    project.again()
    words = [FIGURE, "--cores", "3", "--configfile", "a.yaml", "b.yaml", "--config", 'results="new"']
    assert project.ran == [words]
    assert "the same bits." in capsys.readouterr().out
    project.makes = TABLE.replace("1.25", "9")
    project.again()
    said = capsys.readouterr().out
    assert "the same numbers. Not compared, because they are measured times: column seconds." in said


def test_other_numbers_are_an_error(project: Pretended, capsys: pytest.CaptureFixture[str]) -> None:
    project.draw("out", TABLE.replace("0.75", "0.76"))
    with pytest.raises(WhichtaskError, match=r"td_similarity: the numbers differ in 1 column \(table above\)"):
        project.again()
    assert "1 of 2 values differ, by 0.01 at most" in capsys.readouterr().out


def test_without_results_it_is_compared_with_the_reference_of_laptop_scale(project: Pretended) -> None:
    reference = project.folder / "results" / "reference" / "laptop" / f"{FIGURE}.csv"
    reference.parent.mkdir(parents=True)
    reference.write_text(TABLE)
    with pytest.raises(WhichtaskError, match=r"nothing to compare with: td_similarity.csv is not in out/figures; make"):
        project.again()
    assert project.ran == []
    project.scale = "laptop"
    project.again()
    assert len(project.ran) == 1


def test_a_dry_run_makes_nothing(project: Pretended, capsys: pytest.CaptureFixture[str]) -> None:
    project.draw("out", TABLE)
    project.again(dry_run=True)
    assert project.ran == []
    assert not (project.folder / "new").exists()
    assert "draw" in capsys.readouterr().out


@pytest.mark.parametrize("there", ["mine.txt", "reproduced.json"])
def test_a_folder_with_other_things_is_left_alone(project: Pretended, there: str) -> None:
    project.draw("out", TABLE)
    (project.folder / "new").mkdir()
    (project.folder / "new" / there).write_text("{}")
    with pytest.raises(WhichtaskError, match="--again .*new: must be a new or an empty folder"):
        project.again()
    assert project.ran == []
    assert [path.name for path in (project.folder / "new").iterdir()] == [there]
