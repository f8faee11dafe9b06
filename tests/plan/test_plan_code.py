"""Snakemake does not see imported modules: a job must list every file that decides its result, found from imports."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tiny import JOBS, write_inputs

from whichtask.config import FigureSettings
from whichtask.config.sections import USED_BY
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.plan.experiments import EXPERIMENTS
from whichtask.plan.figures import FIGURES
from whichtask.plan.imports import CARRIERS, PACKAGE, docstring, imported, imports_in, module_file, stands_on

# Runs a verb and prints which files of the package had one of their functions called.
CALLED = """
import json, sys
from importlib import import_module
from inspect import CO_OPTIMIZED
from pathlib import Path
import whichtask.cli
import_module(sys.argv[2])  # what runs when a module is imported is no call of its functions
package, called = str(Path(whichtask.__file__).parent), set()
def note(frame, event, argument):
    code = frame.f_code
    function = code.co_flags & CO_OPTIMIZED and not code.co_name.startswith("<")
    if event == "call" and function and code.co_filename.startswith(package):
        called.add(code.co_filename[len(package) + 1:])
sys.argv = ["whichtask", *json.loads(sys.argv[1])]
sys.setprofile(note)
try:
    whichtask.cli.main()
except SystemExit as end:
    if end.code: raise
sys.setprofile(None)
print(json.dumps(sorted(called)))
"""
# What every verb calls to read its inputs and write its outputs; a table is the same whoever reads it.
AROUND = {*(f"{part}" for part in CARRIERS), "cli", "training/live.py", "artifacts.py"}


def verb_of(name: str) -> str:
    return next(
        (verb for verb in EXPERIMENTS if verb.rpartition(" ")[2] == name),
        name.split(maxsplit=1)[0],
    )


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory, small_images: ImageSet) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    write_inputs(folder, small_images)
    return folder


@pytest.mark.parametrize("name", ["agreement", "explain", "cifar100", "simclr"])
def test_a_job_calls_no_file_that_it_does_not_list(name: str, inputs: Path, tmp_path: Path) -> None:
    """Beside imports: what really runs. The list may hold more than a tiny job needs, never less."""
    command = json.dumps(JOBS[name].command(inputs, tmp_path))
    verb = verb_of(name)
    card = EXPERIMENTS.get(verb)
    address = card.function if card else f"whichtask.cli.experiments:{verb}"
    words = [sys.executable, "-c", CALLED, command, card.function.partition(":")[0] if card else "whichtask.agreement"]
    run = subprocess.run(words, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    called = {Path(path) for path in json.loads(run.stdout.splitlines()[-1])}
    listed = set(stands_on(address))
    missing = {
        path for path in called - listed if not any(path == Path(part) or Path(part) in path.parents for part in AROUND)
    }
    # Other inputs are read by loaders; they are files that the rule lists as such.
    assert missing <= {Path("data/imageset.py"), Path("tasks/taskset.py"), Path("data/text/textset.py")}
    assert listed & called


def test_a_name_that_a_package_hands_on_stands_for_the_file_that_defines_it() -> None:
    found = imported(Path("studies/proxy.py"))
    assert {Path("data/imageset.py"), Path("tasks/taskset.py"), Path("networks/build.py")} <= found
    assert not any(path.name == "__init__.py" for path in found)


def test_the_imports_found_in_a_text_are_those_that_python_sees() -> None:
    for file in PACKAGE.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        seen = {
            (node.module, alias.name, alias.asname or alias.name)
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "whichtask"
            for alias in node.names
        }
        assert set(imports_in(text)) == seen, file


def test_a_verb_stands_on_what_its_own_lines_import() -> None:
    similarity, make = (set(stands_on(f"whichtask.cli.sources:{verb}")) for verb in ("similarity", "make"))
    assert Path("tasks/similarity.py") in similarity
    assert Path("tasks/features.py") in make - similarity
    assert not any(path.parts[0] in ("cli", "config", "figures") for path in similarity | make)


def test_a_figure_stands_on_what_its_module_and_their_modules_import() -> None:
    listed = {path.as_posix() for path in stands_on("whichtask.figures.td.similarity")}
    assert {"figures/td/similarity.py", "figures/tables.py", "figures/palette.py", "stats/estimate.py"} <= listed
    assert not {path for path in listed if path.startswith(("training", "networks", "discovery"))}


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_uses_no_settings_but_those_that_its_job_holds(figure: str) -> None:
    module = module_file(f"whichtask.figures.{FIGURES[figure].code.partition(':')[0]}")
    assert module
    name = FIGURES[figure].code.partition(":")[2]
    own = [
        node
        for node in ast.parse((PACKAGE / module).read_text()).body
        # Of a module with several figures the functions of the others do not count.
        if not (
            name and isinstance(node, ast.FunctionDef) and re.match("(numbers|draw)_(?!.*" + name + "$)", node.name)
        )
    ]
    nodes = (node for part in own for node in ast.walk(part))
    used = {node.attr for node in nodes if isinstance(node, ast.Attribute)} & USED_BY.keys()
    changed = FigureSettings.model_validate(dict.fromkeys(USED_BY, 99)).of(figure)
    assert used <= {name for name in USED_BY if getattr(changed, name) == 99}


@pytest.mark.parametrize("address", ["whichtask.nowhere:study", "whichtask.agreement:study"])
def test_a_card_that_names_nothing_is_one_clear_error(address: str) -> None:
    with pytest.raises(WhichtaskError, match="a card names"):
        docstring(address)


def test_no_two_files_import_each_other() -> None:
    """Imports at the top of files make no circle, whole packages included."""
    files = [path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py")]
    waits = {file: set(imported(file)) - {file} for file in files}
    while free := {file for file, others in waits.items() if not others & waits.keys()}:
        waits = {file: others for file, others in waits.items() if file not in free}
    assert not waits, f"these files import each other: {sorted(map(str, waits))}"
