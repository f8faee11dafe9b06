"""Which files of the package a file stands on: what Snakemake cannot see, found without importing anything.

Snakemake runs a job again when an input is newer; a rule whose code is spread over modules lists them as inputs.
Figures get theirs from here, so that a change of one figure's module draws that figure again and no other.
"""

import ast
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]

# Where a walk over imports ends, with the file that stands for it. Settings reach a job as parameters; paths and errors
# carry messages; images and tasks are known to figures by the files that hold them.
ENDS: dict[str, str | None] = {
    "config": None,
    "errors.py": None,
    "paths.py": None,
    "data": "data/imageset.py",
    "tasks": "tasks/taskset.py",
    "figures/__init__.py": None,
    "figures/td/__init__.py": None,
    "figures/gbi/__init__.py": None,
}


@cache
def imported(file: Path) -> frozenset[Path]:
    """Return the package's files that a file imports anywhere in its text, as paths below the package."""
    paths = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "whichtask":
            base = PACKAGE.joinpath(*(node.module or "").split(".")[1:])
            for name in [None, *(alias.name for alias in node.names)]:
                place = base / name if name else base
                paths |= {path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()}
    return frozenset(path.relative_to(PACKAGE) for path in paths - {PACKAGE / "__init__.py"})


def stands_on(*files: Path) -> list[Path]:
    """Return these files and all that they import, directly or not, as sorted paths below the package.

    Args:
        files: below the package. ``ENDS`` are not followed.
    """
    found: set[Path] = set()
    waiting = list(files)
    while waiting:
        file = waiting.pop()
        end = next((part for part in ENDS if file == Path(part) or Path(part) in file.parents), None)
        if end is not None:
            found |= {Path(known) for known in [ENDS[end]] if known}
        elif file not in found:
            found.add(file)
            waiting += imported(PACKAGE / file)
    return sorted(found)


@cache
def modules_of_figures() -> dict[str, Path]:
    """Return the module that draws each figure, below the package, as the registry ``FIGURES`` names it."""
    tree = ast.parse((PACKAGE / "figures" / "__init__.py").read_text(encoding="utf-8"))
    origin = {
        alias.name: Path(*node.module.split(".")[1:]).with_suffix(".py")
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("whichtask.figures.")
        for alias in node.names
    }
    registry = next(
        node.value
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "FIGURES"
    )
    if not isinstance(registry, ast.Dict):
        raise TypeError("FIGURES is written as a dict")
    return {
        ast.literal_eval(key): origin[value.id]
        for key, value in zip(registry.keys, registry.values, strict=True)
        if key is not None and isinstance(value, ast.Name)
    }
