# The checked configuration, and what the rules share: paths, jobs and code dependencies.

from pathlib import Path

from snakemake.exceptions import WorkflowError

from whichtask.config import (
    KNOWN_DATA,
    AgreementJob,
    DataJob,
    DiscoveryJob,
    DynamicsJob,
    SplitJob,
    TaskJob,
    load_config,
)
from whichtask.errors import WhichtaskError
from whichtask.paths import require_writable

try:
    SETTINGS = load_config(config)
    require_writable(Path(SETTINGS.results))
except WhichtaskError as error:
    raise WorkflowError(str(error)) from None

RESULTS = SETTINGS.results
# Documents the software of every rule; used with --software-deployment-method conda only.
ENVIRONMENT = "../../environment.yml"
DATA = SETTINGS.data.slug
PACKAGE = Path(workflow.basedir) / "src" / "whichtask"
MAIN = SETTINGS.plan.networks[0]
SETS = ["random", "human", "discovered", *(["user"] if SETTINGS.tasks.user else [])]

# Rooms that each kind of job stands on. Snakemake does not see imported modules, so these files are inputs: a job runs
# again when the code that decides its result has changed, and only then.
FLOOR_0 = ["artifacts.py", "seeding.py"]
TRAINING = [*FLOOR_0, "networks", "tasks", "training"]
ROOMS = {
    "data": [*FLOOR_0, "data"],
    "tasks": [*FLOOR_0, "tasks"],
    "agreement": [*TRAINING, "agreement.py", "stats.py"],
    "discovery": [*TRAINING, "discovery"],
    "splits": [*TRAINING, "splits.py"],
    "figures": [
        "artifacts.py",
        "stats.py",
        "data/imageset.py",
        "tasks/taskset.py",
        "figures",
    ],
    "claims": ["artifacts.py", "stats.py", "figures", "claims.py"],
}


wildcard_constraints:
    data="[^/]+",
    network="[^/]+",
    set="[a-z]+",
    images=r"\d+",


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


def tasks_path(name):
    return f"{RESULTS}/tasks/{DATA}/{name}.npz"


def agreement_path(name, network=MAIN, images=None):
    """Return the table of one task set and network; with `images`, of a comparison at so many."""
    folder = f"images-{images}/" if images else ""
    return f"{RESULTS}/agreement/{DATA}/{network}/{folder}{name}.csv"


def similarity_path(name):
    return f"{RESULTS}/similarity/{DATA}/{name}.csv"


DATA_PATH = f"{RESULTS}/data/{DATA}.npz"
DYNAMICS_PATH = f"{RESULTS}/discovery/{DATA}/dynamics/dynamics.npz"
BY_SOURCE = [agreement_path(name) for name in SETS]
BY_NETWORK = [
    agreement_path(name, network, SETTINGS.plan.network_images)
    for network in SETTINGS.plan.networks
    for name in ("random", "human")
]
# The main table holds the scores at agreement.images already, so the sweep does not measure them again.
BY_IMAGES = [
    agreement_path(name, MAIN, n if n != SETTINGS.agreement.images else None)
    for n in SETTINGS.plan.image_sweep
    for name in ("random", "human")
]
SPLITS_TABLE = f"{RESULTS}/splits/{DATA}/{MAIN}/accuracies.csv"
SPLITS_PREDICTIONS = f"{RESULTS}/splits/{DATA}/{MAIN}/predictions.npz"
SIMILARITIES = [similarity_path(name) for name in SETS]

# Figure: input name: files. One place for what every figure is drawn from.
FIGURE_INPUTS = {
    "td_examples": {
        "data": [DATA_PATH],
        "human": [tasks_path("human")],
        "random": [tasks_path("random")],
    },
    "td_as_by_network": {"tables": BY_NETWORK},
    "td_as_by_source": {"tables": BY_SOURCE},
    "td_as_by_images": {"tables": BY_IMAGES},
    "td_dynamics": {
        "data": [DATA_PATH],
        "dynamics": [DYNAMICS_PATH],
        "tables": [agreement_path("dynamics")],
    },
    "td_gallery_discovered": {
        "data": [DATA_PATH],
        "logits": [f"{RESULTS}/discovery/{DATA}/set/logits.npz"],
        "tasks": [tasks_path("discovered")],
    },
    "td_similarity": {"tables": SIMILARITIES},
    "td_splits_table": {"tables": [SPLITS_TABLE]},
    "td_split_classes": {"tables": [SPLITS_TABLE], "predictions": [SPLITS_PREDICTIONS]},
    "td_split_gallery": {
        "data": [DATA_PATH],
        "tables": [SPLITS_TABLE],
        "predictions": [SPLITS_PREDICTIONS],
    },
}
ANIMATED = {"td_dynamics"}


def figure_files(figure):
    """Return what one figure writes, the PNG first."""
    endings = ["png", "svg", "csv", *(["gif"] if figure in ANIMATED else [])]
    return [f"{RESULTS}/figures/{figure}.{ending}" for ending in endings]


def input_options(wildcards, input):
    """Return the `--input NAME=PATH` options of a figure, from its named inputs."""
    return [
        f"--input={name}={path}"
        for name, paths in input.items()
        if name != "code"
        for path in as_list(paths)
    ]


def as_list(paths):
    return [paths] if isinstance(paths, str) else list(paths)
