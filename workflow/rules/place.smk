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

SOURCE = str(PROJECT / "src")
if not os.path.isdir(SOURCE):
    raise WorkflowError(f"{PROJECT} holds no code: clone the project, and name the Snakefile of the clone")
sys.path.insert(0, SOURCE)
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [SOURCE, os.environ.get("PYTHONPATH")]))
# The command of this Python's environment, where no other comes first: it imports the code above.
os.environ["PATH"] = os.pathsep.join([os.environ["PATH"], str(Path(sys.executable).parent)])
