"""Which files of the package a function stands on, and what its docstring says, found without importing it.

Snakemake runs a job again when an input is newer, and does not see what a module imports. So every job has the files
that its code stands on as inputs: a change of one file runs again what it decides, and no other.
"""

import ast
import re
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from whichtask.errors import WhichtaskError

PACKAGE = Path(__file__).parents[1]
# Not followed: settings reach a job as parameters, errors carry messages, a machine changes no number.
CARRIERS = ("config", "machine", "plan", "errors.py", "paths.py")


def module_file(module: str) -> Path | None:
    """Return the file of a module below ``whichtask``, as a path below the package; None where there is none."""
    place = Path(*module.split(".")[1:])
    places = [place / "__init__.py", *([place.with_suffix(".py")] if place.name else [])]
    return next((path for path in places if (PACKAGE / path).is_file()), None)


@cache
def _tree(file: Path) -> ast.Module:
    return ast.parse((PACKAGE / file).read_text(encoding="utf-8"))


@cache
def imported(file: Path) -> frozenset[Path]:
    """Return the package's files that a file imports anywhere in its text, as paths below the package.

    A name that a package's ``__init__`` hands on stands for the file that defines it.
    """
    return _named_in(_tree(file))


def _named_in(tree: ast.AST) -> frozenset[Path]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "whichtask":
            found |= {_origin(node.module or "", alias.name) for alias in node.names}
    return frozenset(path for path in found if path)


@cache
def _origin(module: str, name: str) -> Path | None:
    """Return the file that defines what ``from module import name`` gives."""
    inside = module_file(f"{module}.{name}")
    file = module_file(module)
    if inside or file is None or file.name != "__init__.py":
        return inside or file
    for node in _tree(file).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "whichtask":
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return _origin(node.module or "", alias.name)
    return file


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
        waiting += _named_in(_function(address)) if file.parts[0] == "cli" else [file]
    while waiting:
        file = waiting.pop()
        carried = any(file == Path(part) or Path(part) in file.parents for part in CARRIERS)
        if file not in found and not carried:
            found.add(file)
            waiting += imported(file)
    return sorted(found)


def file_of(address: str) -> Path:
    """Return the file of an address such as ``whichtask.studies.proxy:measure_proxy``, below the package.

    Raises:
        WhichtaskError: there is no such module.
    """
    module = address.partition(":")[0]
    file = module_file(module)
    if file is None:
        raise WhichtaskError(f"a card names {address}, but there is no module {module}")
    return file


def load(address: str) -> Any:
    """Import what an address of a card stands for, such as ``whichtask.studies.proxy:measure_proxy``."""
    module, _, name = address.partition(":")
    return getattr(import_module(module), name)


def _function(address: str) -> ast.FunctionDef | ast.ClassDef:
    module, _, name = address.partition(":")
    for node in _tree(file_of(address)).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return node
    raise WhichtaskError(f"a card names {address}, but {module} defines no {name}")


def docstring(address: str) -> str:
    """Return the docstring of a function by its address, up to its list of arguments.

    Raises:
        WhichtaskError: there is no such function, or it has no docstring.
    """
    text = ast.get_docstring(_function(address))
    if not text:
        raise WhichtaskError(f"{address} has no docstring, which is the help of its verb")
    return re.split(r"\n(?:Args|Returns|Raises):", text)[0].strip()
