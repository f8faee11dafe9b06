"""The worked examples of docs/extend/: applied to a copy of the project in the order of the pages, and run there."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from projects import ROOT, Project

EXTEND = ROOT / "docs" / "extend"
PAGES = ("dataset", "network", "experiment", "figure", "claim")
BLOCK = re.compile(r"^<!-- (python|run|edit|file|append)(?:: (\S+))? -->\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Files of the project that the pages, their tests or what they check need, besides those of every copy.
MORE = (
    "pyproject.toml",
    "dvc.yaml",
    "tests/conftest.py",
    "results/reference/laptop/claims.csv",
    "results/reference/laptop/td_linear.csv",
)
# Runs what a page says in one process: torch is imported once for all of it.
DRIVER = """
import json, shlex, sys
from whichtask.cli import main
for kind, text in json.load(sys.stdin):
    if kind == "python":
        exec(compile(text, "page", "exec"), {"__name__": "page"})
        continue
    sys.argv = shlex.split(text)
    try:
        main()
    except SystemExit as end:
        if end.code:
            sys.exit(f"{text}: exit code {end.code}")
"""

INDEX = """
import sys
from pathlib import Path
sys.path.insert(0, "docs/_ext")
from site_figures import index
from site_repository import Repository
print(index(Repository(Path.cwd(), "../../")))
"""


def blocks_of(page: str) -> list[tuple[str, str, str]]:
    """List the examples of a page: their kind, their file and their text."""
    found: list[tuple[str, str, str]] = BLOCK.findall((EXTEND / f"{page}.md").read_text(encoding="utf-8"))
    return found


class Copy(Project):
    """A copy of the project to which the pages are applied."""

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.environment |= {"OMP_NUM_THREADS": "1"}
        self.written: list[str] = []
        self.done: list[str] = []
        for file in MORE:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, folder / file)
        for part in ("tests/support", "tests/plan", "docs/_ext", "docs/experiments"):
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))

    def follow(self, page: str) -> None:
        """Do what one page says: first all its edits, then its commands, in their order."""
        blocks = blocks_of(page)
        assert blocks, f"{page}: no examples"
        for kind, name, text in blocks:
            if kind == "edit":
                self._edit(page, text)
            elif kind == "file":
                (self.folder / name).parent.mkdir(exist_ok=True)
                (self.folder / name).write_text(text, encoding="utf-8")
                self.written.append(name)
            elif kind == "append":
                with (self.folder / name).open("a", encoding="utf-8") as file:
                    file.write("\n" + text)
        lines = [
            (kind, line)
            for kind, _, text in blocks
            if kind in ("python", "run")
            for line in ([text] if kind == "python" else text.splitlines())
        ]
        others = [line for kind, line in lines if kind == "run" and not line.startswith("whichtask ")]
        self._command(page, [entry for entry in lines if entry[1] not in others])
        for line in others:
            quiet = ["--nocolor", "--quiet"] if line.startswith("snakemake -n ") else ["-p", "no:cacheprovider"]
            run = self.run(sys.executable, "-m", *line.split(), *quiet)
            assert run.returncode == 0, f"{page}: {line}\n{run.stdout[-2000:]}{run.stderr[-2000:]}"
            self.done.append(line)

    def _edit(self, page: str, text: str) -> None:
        # Line numbers of a page grow old; the lines around an edit have to be there.
        done = subprocess.run(
            ["git", "apply", "--recount", "-C1", "-"],
            cwd=self.folder,
            input=text,
            env=os.environ | {"GIT_CEILING_DIRECTORIES": str(self.folder.parent)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"docs/extend/{page}.md no longer fits the code: {done.stderr}{text}"

    def _command(self, page: str, lines: list[tuple[str, str]]) -> None:
        done = subprocess.run(
            [sys.executable, "-c", DRIVER],
            cwd=self.folder,
            env=self.environment,
            input=json.dumps(lines),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{page}: {done.stdout[-2000:]}{done.stderr[-4000:]}"


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """The project after all pages."""
    copy = Copy(tmp_path_factory.mktemp("extended"))
    for page in PAGES:
        copy.follow(page)
    return copy


def test_the_new_network_scored_tasks_of_the_new_data(extended: Copy) -> None:
    scores = pd.read_csv(extended.folder / "shallow.csv")
    assert set(scores["network"]) == {"shallow"}
    assert set(scores["data"]) == {"bars"}
    assert scores["task"].nunique() == 6
    assert scores["train_accuracy"].min() > 0.5


def test_the_named_data_set_was_fetched(extended: Copy) -> None:
    assert (extended.folder / "stripes.npz").exists()


def test_the_new_settings_are_in_the_generated_files(extended: Copy) -> None:
    assert "\nbalance:\n" in (extended.folder / "config" / "config.yaml").read_text()
    page = (extended.folder / "docs" / "configuration.md").read_text()
    assert "`balance.images`" in page
    assert "| `arch` | `shallow` |" in page


def test_the_new_figure_holds_the_new_tables_numbers(extended: Copy) -> None:
    drawn = pd.read_csv(extended.folder / "td_balance.csv")
    table = pd.read_csv(extended.folder / "bars_balance.csv")
    shares = table.loc[table["split"] == "test", "side_1"]
    assert drawn.loc[drawn["row"] == "task", "side_1"].tolist() == shares.tolist()
    assert drawn.loc[drawn["row"] == "mean", "side_1"].item() == pytest.approx(shares.mean())
    assert (extended.folder / "td_balance.png").stat().st_size > 5000


def test_a_figure_is_drawn_again_from_its_numbers(extended: Copy) -> None:
    again, first = ((extended.folder / f"{name}.svg").read_bytes() for name in ("td_balance_again", "td_balance"))
    assert again == first


def test_the_new_rule_and_the_new_figure_are_planned_and_their_tests_pass(extended: Copy) -> None:
    assert [line.split()[2] for line in extended.done] == [
        "td_as_by_source",
        "results/smoke/balance/fashion_mnist/random.csv",
        "td_balance",
        "tests/balance",
    ]


def test_dvc_and_the_site_know_the_new_figure_from_its_card(extended: Copy) -> None:
    stages = yaml.safe_load((extended.folder / "dvc.yaml").read_text())["stages"]
    assert {"${results}/balance": {"persist": True}} in stages["task_discovery"]["outs"]
    assert "${results}/balance" in stages["products"]["deps"]
    run = extended.run(sys.executable, "-c", INDEX)
    assert run.returncode == 0, run.stderr
    section = run.stdout.partition("(td_balance)=\n")[2]
    assert "Share of test images on side 1 of each task" in section
    assert "snakemake --cores all td_balance" in section
    assert "[`balance`](../configuration.md#balance)" in section


def test_an_experiment_with_its_figure_costs_six_places_and_little_glue(extended: Copy) -> None:
    added = [
        (place, len([line for line in lines if line.strip()]))
        for page in ("experiment", "figure")
        for kind, name, text in blocks_of(page)
        for place, lines in [_added(text) if kind == "edit" else (name, text.splitlines())]
        if kind in ("edit", "file")
    ]
    page = (EXTEND / "figure.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| [^|]+ \(`(\S+)`\) \| (\d+) \| (\w+) \|$", page, re.MULTILINE)
    assert [(place.removeprefix("src/whichtask/"), count) for place, count in added] == [
        (place, int(count)) for place, count, _ in table
    ]
    glue, test = (sum(int(count) for _, count, kind in table if kind == what) for what in ("glue", "test"))
    total = sum(count for _, count in added)
    assert glue <= (total - test) / 4
    for whole in (total, total - test):
        assert f"{glue} of {whole} lines ({glue / whole * 100:.0f} %)" in page


def _added(diff: str) -> tuple[str, list[str]]:
    """Return the file that a diff changes and the lines that it adds."""
    (path,) = re.findall(r"^\+\+\+ b/(\S+)$", diff, re.MULTILINE)
    return path, re.findall(r"^\+(?!\+\+ )(.*)$", diff, re.MULTILINE)


def test_new_code_is_in_the_style_of_the_house(extended: Copy) -> None:
    code = [name for name in extended.written if name.endswith(".py")]
    assert len(code) == 5  # data set, network, experiment, figure, test
    for command in (("check",), ("format", "--check")):
        run = extended.run("ruff", *command, "--no-cache", *code)
        assert run.returncode == 0, run.stdout + run.stderr
