"""What one job of GBI gets to know of the configuration: what it uses of its section, with one of the seeds."""

from typing import Any, Literal, Protocol, Self

from whichtask.config.base import Job, Section, chosen_repeat
from whichtask.config.gbi.cifar100 import Cifar100Settings, MetricSettings
from whichtask.config.gbi.compute import ComputeSettings
from whichtask.config.gbi.continual import ContinualSettings
from whichtask.config.gbi.images import ImagesMoreSettings, ImagesSettings
from whichtask.config.gbi.language import LanguageSettings
from whichtask.config.gbi.model import GbiSettings
from whichtask.config.gbi.richer import RicherSettings
from whichtask.config.gbi.toy import ToyLearningSettings, ToySettings
from whichtask.config.gbi.unsupervised import UnsupervisedSettings
from whichtask.config.sections import Count


class Whole(Protocol):
    """What these jobs need of the whole configuration, which is built of this room's sections."""

    @property
    def seed(self) -> int: ...  # noqa: D102

    @property
    def gbi(self) -> GbiSettings: ...  # noqa: D102


class RepeatedJob(Job):
    """One repeat of an experiment; the one further field of a subclass is called like its section of ``gbi``."""

    seed: int
    repeat: int

    @classmethod
    def of(cls, config: Whole, repeat: int | None = None) -> Self:
        """Take what the job needs; ``repeat`` is one of the section's seeds, by default the first.

        Raises:
            WhichtaskError: the repeat is none of the seeds.
        """
        (name,) = cls.model_fields.keys() - RepeatedJob.model_fields.keys()
        settings = getattr(config.gbi, name)
        chosen = chosen_repeat(settings.seeds, repeat)
        own = cls._used(settings.model_copy(update={"seeds": [chosen]}))  # other seeds do not reach the job
        return cls.model_validate({"seed": config.seed, "repeat": chosen, name: own})

    @classmethod
    def _used(cls, settings: Any) -> Any:
        """Return the section with keys that do not decide the job's result at their defaults."""
        return settings


class ToyLearningJob(RepeatedJob):
    """One repeat of learning the headline stream."""

    toy: ToyLearningSettings

    @classmethod
    def _used(cls, settings: ToySettings) -> ToyLearningSettings:
        return settings.learning


class ToyJob(RepeatedJob):
    """One repeat of everything that is measured after learning."""

    toy: ToySettings


class ImagesJob(RepeatedJob):
    """One repeat of the headline tables."""

    images: ImagesSettings

    @classmethod
    def _used(cls, settings: ImagesSettings) -> ImagesSettings:
        return settings.model_copy(update={"more": ImagesMoreSettings()})


class ImagesMoreJob(RepeatedJob):
    """One repeat of what is beside the headline tables."""

    images: ImagesSettings

    @classmethod
    def _used(cls, settings: ImagesSettings) -> ImagesSettings:
        used = ("seeds", "validation_images", "test_images", "autoencoder", "fit", "iterative", "more")
        own = ImagesSettings(**{name: getattr(settings, name) for name in used})
        repeats = ImagesMoreSettings().repeats  # how many there are changes none of them
        return own.model_copy(update={"more": own.more.model_copy(update={"repeats": repeats})})


class LanguageJob(RepeatedJob):
    """One repeat."""

    language: LanguageSettings

    @classmethod
    def _used(cls, settings: LanguageSettings) -> LanguageSettings:
        # Where the text comes from decides another job's result; this one is given the file.
        return settings.model_copy(
            update={name: LanguageSettings.model_fields[name].default for name in TextJob.model_fields}
        )


class Cifar100Job(RepeatedJob):
    """One repeat."""

    cifar100: Cifar100Settings


class MetricJob(RepeatedJob):
    """One repeat."""

    metric: MetricSettings


class RicherJob(RepeatedJob):
    """One repeat."""

    richer: RicherSettings


class ContinualJob(RepeatedJob):
    """One repeat."""

    continual: ContinualSettings


class UnsupervisedJob(RepeatedJob):
    """One repeat."""

    unsupervised: UnsupervisedSettings


class ComputeJob(RepeatedJob):
    """One repeat."""

    compute: ComputeSettings


class TextJob(Section):
    """Get text by domain."""

    folder: str | None
    characters: Count

    @classmethod
    def of(cls, config: Whole) -> Self:
        """Take what the job needs from the whole configuration."""
        return cls(folder=config.gbi.language.folder, characters=config.gbi.language.characters)


class HundredJob(Section):
    """Get images of about a hundred classes."""

    hundred: Literal["either", "cifar100", "factors32"]
    factors_images: tuple[Count, Count]

    @classmethod
    def of(cls, config: Whole) -> Self:
        """Take what the job needs from the whole configuration."""
        return cls(hundred=config.gbi.hundred, factors_images=config.gbi.factors_images)
