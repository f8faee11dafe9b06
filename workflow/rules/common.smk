# What the rules share: names, paths, jobs and code dependencies.

import os
import re
from pathlib import Path
from typing import NamedTuple

from snakemake.exceptions import WorkflowError

from whichtask.config import (
    BASE,
    KNOWN_DATA,
    REGULATED,
    AgreementJob,
    DataJob,
    DataSettings,
    DiscoveryJob,
    DynamicsJob,
    FeatureJob,
    GroundTruthJob,
    ImageNetJob,
    LinearJob,
    ProxyJob,
    RegulationJob,
    SimclrJob,
    SplitJob,
    TaskJob,
    ground_truth,
    variants,
)
from whichtask.config.gbi import (
    Cifar100Job,
    ComputeJob,
    ContinualJob,
    HundredJob,
    ImagesJob,
    ImagesMoreJob,
    LanguageJob,
    RicherJob,
    TextJob,
    ToyJob,
    ToyLearningJob,
    UnsupervisedJob,
)
from whichtask.errors import WhichtaskError
from whichtask.plan.imports import modules_of_figures, stands_on
from whichtask.paths import require_past, require_writable

try:
    SEARCHES = {
        SETTINGS.data.slug: variants(SETTINGS),
        "ground_truth": ground_truth(SETTINGS),
    }
    require_writable(Path(SETTINGS.results))
    if workflow.is_main_process:  # once a run, not once a job
        require_past(Path(SETTINGS.results))
except WhichtaskError as error:
    raise WorkflowError(str(error)) from None

RESULTS = SETTINGS.results
# Documents the software of every rule; used with --software-deployment-method conda only.
ENVIRONMENT = "../../environment.yml"
# As seen from the folder of the run: a project that is moved or cloned has the same inputs.
PACKAGE = Path(os.path.relpath(Path(workflow.basedir) / "src" / "whichtask"))
MODULES = modules_of_figures()
DATA, TRUTH = SEARCHES
# Image sets of GBI, under names that a user's file cannot take (checked with the configuration).
GBI_DATA = ["mnist", "fashion_mnist", "factors32"]
SETTINGS_OF = {
    **{
        name: SETTINGS.model_copy(
            update={
                "data": DataSettings(
                    name=name, generated_images=SETTINGS.gbi.factors_images
                )
            }
        )
        for name in GBI_DATA
    },
    DATA: SETTINGS,
    TRUTH: SETTINGS.model_copy(update={"data": SETTINGS.ground_truth.data}),
}
MAIN = SETTINGS.plan.networks[0]
BASELINES = ["feature", "pca", "kmeans", "network"]
SETS = ["random", "human", "discovered", *(["user"] if SETTINGS.tasks.user else [])]

# How comparisons score tasks: changes of the agreement job, and how many tasks of a set (None: all).
STUDIES = {name: getattr(SETTINGS.studies, name) for name in ("images", "pairs")}
FEW = SETTINGS.plan.comparison_tasks
PAIRS = SETTINGS.plan.comparison_pairs or SETTINGS.agreement.pairs
PROTOCOLS = {
    **{
        f"images-{n}": ({"images": n, "pairs": PAIRS}, FEW)
        for n in {*SETTINGS.plan.image_sweep, SETTINGS.plan.network_images} - {None}
    },
    "studies": (STUDIES, None),
    "order": (
        STUDIES | {"shared_order": False, "shared_initialisation": True},
        None,
    ),
    "both": (STUDIES | {"shared_order": False}, None),
}

# Rooms that each kind of job stands on. Snakemake does not see imported modules, so these files are inputs: a job runs
# again when the code that decides its result has changed, and only then.
FLOOR_0 = ["artifacts.py", "seeding.py"]
TRAINING = [*FLOOR_0, "networks", "tasks", "training"]
GBI_CORE = [
    *TRAINING,
    "stats.py",
    "gbi/__init__.py",
    "gbi/abstraction.py",
    "gbi/autoencoder.py",
    "gbi/entry.py",
    "gbi/fit.py",
    "gbi/inference.py",
    "gbi/scores.py",
]
ROOMS = {
    "data": [*FLOOR_0, "data"],
    "tasks": [*FLOOR_0, "networks", "tasks"],
    "agreement": [*TRAINING, "agreement.py", "stats.py"],
    "discovery": [*TRAINING, "discovery", "studies/linear.py"],
    "simclr": [*TRAINING],
    "regulation": [*TRAINING, "discovery", "studies/regulation.py"],
    "proxy": [*TRAINING, "discovery", "studies/proxy.py"],
    "explain": [*TRAINING, "studies/explain.py", "stats.py"],
    "coverage": [*TRAINING, "discovery", "studies/coverage.py"],
    "ground_truth": [
        *FLOOR_0,
        "networks",
        "tasks",
        "studies/ground_truth.py",
        "stats.py",
    ],
    "splits": [*TRAINING, "splits", "stats.py"],
    "imagenet": [*TRAINING, "splits", "studies/imagenet"],
    "gbi_toy-learning": [*GBI_CORE, "gbi/toy"],
    "gbi_toy": [*GBI_CORE, "gbi/toy"],
    "gbi_images": [*GBI_CORE, "gbi/images"],
    "gbi_images-more": [*GBI_CORE, "gbi/images"],
    "gbi_language": [*GBI_CORE, "gbi/language"],
    "gbi_cifar100": [*GBI_CORE, "gbi/gated", "gbi/cifar100.py"],
    "gbi_richer": [*GBI_CORE, "gbi/gated", "gbi/richer"],
    "gbi_continual": [*GBI_CORE, "gbi/gated", "gbi/continual"],
    "gbi_unsupervised": [*GBI_CORE, "gbi/toy", "gbi/unsupervised.py"],
    "gbi_compute": [*GBI_CORE, "gbi/compute.py"],
}


def one_of(names):
    return "|".join(re.escape(name) for name in names)


wildcard_constraints:
    data=one_of(SETTINGS_OF),
    network=one_of(SETTINGS.networks),
    search=one_of({name for searches in SEARCHES.values() for name in searches}),
    kind=one_of(["random", "human", "factor", "user", *BASELINES]),
    set=r"[A-Za-z0-9_.-]+",
    protocol=one_of(PROTOCOLS),


def code(room):
    """List the source files that a kind of job depends on."""
    paths = [PACKAGE / part for part in ROOMS[room]]
    return [
        str(file)
        for path in paths
        for file in (sorted(path.rglob("*.py")) if path.is_dir() else [path])
    ]


def code_of(*figures, room=None):
    """List the source files that these figures, and a room, depend on."""
    files = [MODULES[figure] for figure in figures]
    if room:
        files += [file.relative_to(PACKAGE) for file in (PACKAGE / room).glob("*.py")]
    return [str(PACKAGE / file) for file in stands_on(*files)]


def own_file(name):
    """Return a file or folder of the user's as an input list; nothing for None and for known data sets."""
    return [name] if name and name not in KNOWN_DATA else []


def search_of(wildcards):
    """Return the configuration of the search that a job belongs to."""
    return SEARCHES[wildcards.data][wildcards.search]


def as_it_is(job):
    """Return the parameter that holds a job's JSON; in a constant one Snakemake would take its braces for wildcards."""
    text = job.model_dump_json()
    return lambda wildcards: text


def as_list(paths):
    return [paths] if isinstance(paths, str) else list(paths)


def options(name, paths):
    """Return one `--NAME=PATH` for each file."""
    return [f"--{name}={path}" for path in as_list(paths)]
