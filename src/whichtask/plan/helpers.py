"""What rules take from a plan: files by wildcards, jobs as parameters, and which values wildcards have."""

import re
from collections.abc import Callable

from whichtask.config import KNOWN_DATA
from whichtask.config.base import Job
from whichtask.plan.cards import Wildcards
from whichtask.plan.plan import Inputs, Plan


def constraints(plan: Plan) -> dict[str, str]:
    """Return the regular expression of every wildcard."""
    named = {wildcard: "|".join(map(re.escape, values)) for wildcard, values in plan.wildcards.items()}
    return named | {"set": r"[A-Za-z0-9_.-]+", "target": "[^/]+", "repeat": r"\d+"}


def own_file(name: str | None) -> list[str]:
    """Return a file or folder of the user's as an input list; nothing for none and for known data sets."""
    return [name] if name and name not in KNOWN_DATA else []


def as_it_is(job: Job) -> Callable[[Wildcards], str]:
    """Return the parameter that holds a job's JSON; in a constant one Snakemake would take its braces for wildcards."""
    text = job.model_dump_json()
    return lambda wildcards: text


def discovery_extras(plan: Plan, wildcards: Wildcards) -> Inputs:
    """Return the further inputs of a search: human tasks to include, a pre-trained backbone."""
    data = wildcards["data"]
    discovery = plan.searches[data][wildcards["search"]].discovery
    extras = {}
    if discovery.human_tasks:
        extras["human"] = [plan.tasks("human", data)]
    if discovery.pretraining == "simclr":
        extras["backbone"] = [plan.at(f"simclr/{data}/backbone.safetensors")]
    return extras


def split_sets(plan: Plan, which: str, wildcards: Wildcards) -> list[str]:
    """Return the task set of a split's ``targets`` or ``attackers``, where it has one."""
    name = getattr(plan.split_sources[wildcards["source"]], which)
    return [plan.tasks(name, wildcards["data"])] if name else []
