"""What one job gets to know of the configuration: exactly the keys that decide its result, and no others.

The workflow hands each command its job as JSON. A job is also what Snakemake compares to decide whether to run again,
so a key that a job does not hold cannot make it run.
"""

from typing import Any, Literal, Self, TypeVar

from whichtask.config.base import KNOWN_DATA, Job, Section, chosen_repeat
from whichtask.config.bridge import BridgeSettings
from whichtask.config.model import Config
from whichtask.config.networks import NetworkSpec
from whichtask.config.sections import (
    AgreementSettings,
    Count,
    DataSettings,
    DiscoverySettings,
    DynamicsSettings,
    SplitSettings,
    TaskSettings,
)
from whichtask.config.studies import GroundTruthSettings, ImageNetSettings, SimclrSettings
from whichtask.errors import WhichtaskError

S = TypeVar("S", bound=Section)


def _network(config: Config, name: str) -> NetworkSpec:
    return config.networks[name].fitted(config.data.shape)


class DataJob(Job):
    """Fetch a data set."""

    data: DataSettings

    @classmethod
    def of(cls, config: Config) -> Self:
        """Take what the job needs from the whole configuration: how the images are divided later is not among it."""
        used = ("name",) if config.data.name in KNOWN_DATA else ("name", "image_size", "target")
        generated = ("generated_images",) if config.data.name == "factors32" else ()
        return cls(data=DataSettings(**config.data.model_dump(include={*used, *generated})))


KEYS_OF_KIND = {
    "random": ["random"],
    "human": ["human", "human_limit"],
    "factor": [],
    "user": ["user"],
    "network": ["baseline"],
    "kmeans": ["baseline"],
    "pca": ["baseline"],
    "feature": ["baseline"],
}
TaskKind = Literal["random", "human", "factor", "user", "network", "kmeans", "pca", "feature"]


class TaskJob(Section):
    """Make tasks of one kind, without training a network."""

    seed: int
    kind: TaskKind
    tasks: TaskSettings
    network: NetworkSpec | None = None
    """For tasks of randomly drawn networks."""

    @classmethod
    def of(cls, config: Config, kind: str) -> Self:
        """Take what the job needs; the keys of other kinds of tasks stay at their defaults.

        Raises:
            WhichtaskError: there is no such kind.
        """
        if kind not in KEYS_OF_KIND:
            raise WhichtaskError(f"unknown kind of tasks {kind!r}; allowed: {', '.join(KEYS_OF_KIND)}")
        own = {name: getattr(config.tasks, name) for name in KEYS_OF_KIND[kind]}
        network = _network(config, config.discovery.encoder) if kind == "network" else None
        content = {"seed": config.seed, "kind": kind, "tasks": TaskSettings(**own), "network": network}
        return cls.model_validate(content)


class AgreementJob(Section):
    """Score a task set with one network."""

    seed: int
    data: DataSettings
    network_name: str
    network: NetworkSpec
    agreement: AgreementSettings

    @classmethod
    def of(cls, config: Config, network: str, images: int | None = None, **changes: Any) -> Self:
        """Take what the job needs from the whole configuration.

        Args:
            config: all settings.
            network: a key of ``networks``.
            images: another number of training images than ``agreement.images``.
            changes: other values of keys of ``agreement``.

        Raises:
            WhichtaskError: there is no such network.
        """
        if network not in config.networks:
            raise WhichtaskError(f"unknown network {network!r}; networks has {', '.join(config.networks)}")
        settings = config.agreement.model_copy(update=changes | ({} if images is None else {"images": images}))
        return cls(
            seed=config.seed,
            data=config.data,
            network_name=network,
            network=_network(config, network),
            agreement=settings,
        )


class DiscoveryJob(Job):
    """Discover a set of tasks."""

    seed: int
    data: DataSettings
    encoder: NetworkSpec
    network: NetworkSpec
    discovery: DiscoverySettings

    @classmethod
    def of(cls, config: Config) -> Self:
        """Take what the job needs from the whole configuration."""
        return cls(**cls._search(config))

    @staticmethod
    def _search(config: Config) -> dict[str, Any]:
        """Return what every job that knows a search holds."""
        return {
            "seed": config.seed,
            "data": config.data,
            "encoder": _network(config, config.discovery.encoder),
            "network": _network(config, config.discovery.network),
            "discovery": config.discovery,
        }


class DynamicsJob(DiscoveryJob):
    """Discover one task and record how it changes."""

    dynamics: DynamicsSettings

    @classmethod
    def of(cls, config: Config) -> Self:
        """Take what the job needs; the set's size and uniformity give way to one task in one dimension."""
        alone = {"tasks": 1, "dimensions": 1, "tasks_per_step": 1, "uniformity_weight": 0.0}
        own = {name: getattr(config.dynamics, name) for name in ("outer_steps", "outer_learning_rate")}
        settings = config.discovery.model_copy(update=alone | own)
        return cls(**cls._search(config) | {"discovery": settings}, dynamics=config.dynamics)


