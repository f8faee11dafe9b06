# What makes many short jobs cheap on one machine.

from whichtask.machine.warm import WarmStart, pays

WARM = []


def warm_up(jobs):
    """Let so many jobs fork from one process, where that pays.

    By default at smoke scale only: Snakemake's benchmark files then hold the memory and CPU time of a stand-in.
    """
    wanted = os.environ.get("WHICHTASK_WARM", str(int(SETTINGS.scale == "smoke"))) == "1"
    if wanted and workflow.executor_plugin.name == "local" and pays(jobs):
        WARM.append(WarmStart())


def cool_down():
    """End that process."""
    for warm in WARM:
        warm.stop()
