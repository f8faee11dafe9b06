"""Prints the plan of some targets as JSON; run as a program, by ``plan.ask_snakemake``.

A program of its own because Snakemake runs the Snakefile in the process that asks, which changes signal handlers and
logging there. Its commands print plans for people only, so this takes the plan from the object behind its API; the
version of Snakemake is pinned, and a test compares what is read here with what Snakemake then runs.
"""

import json
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from snakemake.api import SnakemakeApi
from snakemake.cli import parse_args, parse_config
from snakemake.settings.types import ConfigSettings, DAGSettings, OutputSettings, Quietness, ResourceSettings

from whichtask.errors import WhichtaskError
from whichtask.runs.names import near_matches, printable
from whichtask.runs.workplace import find_marks


def plan(words: list[str]) -> dict[str, Any]:
    """Return the plan for the words of a Snakemake command line (configuration files and targets).

    Raises:
        WhichtaskError: a target that is no rule and no path.
        Exception: whatever Snakemake and the Snakefile raise for a configuration or a target that is wrong.
    """
    _, arguments = parse_args(words)
    output = OutputSettings(quiet={Quietness.ALL}, enable_file_logging=False)
    with SnakemakeApi(output) as api:
        config = ConfigSettings(config=parse_config(arguments.config), configfiles=arguments.configfile or ())
        workflow_api = api.workflow(ResourceSettings(cores=1), config)
        # Its own plans for people leave out that it runs jobs again that were cut off when their files were there.
        cut_off = {output for output in find_marks(Path()) if Path(output).exists()}
        settings = DAGSettings(
            targets=arguments.targets, rerun_triggers=arguments.rerun_triggers, forcerun=frozenset(cut_off)
        )
        dag_api = workflow_api.dag(settings)
        workflow = workflow_api._workflow
        rules = [rule.name for rule in workflow.rules]
        for target in arguments.targets:
            if target not in rules and "/" not in target:
                known = near_matches(target, rules)
                raise WhichtaskError(f"no rule or figure of this configuration is called {target!r}{known}")
        dag_api.summary()
        names = workflow.globals
        return {
            "results": names["RESULTS"],
            "scale": names["SETTINGS"].scale,
            "data": names["SETTINGS"].data.name,
            "figures": list(names["DRAWN"].cards),
            "jobs": [
                {
                    "rule": job.rule.name,
                    "what": printable(job.message or job.rule.name),
                    "outputs": [str(path) for path in job.output],
                    "inputs": [path for path in map(str, job.input) if path.startswith(f"{names['RESULTS']}/")],
                    "settings": str(job.params.get("job", "")),
                    "wildcards": dict(job.wildcards),
                    "log": str(job.log[0]) if job.log else None,
                    "benchmark": str(job.benchmark) if job.benchmark else None,
                    "needed": bool(workflow.dag.needrun(job)),
                    "there": all(Path(path).exists() for path in job.output),
                }
                for level in workflow.dag.toposorted()
                for job in sorted(level, key=lambda job: (job.rule.name, *map(str, job.output)))
                if job.output
            ],
        }


def main() -> None:
    """Print the plan, or what is wrong, as one line of JSON."""
    with redirect_stdout(sys.stderr):
        try:
            answer = plan(sys.argv[1:])
        except Exception as error:  # Snakemake raises dozens of types, and a Snakefile any
            answer = {"error": str(error) or type(error).__name__}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
