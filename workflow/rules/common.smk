# What a configuration comes to, and what the rules share.

import os
import re

from snakemake.exceptions import WorkflowError

from whichtask.config import (
    KNOWN_DATA,
    MAIN,
    REGULATED,
    AgreementJob,
    DataJob,
    DiscoveryJob,
    ImageNetJob,
    SplitJob,
    TaskJob,
)
from whichtask.config.gbi import HundredJob, TextJob
from whichtask.data.classes import count_classes
from whichtask.errors import WhichtaskError
from whichtask.paths import require_past, require_writable
from whichtask.plan.experiments import EXPERIMENTS, rule_of
from whichtask.plan.figures import FIGURES, paper_of
from whichtask.plan.headlines import HEADLINE_FIGURES
from whichtask.plan.imports import stands_on
from whichtask.plan.plan import KINDS, Plan
from whichtask.tasks import human_partitions

try:
    # As many human tasks as there are, which depends on the number of classes.
    HUMAN = human_partitions(count_classes(SETTINGS.data.name), SETTINGS.tasks.human, SETTINGS.tasks.human_limit)
    PLAN = Plan(SETTINGS, len(HUMAN))
    if workflow.is_main_process:  # once a run, not once a job
        require_writable(Path(SETTINGS.results))
        require_past(Path(SETTINGS.results))
except WhichtaskError as error:
    raise WorkflowError(str(error)) from None

RESULTS = SETTINGS.results
# Documents the software of every rule; used with --software-deployment-method conda only.
ENVIRONMENT = "../../environment.yml"
# As seen from the folder of the run: a project that is moved or cloned has the same inputs.
HERE = Path(os.path.relpath(PROJECT))


pathvars:
    results=RESULTS,
    logs=f"{RESULTS}/logs",
    benchmarks=f"{RESULTS}/benchmarks",


def one_of(names):
    return "|".join(re.escape(name) for name in names)


wildcard_constraints:
    data=one_of(PLAN.settings_of),
    network=one_of(SETTINGS.networks),
    search=one_of({name for searches in PLAN.searches.values() for name in searches}),
    kind=one_of(KINDS),
    set=r"[A-Za-z0-9_.-]+",
    protocol=one_of(PLAN.protocols),
    source=one_of(PLAN.split_sources),
    target="[^/]+",
    repeat=r"\d+",


def code(*addresses):
    """List the source files that functions of the package stand on."""
    try:
        return [str(HERE / "src" / "whichtask" / file) for file in stands_on(*addresses)]
    except WhichtaskError as error:
        raise WorkflowError(str(error)) from None


def own_file(name):
    """Return a file or folder of the user's as an input list; nothing for None and for known data sets."""
    return [name] if name and name not in KNOWN_DATA else []


def search_of(wildcards):
    """Return the configuration of the search that a job belongs to."""
    return PLAN.searches[wildcards.data][wildcards.search]


def as_it_is(job):
    """Return the parameter that holds a job's JSON; in a constant one Snakemake would take its braces for wildcards."""
    text = job.model_dump_json()
    return lambda wildcards: text


def as_list(paths):
    return [paths] if isinstance(paths, str) else list(paths)


def options(name, paths):
    """Return one `--NAME=PATH` for each file."""
    return [f"--{name}={path}" for path in as_list(paths)]
