# Functions that several rules share or that are too long for a rule, and the plan of the splits.

from whichtask.data.classes import count_classes
from whichtask.tasks import human_partitions

ATTACKERS = next(iter(SEARCHES[TRUTH]))

# As many human tasks as there are, which depends on the number of classes.
try:
    HUMAN_TASKS = human_partitions(
        count_classes(SETTINGS.data.name),
        SETTINGS.tasks.human,
        SETTINGS.tasks.human_limit,
    )
except WhichtaskError as error:
    raise WorkflowError(f"data.name = {SETTINGS.data.name}: {error}") from None
HUMAN_TARGETS = [
    str(target) for target in range(min(SETTINGS.splits.targets, len(HUMAN_TASKS)))
]
# Source of the attack: its data, the set of its targets, which of them, and the set of its attackers if it needs one.
SPLIT_SOURCES = {
    "discovered": (DATA, "human", HUMAN_TARGETS, "discovered"),
    "random_network": (DATA, "human", HUMAN_TARGETS[:2], None),
    "attribute": (TRUTH, "factor", SETTINGS.splits.attribute_targets, ATTACKERS),
}


def split_files(name, *sources):
    """List one file of every split job of these sources."""
    return [
        f"{RESULTS}/splits/{SPLIT_SOURCES[source][0]}/{MAIN}/{source}/{target}/{name}"
        for source in sources
        for target in SPLIT_SOURCES[source][2]
    ]


def split_settings(wildcards):
    """Return the settings of a split job: those of its data."""
    if wildcards.data == DATA:
        return SETTINGS
    return SEARCHES[TRUTH][ATTACKERS]


def task_settings(data):
    """Return the settings of tasks; on ground truth every baseline has as many as a search there."""
    if data == DATA:
        return SETTINGS
    count = SETTINGS.ground_truth.tasks
    tasks = SETTINGS.tasks.model_copy(update={"random": count, "baseline": count})
    return SETTINGS_OF[data].model_copy(update={"tasks": tasks})


def discovery_extras(wildcards):
    """Return the further inputs of a search: human tasks to include, a pre-trained backbone."""
    discovery = search_of(wildcards).discovery
    extras = {}
    if discovery.human_tasks:
        extras["human"] = f"{RESULTS}/tasks/{wildcards.data}/human.npz"
    if discovery.pretraining == "simclr":
        extras["backbone"] = f"{RESULTS}/simclr/{wildcards.data}/backbone.safetensors"
    return extras


def explained_sets(data):
    """Return the sets of tasks that simple features are asked to predict."""
    if data == DATA:
        return ["random", "human", "discovered", REGULATED]
    return list(SEARCHES[data])
