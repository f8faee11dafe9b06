"""Prints, as JSON, the shell command of every job of a plan and what in it is not quoted; run in a project's folder."""

import json
import string
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from snakemake.api import SnakemakeApi
from snakemake.settings.types import ConfigSettings, OutputSettings, Quietness, ResourceSettings


def commands(files: list[str]) -> list[dict[str, Any]]:
    """Return the jobs of everything, for these configuration files."""
    output = OutputSettings(quiet={Quietness.ALL}, enable_file_logging=False)
    with SnakemakeApi(output) as api:
        workflow_api = api.workflow(ResourceSettings(cores=1), ConfigSettings(configfiles=[*map(Path, files)]))
        workflow_api.dag().summary()
        return [
            {
                "rule": job.rule.name,
                "command": job.shellcmd,
                "log": str(job.log[0]),
                "inputs": [str(path) for path in job.input],
                "outputs": [str(path) for path in job.output],
                "wildcards": dict(job.wildcards_dict),
                "unquoted": {field: value(job, field) for field in unquoted(job.rule.shellcmd)},
            }
            for job in workflow_api._workflow.dag.jobs
            if job.rule.shellcmd
        ]


def unquoted(pattern: str) -> set[str]:
    """Return the fields of a rule's command that are inserted without ``:q``."""
    return {field for _, field, how, _ in string.Formatter().parse(pattern) if field and how != "q"}


def value(job: Any, field: str) -> str:
    """Return what is inserted for ``threads``, ``params.NAME`` or ``wildcards.NAME``."""
    found = job
    for part in field.split("."):
        found = getattr(found, part)
    return str(found)


with redirect_stdout(sys.stderr):
    found = commands(sys.argv[1:])
print(json.dumps(found))
