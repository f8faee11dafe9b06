"""What one job gets to know of the configuration: exactly the keys that decide its result, and no others.

The workflow hands each command its job as JSON. A job is also what Snakemake compares to decide whether to run again,
so a key that a job does not hold cannot make it run.
"""

from typing import Literal, Self

from whichtask.config.base import Section
from whichtask.config.model import Config
from whichtask.config.networks import NetworkSpec
from whichtask.config.sections import (
    AgreementSettings,
    DataSettings,
    DiscoverySettings,
    DynamicsSettings,
    SplitSettings,
    TaskSettings,
)
from whichtask.errors import WhichtaskError


class DataJob(Section):
    """Fetch a data set."""

    data: DataSettings

    @classmethod
    def of(cls, config: Config) -> Self:
        """Take what the job needs from the whole configuration."""
        return cls(data=config.data)


KEYS_OF_KIND = {"random": ["random"], "human": ["human", "human_limit"], "factor": [], "user": ["user"]}


class TaskJob(Section):
    """Make random, human, factor or user tasks."""

    seed: int
    kind: Literal["random", "human", "factor", "user"]
    tasks: TaskSettings

    @classmethod
    def of(cls, config: Config, kind: str) -> Self:
        """Take what the job needs; the keys of other kinds of tasks stay at their defaults.

        Raises:
            WhichtaskError: there is no such kind.
        """
        if kind not in KEYS_OF_KIND:
            raise WhichtaskError(f"unknown kind of tasks {kind!r}; allowed: {', '.join(KEYS_OF_KIND)}")
        own = {name: getattr(config.tasks, name) for name in KEYS_OF_KIND[kind]}
        return cls.model_validate({"seed": config.seed, "kind": kind, "tasks": TaskSettings(**own)})


class AgreementJob(Section):
    """Score a task set with one network."""

    seed: int
    data: DataSettings
    network_name: str
    network: NetworkSpec
    agreement: AgreementSettings

    @classmethod
    def of(cls, config: Config, network: str, images: int | None = None) -> Self:
        """Take what the job needs from the whole configuration.

        Args:
            config: all settings.
            network: a key of ``networks``.
            images: another number of training images than ``agreement.images``.

        Raises:
            WhichtaskError: there is no such network.
        """
        if network not in config.networks:
            raise WhichtaskError(f"unknown network {network!r}; networks has {', '.join(config.networks)}")
        settings = config.agreement if images is None else config.agreement.model_copy(update={"images": images})
        return cls(
            seed=config.seed,
            data=config.data,
            network_name=network,
            network=config.networks[network],
            agreement=settings,
        )


class DiscoveryJob(Section):
    """Discover a set of tasks."""

    seed: int
    data: DataSettings
    encoder: NetworkSpec
    network: NetworkSpec
    discovery: DiscoverySettings

    @classmethod
    def of(cls, config: Config) -> Self:
        """Take what the job needs from the whole configuration."""
        found = config.discovery
        return cls(
            seed=config.seed,
            data=config.data,
            encoder=config.networks[found.encoder],
            network=config.networks[found.network],
            discovery=found,
        )


class DynamicsJob(DiscoveryJob):
    """Discover one task and record how it changes."""

    dynamics: DynamicsSettings

    @classmethod
    def of(cls, config: Config) -> Self:
        """Take what the job needs; the set's size and uniformity give way to one task in one dimension."""
        alone = {"tasks": 1, "dimensions": 1, "tasks_per_step": 1, "uniformity_weight": 0.0}
        whole = DiscoveryJob.of(config)
        own = {name: getattr(config.dynamics, name) for name in ("outer_steps", "outer_learning_rate")}
        settings = whole.discovery.model_copy(update=alone | own)
        fields = {name: getattr(whole, name) for name in DiscoveryJob.model_fields}
        return cls(**fields | {"discovery": settings}, dynamics=config.dynamics)


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
        """Take what the job needs; keys of the agreement score that training does not use go back to their defaults."""
        scored = AgreementJob.of(config, network)
        unused = {name: AgreementSettings.model_fields[name].default for name in ("images", "pairs", "bootstrap")}
        fields = {name: getattr(scored, name) for name in AgreementJob.model_fields}
        return cls(**fields | {"agreement": scored.agreement.model_copy(update=unused)}, splits=config.splits)
