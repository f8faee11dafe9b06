"""The project's own code in the jobs of its workflow, whichever folder and environment Snakemake was started from."""

import os
import sys
from collections.abc import MutableMapping
from pathlib import Path

from whichtask.errors import WhichtaskError

PACKAGE = Path(__file__).parents[1]


def use_own_code(project: Path, environment: MutableMapping[str, str] = os.environ) -> None:
    """Let jobs find the command ``whichtask`` and import the project's code; other programs stay what they are.

    Args:
        project: the project's folder.
        environment: variables that jobs inherit; changed in place.

    Raises:
        WhichtaskError: this process has imported the code of another project.
    """
    source = project / "src"
    if not (source / PACKAGE.name).is_dir() or not PACKAGE.samefile(source / PACKAGE.name):
        raise WhichtaskError(
            f"the workflow in {project} would run the code in {PACKAGE}; use the clone that is installed"
        )
    # The command of this Python's environment, where no other comes first.
    added = {"PYTHONPATH": ([str(source)], []), "PATH": ([], [str(Path(sys.executable).parent)])}
    for name, (before, behind) in added.items():
        there = filter(None, environment.get(name, "").split(os.pathsep))
        environment[name] = os.pathsep.join(dict.fromkeys([*before, *there, *behind]))
