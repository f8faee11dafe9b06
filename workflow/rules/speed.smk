# What makes many short jobs cheap on one machine.

from whichtask.machine.warm import WarmStart, pays

WARM = []


def warm_up(jobs):
    """Let so many jobs fork from one process, where that pays."""
    if workflow.executor_plugin.name == "local" and pays(jobs):
        WARM.append(WarmStart())


def cool_down():
    """End that process."""
    for warm in WARM:
        warm.stop()
