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
from projects import ROOT, Project

PAGES = ("dataset", "network", "experiment", "figure", "claim")
BLOCK = re.compile(r"^<!-- (python|run|edit|file|append)(?:: (\S+))? -->\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
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


class Copy(Project):
    """A copy of the project to which the pages are applied."""

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.environment |= {"OMP_NUM_THREADS": "1"}
        self.written: list[str] = []
        self.planned: list[str] = []
        for file in ("pyproject.toml", "results/reference/laptop/td_linear.csv"):
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, folder / file)

    def follow(self, page: str) -> None:
        """Do what one page says: first all its edits, then its commands, in their order."""
        blocks = BLOCK.findall((ROOT / "docs" / "extend" / f"{page}.md").read_text(encoding="utf-8"))
        assert blocks, f"{page}: no examples"
        for kind, name, text in blocks:
            if kind == "edit":
                self._edit(page, text)
            elif kind == "file":
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
        plans = [line for kind, line in lines if kind == "run" and line.startswith("snakemake -n ")]
        self._command(page, [entry for entry in lines if entry[1] not in plans])
        for line in plans:
            run = self.run(sys.executable, "-m", *line.split(), "--nocolor", "--quiet")
            assert run.returncode == 0, f"{page}: {line}\n{run.stdout[-2000:]}{run.stderr[-2000:]}"
            self.planned.append(line)

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
    assert drawn["side_1"].tolist() == table.loc[table["split"] == "test", "side_1"].tolist()
    assert (extended.folder / "td_balance.png").stat().st_size > 5000


def test_snakemake_plans_the_new_rule_and_the_new_figure(extended: Copy) -> None:
    assert [line.split()[2] for line in extended.planned] == [
        "td_as_by_source",
        "results/smoke/balance/fashion_mnist/random.csv",
        "td_balance",
    ]


def test_new_code_is_in_the_style_of_the_house(extended: Copy) -> None:
    code = [name for name in extended.written if name.endswith(".py")]
    assert len(code) == 5
    for command in (("check",), ("format", "--check")):
        run = extended.run("ruff", *command, "--no-cache", *code)
        assert run.returncode == 0, run.stdout + run.stderr
