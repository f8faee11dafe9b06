# The checked configuration, and what the rules share: names, paths, jobs and code dependencies.

import re
from pathlib import Path

from snakemake.exceptions import WorkflowError

from whichtask.config import (
    BASE,
    KNOWN_DATA,
    REGULATED,
    AgreementJob,
    DataJob,
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
    load_config,
    variants,
)
from whichtask.errors import WhichtaskError
from whichtask.paths import require_writable

try:
    SETTINGS = load_config(config)
    SEARCHES = {
        SETTINGS.data.slug: variants(SETTINGS),
        "ground_truth": ground_truth(SETTINGS),
    }
    require_writable(Path(SETTINGS.results))
except WhichtaskError as error:
    raise WorkflowError(str(error)) from None

RESULTS = SETTINGS.results
# Documents the software of every rule; used with --software-deployment-method conda only.
ENVIRONMENT = "../../environment.yml"
PACKAGE = Path(workflow.basedir) / "src" / "whichtask"
DATA, TRUTH = SEARCHES
SETTINGS_OF = {
    DATA: SETTINGS,
    TRUTH: SETTINGS.model_copy(update={"data": SETTINGS.ground_truth.data}),
}
MAIN = SETTINGS.plan.networks[0]
BASELINES = ["feature", "pca", "kmeans", "network"]
SETS = ["random", "human", "discovered", *(["user"] if SETTINGS.tasks.user else [])]

# How comparisons score tasks: changes of the agreement job, and how many tasks of a set (None: all).
STUDIES = {name: getattr(SETTINGS.studies, name) for name in ("images", "pairs")}
FEW = SETTINGS.plan.comparison_tasks
PROTOCOLS = {
    **{
        f"images-{n}": ({"images": n}, FEW)
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
ROOMS = {
    "data": [*FLOOR_0, "data"],
    "tasks": [*FLOOR_0, "networks", "tasks"],
    "agreement": [*TRAINING, "agreement.py", "stats.py"],
    "discovery": [*TRAINING, "discovery"],
    "simclr": [*TRAINING],
    "regulation": [*TRAINING, "discovery", "regulation.py"],
    "proxy": [*TRAINING, "discovery", "proxy.py"],
    "explain": [*TRAINING, "explain.py", "stats.py"],
    "coverage": [*TRAINING, "discovery", "coverage.py"],
    "ground_truth": [*FLOOR_0, "networks", "tasks", "ground_truth.py", "stats.py"],
    "splits": [*TRAINING, "splits", "stats.py"],
    "imagenet": [*TRAINING, "splits", "imagenet"],
    "figures": [
        *FLOOR_0,
        "stats.py",
        "data/imageset.py",
        "tasks/taskset.py",
        "figures",
    ],
    "claims": [*FLOOR_0, "stats.py", "figures", "claims"],
}


def one_of(names):
    return "|".join(re.escape(name) for name in names)


wildcard_constraints:
    data=one_of([DATA, TRUTH]),
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


def own_file(name):
    """Return a file or folder of the user's as an input list; nothing for None and for known data sets."""
    return [name] if name and name not in KNOWN_DATA else []


def search_of(wildcards):
    """Return the configuration of the search that a job belongs to."""
    return SEARCHES[wildcards.data][wildcards.search]


def as_list(paths):
    return [paths] if isinstance(paths, str) else list(paths)


def options(name, paths):
    """Return one `--NAME=PATH` for each file."""
    return [f"--{name}={path}" for path in as_list(paths)]
