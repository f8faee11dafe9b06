# Where the project is, whichever folder Snakemake runs in, and its own code, here and in jobs.

import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

PROJECT = Path(str(workflow.current_basedir)).parents[1]
# Whether this is the workflow itself, not a module of another one.
ALONE = workflow.modifier.is_main_snakefile()
# As seen from the folder of the run: a project that is moved or cloned has the same inputs.
HERE = Path(os.path.relpath(PROJECT))

sys.path.insert(0, str(PROJECT / "src"))

from whichtask.errors import WhichtaskError
from whichtask.machine.own_code import use_own_code

try:
    use_own_code(PROJECT)
except WhichtaskError as error:
    raise WorkflowError(str(error)) from None
