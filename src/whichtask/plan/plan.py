"""What a configuration comes to: its searches, its sets of tasks and protocols, and where every file lies."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

from whichtask.config import BASE, MAIN, Config, DataSettings, ground_truth, of_network, variants
from whichtask.errors import WhichtaskError

Inputs = dict[str, list[str]]
"""Files by the name that a verb or a figure has for them."""
TRUTH = "ground_truth"
"""The name of the images with known factors in paths."""
GBI_DATA = ("mnist", "fashion_mnist", "factors32")
"""Image sets of GBI, under names that a user's file cannot take (checked with the configuration)."""
BASELINES = ("feature", "pca", "kmeans", "network")
KINDS = ("random", "human", "factor", "user", *BASELINES)
"""Sets of tasks that are made without a search."""


class Protocol(NamedTuple):
    """How a comparison scores tasks."""

    changes: dict[str, Any]
    """Of the agreement settings."""
    first: int | None
    """How many tasks of a set; None: all."""


class SplitSource(NamedTuple):
    """What attacks a target of adversarial splits."""

    data: str
    targets: str
    """The set of the targets."""
    indices: list[str]
    """Which of them."""
    attackers: str | None
    """The set of attacking tasks, if it needs one."""


class Plan:
    """Everything that the rules need to know of a configuration.

    Args:
        settings: the whole configuration.
        human_tasks: how many human tasks the main data have, which depends on their classes.

    Raises:
        WhichtaskError: ``splits.attackers`` names no search.
    """

    def __init__(self, settings: Config, human_tasks: int):
        self.settings = settings
        self.human_tasks = human_tasks
        self.data = settings.data.slug
        self.truth = settings.ground_truth.data.slug
        self.main = settings.plan.networks[0]
        self.searches = {self.data: variants(settings), TRUTH: ground_truth(settings)}
        self.attackers = next(iter(self.searches[TRUTH]))
        others = {data.slug: data for data in settings.bridge.other_data}
        bridged = [self.data, *([TRUTH] if settings.bridge.ground_truth else []), *others]
        self.bridged = list(dict.fromkeys(bridged))
        self.searches |= {
            name: {MAIN: settings.model_copy(update={"data": data})}
            for name, data in others.items()
            if name not in self.searches
        }
        self.sets = ["random", "human", MAIN, *(["user"] if settings.tasks.user else [])]
        if settings.splits.attackers not in self.searches[self.data]:
            raise WhichtaskError(
                f"splits.attackers is {settings.splits.attackers!r}, but there is no such search; allowed: "
                f"{', '.join(self.searches[self.data])}"
            )

    @cached_property
    def settings_of(self) -> dict[str, Config]:
        """The configuration of every image set, by its name in paths."""
        whole = self.settings
        generated = {
            name: whole.model_copy(update={"data": DataSettings(name=name, generated_images=whole.gbi.factors_images)})
            for name in GBI_DATA
        }
        truth = whole.model_copy(update={"data": whole.ground_truth.data})
        others = {name: searches[MAIN] for name, searches in self.searches.items() if name not in (self.data, TRUTH)}
        return {**generated, **others, self.data: whole, TRUTH: truth}

    @cached_property
    def protocols(self) -> dict[str, Protocol]:
        """Protocols beside the main one, by name."""
        plan = self.settings.plan
        few = {"pairs": plan.comparison_pairs, "group": 2} if plan.comparison_pairs else {}
        studies = {"images": self.settings.studies.images, "pairs": self.settings.studies.pairs, "group": 2}
        sizes = {*plan.image_sweep, *([plan.network_images] if plan.network_images else [])}
        return {
            **{f"images-{n}": Protocol({"images": n} | few, plan.comparison_tasks) for n in sorted(sizes)},
            "studies": Protocol(studies, None),
            "order": Protocol(studies | {"shared_order": False, "shared_initialisation": True}, None),
            "both": Protocol(studies | {"shared_order": False}, None),
            "bridge": Protocol(
                {
                    "images": self.settings.bridge.agreement_images,
                    "pairs": self.settings.bridge.agreement_pairs,
                    "group": 2,
                },
                None,
            ),
        }

    @cached_property
    def split_sources(self) -> dict[str, SplitSource]:
        """Sources of the attacks on targets."""
        targets = [str(target) for target in range(min(self.settings.splits.targets, self.human_tasks))]
        attributes = self.settings.splits.attribute_targets
        return {
            MAIN: SplitSource(self.data, "human", targets, self.settings.splits.attackers),
            "random_network": SplitSource(self.data, "human", targets[:2], None),
            "attribute": SplitSource(TRUTH, "factor", attributes, self.attackers),
        }

    @cached_property
    def wildcards(self) -> dict[str, list[str]]:
        """Values of the wildcards that stand for named things."""
        return {
            "data": list(self.settings_of),
            "network": list(self.settings.networks),
            "search": sorted({name for searches in self.searches.values() for name in searches}),
            "kind": list(KINDS),
            "protocol": list(self.protocols),
            "source": list(self.split_sources),
        }

    def task_settings(self, data: str) -> Config:
        """Return the settings of tasks; on ground truth every baseline has as many as a search there."""
        if data == self.data:
            return self.settings
        count = self.settings.ground_truth.tasks
        tasks = self.settings.tasks.model_copy(update={"random": count, "baseline": count})
        return self.settings_of[data].model_copy(update={"tasks": tasks})

    # Where files lie.

    def at(self, path: str) -> str:
        """Return a path below the results folder."""
        return f"{self.settings.results}/{path}"

    def images(self, data: str | None = None) -> str:
        """Return an image set; default: the main one."""
        return self.at(f"data/{data or self.data}.npz")

    def tasks(self, name: str, data: str | None = None) -> str:
        """Return a set of tasks."""
        return self.at(f"tasks/{data or self.data}/{name}.npz")

    def scores(self, name: str, network: str | None = None, protocol: str | None = None) -> str:
        """Return the agreement table of one task set and network: of the main protocol, or of another one."""
        return self.at(f"agreement/{self.data}/{network or self.main}/{f'{protocol}/' if protocol else ''}{name}.csv")

    def similarity(self, name: str, folder: str = "") -> str:
        """Return the similarities of a set's tasks; below a folder: to other tasks."""
        return self.at(f"similarity/{self.data}/{folder}{name}.csv")

    def search(self, search: str, name: str) -> str:
        """Return a file of a search."""
        return self.at(f"discovery/{self.data}/{search}/{name}")

    @property
    def explained(self) -> str:
        """Return the table of how well simple features predict tasks."""
        return self.at(f"explain/{self.data}.csv")

    @property
    def matches(self) -> str:
        """Return the table of tasks and the true factors that they match."""
        return self.at("ground_truth/factors.csv")

    def splits(self, name: str, *sources: str) -> list[str]:
        """List one file of every split job of these sources."""
        chosen = {source: self.split_sources[source] for source in sources}
        return [
            self.at(f"splits/{of.data}/{self.main}/{source}/{target}/{name}")
            for source, of in chosen.items()
            for target in of.indices
        ]

    def gbi(self, experiment: str, name: str) -> list[str]:
        """List one file of all repeats of an experiment of GBI."""
        return [self.at(f"gbi/{experiment}/{seed}/{name}") for seed in self.settings.gbi.seeds_of(experiment)]

    def gbi_tables(self, experiment: str, *names: str) -> Inputs:
        """Return inputs that are called like the tables of an experiment of GBI."""
        return {name: self.gbi(experiment, f"{name}.csv") for name in names}

    def found(self, data: str) -> str:
        """Return the name of the search whose tasks the bridge takes: the first on an image set."""
        return next(iter(self.searches[data]))

    def bridge(self, *names: str) -> Inputs:
        """Return inputs that are called like the tables of the bridge, of all its image sets and repeats."""
        seeds = self.settings.bridge.seeds
        return {
            name: [self.at(f"bridge/{data}/{seed}/{name}.csv") for data in self.bridged for seed in seeds]
            for name in names
        }

    @cached_property
    def bridge_scores(self) -> list[str]:
        """Tables of the agreement of the bridge's bits, one for each image set."""
        return [self.at(f"agreement/{data}/{self.main}/bridge/bits.csv") for data in self.bridged]

    # What figures and claims are made from.

    def at_images(self, name: str, network: str, images: int | None) -> str:
        """Return the table of a comparison; the main one where it already holds so many images."""
        main = images in (None, self.settings.agreement.images)
        return self.scores(name, network, None if main else f"images-{images}")

    def of_studies(self, *prefixes: str) -> list[str]:
        """List the searches that vary what a prefix names, the unchanged one first, with all seeds."""
        main = {MAIN, *map(of_network, self.settings.plan.searches)}
        return [name for name in self.searches[self.data] if name not in main and name.startswith((BASE, *prefixes))]

    def study(self, *prefixes: str, histories: bool = False) -> Inputs:
        """Return the inputs of a figure that compares these searches."""
        names = self.of_studies(*prefixes)
        found = {
            "tables": [self.scores(name, protocol="studies") for name in names],
            "similarities": [self.similarity(name) for name in names],
            "configs": [self.search(name, "config.yaml") for name in names],
        }
        return found | ({"histories": [self.search(name, "history.csv") for name in names]} if histories else {})

    def gallery(self, search: str) -> Inputs:
        """Return the inputs of the gallery of a search."""
        logits = [self.search(search, "logits.npz")]
        return {"data": [self.images()], "logits": logits, "tasks": [self.tasks(search)]}

    @cached_property
    def by_source(self) -> list[str]:
        """Tables of the main scores."""
        return [self.scores(name) for name in self.sets]

    @cached_property
    def by_network(self) -> list[str]:
        """Tables in which networks are compared, with the tasks of their own searches if ``plan.searches`` has any."""
        plan = self.settings.plan
        own = {self.main: [MAIN]} if plan.searches else {}
        own |= {name: [of_network(name)] for name in plan.searches}
        return [
            self.at_images(name, network, plan.network_images)
            for network in plan.networks
            for name in ("random", "human", *own.get(network, []))
        ]

    @cached_property
    def by_images(self) -> list[str]:
        """Tables in which numbers of training images are compared; those of the main scores are not measured again."""
        sizes = self.settings.plan.image_sweep
        return [self.at_images(name, self.main, n) for n in sizes for name in ("random", "human")]

    @cached_property
    def similarities(self) -> list[str]:
        """Tables of the similarity within each main set."""
        return [self.similarity(name) for name in self.sets]

    @cached_property
    def references(self) -> Inputs:
        """What studies are compared with: human and random tasks."""
        return {
            "tables": [self.scores(name, protocol="studies") for name in ("human", "random")],
            "similarities": [self.similarity(name) for name in ("human", "random")],
        }

    @cached_property
    def crossed(self) -> list[str]:
        """Tables in which networks score tasks that other networks were searched with."""
        networks = [self.main, *(name for name in self.settings.studies.networks if name != self.main)]
        found = self.of_studies("network-")
        return [self.scores(name, network, "studies") for network in networks for name in found] + [
            self._as_in_studies(name, network) for network in networks for name in ("human", "random")
        ]

    def _as_in_studies(self, name: str, network: str) -> str:
        """Return a table with as many images as in the studies, of the comparison of networks where it fits."""
        plan = self.settings.plan
        if plan.network_images == self.settings.studies.images and network in plan.networks:
            return self.at_images(name, network, plan.network_images)
        return self.scores(name, network, "studies")


def joined(*inputs: Mapping[str, list[str]]) -> Inputs:
    """Join inputs of one figure by name."""
    names = dict.fromkeys(name for one in inputs for name in one)
    return {name: [path for one in inputs for path in one.get(name, [])] for name in names}


def without(inputs: Inputs, name: str) -> Inputs:
    """Return inputs but one."""
    return {key: paths for key, paths in inputs.items() if key != name}
