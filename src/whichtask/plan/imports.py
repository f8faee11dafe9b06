"""Which files of the package a function stands on, and what its docstring says, found without importing it.

Snakemake runs a job again when an input is newer, and does not see what a module imports. So every job has the files
that its code stands on as inputs: a change of one file runs again what it decides, and no other.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from whichtask.errors import WhichtaskError

PACKAGE = Path(__file__).parents[1]
# Not followed: settings reach a job as parameters, errors carry messages, a machine changes no number.
CARRIERS = ("config", "machine", "plan", "errors.py", "paths.py")
# Texts are searched for imports, as parsing them all takes a second at every start of the workflow.
_DEFINITION = re.compile(r"^(?:(?:def|class) |(?=\w[^\n(]* = ))(\w+(?:, \w+)*)", re.MULTILINE)
_IMPORT = re.compile(r"^[ \t]*from (whichtask[\w.]*) import (\([^)]*\)|.*)", re.MULTILINE)


def module_file(module: str) -> Path | None:
    """Return the file of a module below ``whichtask``, as a path below the package; None where there is none."""
    place = Path(*module.split(".")[1:])
    places = [place / "__init__.py", *([place.with_suffix(".py")] if place.name else [])]
    return next((path for path in places if (PACKAGE / path).is_file()), None)


@cache
def _text(file: Path) -> str:
    return (PACKAGE / file).read_text(encoding="utf-8")


def imports_in(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield module, name and new name of everything that a text imports from the package."""
    for module, names in _IMPORT.findall(text):
        for entry in re.sub(r"#.*", "", names).strip("() \n").split(","):
            if words := entry.split():
                yield module, words[0], words[-1]


@cache
def imported(file: Path) -> frozenset[Path]:
    """Return the package's files that a file imports anywhere in its text, as paths below the package.

    A name that a package's ``__init__`` hands on stands for the file that defines it.
    """
    return _named_in(_text(file))


def _named_in(text: str) -> frozenset[Path]:
    origins = (_origin(module, name) for module, name, _ in imports_in(text))
    return frozenset(path for path in origins if path)


@cache
def _origin(module: str, name: str) -> Path | None:
    """Return the file that defines what ``from module import name`` gives."""
    inside = module_file(f"{module}.{name}")
    file = module_file(module)
    if inside or file is None or file.name != "__init__.py":
        return inside or file
    return next((_origin(other, old) for other, old, new in imports_in(_text(file)) if new == name), file)


@cache
def _carried(file: Path) -> bool:
    return any(file == Path(part) or Path(part) in file.parents for part in CARRIERS)


@cache
def stands_on(*addresses: str) -> list[Path]:
    """Return the files that some functions stand on, as sorted paths below the package.

    Args:
        addresses: such as ``whichtask.studies.proxy:measure_proxy``: its file and all that this imports, directly or
            not. A verb, ``whichtask.cli.splits:splits``, decides nothing itself: what its own lines import, and so on.

    Raises:
        WhichtaskError: there is no such module or function.
    """
    found: set[Path] = set()
    waiting: list[Path] = []
    for address in addresses:
        file = file_of(address)
        waiting += _named_in(_lines_of(address)) if file.parts[0] == "cli" else [file]
    while waiting:
        file = waiting.pop()
        if file not in found and not _carried(file):
            found.add(file)
            waiting += imported(file)
    return sorted(found)


def source_files(project: Path, *addresses: str) -> list[str]:
    """List the files that some functions stand on, with the path of the project's folder."""
    return [str(project / "src" / PACKAGE.name / file) for file in stands_on(*addresses)]


def whats_missing(address: str) -> str:
    """Say what an address names that is not there: its module or its function; nothing where all is."""
    module, _, name = address.partition(":")
    file = module_file(module)
    if file is None:
        return f"there is no module {module}"
    names = [name for names in _DEFINITION.findall(_text(file)) for name in names.split(", ") if name[0].islower()]
    known = {*names, *(new for _, _, new in imports_in(_text(file)))}
    if not name or name in known:
        return ""
    return f"{module} defines no {name}; it defines {', '.join(names) or 'nothing'}"


def file_of(address: str) -> Path:
    """Return the file of an address such as ``whichtask.studies.proxy:measure_proxy``, below the package.

    Raises:
        WhichtaskError: there is no such module.
    """
    file = module_file(address.partition(":")[0])
    if file is None:
        raise WhichtaskError(f"a card names {address}, but {whats_missing(address)}")
    return file


def load(address: str) -> Any:
    """Import what an address of a card stands for, such as ``whichtask.studies.proxy:measure_proxy``."""
    module, _, name = address.partition(":")
    return getattr(import_module(module), name)


@cache
def _functions(file: Path) -> dict[str, ast.FunctionDef | ast.ClassDef]:
    nodes = ast.parse(_text(file)).body
    return {node.name: node for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def _function(address: str) -> ast.FunctionDef | ast.ClassDef:
    functions = _functions(file_of(address))
    name = address.partition(":")[2]
    if name not in functions:
        raise WhichtaskError(f"a card names {address}, but {whats_missing(address)}")
    return functions[name]


def _lines_of(address: str) -> str:
    node = _function(address)
    return "\n".join(_text(file_of(address)).splitlines()[node.lineno - 1 : node.end_lineno])


def docstring(address: str) -> str:
    """Return the docstring of a function by its address, up to its list of arguments.

    Raises:
        WhichtaskError: there is no such function, or it has no docstring.
    """
    text = ast.get_docstring(_function(address))
    if not text:
        raise WhichtaskError(f"{address} has no docstring, which is the help of its verb")
    return re.split(r"\n(?:Args|Returns|Raises):", text)[0].strip()