def _reset(section: S, *names: str) -> S:
    """Return a section with the defaults of some keys."""
    return section.model_copy(update={name: type(section).model_fields[name].default for name in names})


class SplitJob(Section):
    """Train networks on adversarial and random splits."""

    seed: int
    data: DataSettings
    network_name: str
    network: NetworkSpec
    agreement: AgreementSettings
    splits: SplitSettings

    @classmethod
    def of(cls, config: Config, network: str) -> Self:
        """Take what the job needs; keys that do not decide what one target's networks learn keep their defaults."""
        scored = AgreementJob.of(config, network)
        fields = {name: getattr(scored, name) for name in AgreementJob.model_fields}
        agreement = _reset(scored.agreement, "images", "pairs", "group", "bootstrap")
        splits = _reset(config.splits, "targets", "attackers", "attribute_targets")
        return cls(**fields | {"agreement": agreement}, splits=splits)


class SimclrJob(Job):
    """Pre-train the encoder's network with SimCLR."""

    seed: int
    data: DataSettings
    encoder: NetworkSpec
    simclr: SimclrSettings

    @classmethod
    def of(cls, config: Config) -> Self:
        """Take what the job needs from the whole configuration."""
        encoder = _network(config, config.discovery.encoder)
        return cls(seed=config.seed, data=config.data, encoder=encoder, simclr=config.simclr)


class RegulationJob(DiscoveryJob):
    """Count how often augmentations flip the labels of discovered tasks."""

    simclr: SimclrSettings

    @classmethod
    def of(cls, config: Config) -> Self:
        """Take what the job needs from the configuration of the search that found the tasks."""
        return cls(**cls._search(config), simclr=config.simclr)


class LinearJob(DiscoveryJob):
    """Search the worst and the best linear task in a frozen embedding."""

    steps: Count

    @classmethod
    def of(cls, config: Config) -> Self:
        """Take what the job needs from the configuration of the search that found the embedding."""
        return cls(**cls._search(config), steps=config.studies.linear_steps)


class ProxyJob(DiscoveryJob):
    """Measure the proxy of agreement after several numbers of inner steps."""

    proxy_steps: list[Count]
    proxy_tasks: Count

    @classmethod
    def of(cls, config: Config) -> Self:
        """Take what the job needs from the whole configuration."""
        return cls(
            **cls._search(config), proxy_steps=config.studies.proxy_steps, proxy_tasks=config.studies.proxy_tasks
        )


class BridgeBitsJob(DiscoveryJob):
    """Make the bits of all sources, as many from each."""

    bits: Count

    @classmethod
    def of(cls, config: Config) -> Self:
        """Take what the job needs from the configuration of the search that found the tasks."""
        return cls(**cls._search(config), bits=config.bridge.bits)


class BridgeJob(Job):
    """One repeat of GBI on the bits of all sources."""

    seed: int
    repeat: int
    bridge: BridgeSettings

    @classmethod
    def of(cls, config: Config, repeat: int | None = None) -> Self:
        """Take what the job needs; ``repeat`` is one of the seeds, by default the first.

        Raises:
            WhichtaskError: the repeat is none of the seeds.
        """
        settings = config.bridge
        chosen = chosen_repeat(settings.seeds, repeat)
        elsewhere = ("ground_truth", "other_data", "bits", "agreement_images", "agreement_pairs")
        own = _reset(settings, *elsewhere).model_copy(update={"seeds": [chosen]})
        return cls(seed=config.seed, repeat=chosen, bridge=own)


class FeatureJob(Job):
    """Predict tasks from simple features of the images, or human tasks from an embedding."""

    seed: int
    data: DataSettings


class GroundTruthJob(Job):
    """Match discovered tasks with the known factors."""

    seed: int
    ground_truth: GroundTruthSettings

    @classmethod
    def of(cls, config: Config) -> Self:
        """Take what the job needs; keys of the searches go back to their defaults."""
        used = {name: getattr(config.ground_truth, name) for name in ("data", "permutations")}
        return cls(seed=config.seed, ground_truth=GroundTruthSettings(**used))


class ImageNetJob(Job):
    """Train on a random-network split of an ImageNet folder."""

    seed: int
    imagenet: ImageNetSettings

    @classmethod
    def split(cls, config: Config) -> Self:
        """Take what the split needs; keys of the training go back to their defaults."""
        used = {name: getattr(config.imagenet, name) for name in ("folder", "network", "image_size")}
        return cls(seed=config.seed, imagenet=ImageNetSettings(**used))
