# Where results came from: run.json beside them, and what the report says about each figure (see docs/provenance.md).

from collections import Counter

from snakemake.logging import logger

from whichtask.runs.captions import Captions
from whichtask.runs.recorder import Recorder
from whichtask.runs.snakemake_files import rule_writing

# Captions are templates that see nothing of the workflow but its config. A module's own is a part of another config.
config = {
    **config,
    "report": Captions(
        PROJECT,
        SETTINGS,
        PLAN.human_tasks,
        workflow.config_settings.configfiles,
        workflow.config_settings.config,
        workflow.modifier.modify_rulename,
    ),
}

if ALONE:

    # The front page.
    report: "../report/workflow.rst"


RECORDER = Recorder(PROJECT, SETTINGS, lambda benchmark: rule_writing(workflow.rules, benchmark))


def recorded(step, *arguments):
    """Write run.json; a run does not fail for want of it."""
    # Processes that Snakemake starts for single jobs call no handlers, but --touch does.
    if workflow.is_main_process and not workflow.touch:
        try:
            step(*arguments)
        except WhichtaskError as error:
            logger.warning(f"run.json is not written: {error}")


# Snakemake passes the next three over in a module.
onstart:
    jobs = Counter(job.rule.name for job in workflow.dag.needrun_jobs())
    recorded(RECORDER.begin, jobs, workflow.executor_plugin.name)
    warm_up(jobs.total())


onsuccess:
    cool_down()
    recorded(RECORDER.end, "succeeded")


onerror:
    cool_down()
    recorded(RECORDER.end, "failed")
