"""The workflow away from home: from another folder, with --directory, and as a module of another workflow."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from projects import Project, jobs

import whichtask
from whichtask.errors import WhichtaskError
from whichtask.machine.own_code import use_own_code
from whichtask.plan.figures import FIGURES

pytestmark = pytest.mark.workflow
EVERYTHING = (set(FIGURES) - {"td_imagenet"}) | {"agreement", "discover", "infer_toy", "claims", "data"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose path holds a space, and whose command says that it is its own."""
    project = Project(tmp_path_factory.mktemp("far") / "my project")
    with (project.folder / "src" / "whichtask" / "cli" / "__init__.py").open("a") as source:
        source.write("\nprint('the own code')\n")
    return project


def snakemake(folder: Path, *words: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run Snakemake in a folder, where neither the command ``whichtask`` nor the project's code is to be found."""
    environment = os.environ | {"PATH": "/usr/bin:/bin"}
    environment.pop("PYTHONPATH", None)
    command = [sys.executable, "-m", "snakemake", *map(str, words), "--cores", "1", "--nocolor"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def require_figure(results: Path, figure: str) -> None:
    assert {path.name for path in (results / "figures").iterdir()} >= {f"{figure}.{end}" for end in ("png", "csv")}
    assert "the own code" in (results / "logs" / "figures" / f"{figure}.log").read_text()


def test_from_another_folder(project: Project, tmp_path: Path) -> None:
    snakefile = ("-s", project.folder / "Snakefile")
    assert set(jobs(snakemake(tmp_path, "-n", *snakefile))) >= EVERYTHING
    run = snakemake(tmp_path, "td_diagram_concept", *snakefile)
    assert run.returncode == 0, run.stderr
    require_figure(tmp_path / "results", "td_diagram_concept")
    assert (tmp_path / "results" / "run.json").is_file()
    assert not (project.folder / "results").exists()


def test_with_a_directory_and_files_named_from_here(project: Project, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("results: mine\nfigures: {dpi: 70}\n")
    words = ("-s", project.folder / "Snakefile", "--directory", "there", "--configfile", "mine.yaml")
    assert set(jobs(snakemake(tmp_path, "-n", *words))) >= EVERYTHING
    run = snakemake(tmp_path, "gbi_diagram", *words)
    assert run.returncode == 0, run.stderr
    require_figure(tmp_path / "there" / "mine", "gbi_diagram")


PARENT = """\
configfile: "config/config.yaml"

shell.prefix("set -eu; ")

rule all:
    input: "hello.txt"

rule hello:
    input: "{results}/figures/td_diagram_concept.png"
    output: "hello.txt"
    shell: "echo {{config[greeting]}} > {{output}}"

module whichtask:
    snakefile: "{snakefile}"
{config}
use rule * from whichtask as whichtask_*

use rule td_similarity from whichtask as whichtask_td_similarity with:
    priority: 7

onstart:
    print("the parent starts")

onsuccess:
    print("the parent ends with", shell._process_prefix)
"""
CONFIGS = {
    # How the module gets its configuration: its lines, the section of the parent's file, the results folder.
    "its own section": (
        '    config: config["whichtask"]\n',
        "\nwhichtask: {scale: smoke, results: results/inside, networks: {vit: {patch: 7}}}\n",
        "results/inside",
    ),
    "none": ("", "\nscale: of another kind\n", "results"),
}


@pytest.mark.parametrize("how", CONFIGS)
def test_as_a_module(project: Project, tmp_path: Path, how: str) -> None:
    config, section, results = CONFIGS[how]
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.yaml").write_text(f"greeting: hello{section}")
    snakefile = project.folder / "Snakefile"
    (tmp_path / "Snakefile").write_text(PARENT.format(snakefile=snakefile, config=config, results=results))
    planned = jobs(snakemake(tmp_path, "-n", "whichtask_all", "--config", "more=1"))
    assert set(planned) >= {f"whichtask_{rule}" for rule in EVERYTHING}
    run = snakemake(tmp_path)
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "hello.txt").read_text() == "hello\n", "the parent's first rule is what it makes"
    require_figure(tmp_path / results, "td_diagram_concept")
    said = run.stdout + run.stderr
    assert "the parent starts" in said
    assert "the parent ends with set -eu; \n" in said
    assert not (tmp_path / results / "run.json").exists(), "the handlers are the parent's"
    report = snakemake(tmp_path, "--report", "report.html")
    assert report.returncode == 0, report.stderr
    plain = re.sub(r"<[^>]*>", "", (tmp_path / "report.html").read_text())
    assert "snakemake --cores all whichtask_td_diagram_concept" in plain


def test_a_module_alone_makes_all_of_it(project: Project, tmp_path: Path) -> None:
    module = f'module whichtask:\n    snakefile: "{project.folder}/Snakefile"\n\nuse rule * from whichtask as of_*\n'
    (tmp_path / "Snakefile").write_text(module)
    assert set(jobs(snakemake(tmp_path, "-n"))) >= {f"of_{rule}" for rule in EVERYTHING}


def test_jobs_find_own_code_and_command_behind_those_of_others(tmp_path: Path) -> None:
    root = Path(whichtask.__file__).parents[2]
    environment = {"PATH": "/mine", "PYTHONPATH": "/theirs"}
    for _ in range(2):
        use_own_code(root, environment)
    assert environment == {
        "PATH": os.pathsep.join(["/mine", str(Path(sys.executable).parent)]),
        "PYTHONPATH": os.pathsep.join([str(root / "src"), "/theirs"]),
    }
    with pytest.raises(WhichtaskError, match="use the clone that is installed"):
        use_own_code(tmp_path, {})
