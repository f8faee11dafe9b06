"""How many tasks, pairs of networks, searches and seeds stand behind a figure, in words; from the configuration."""

from typing import Any

from whichtask.config import Config


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 seed``, ``1,000 images``."""
    plural = {"search": "searches"}.get(noun, f"{noun}s")
    return f"{number:,} {noun if number == 1 else plural}"


def limited(number: int | None, noun: str) -> str:
    """Return a number with its noun, where none means all."""
    return f"all {noun}s" if number is None else counted(number, noun)


def listed(items: list[Any]) -> str:
    """Return items as words: ``1, 2 and 5``."""
    words = [f"{item:,}" if isinstance(item, int) else str(item) for item in items]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


class Counts:
    """What captions call n. Units of intervals come first.

    Args:
        settings: the whole configuration.
        human: how many human tasks the data have.
    """

    def __init__(self, settings: Config, human: int):
        self._settings = settings
        self._human = human

    @property
    def kinds(self) -> str:
        """Tasks of the main sets."""
        tasks = self._settings.tasks
        own = ", your own" if tasks.user else ""
        return f"{tasks.random} random, {self._human} human{own} and {self._settings.discovery.tasks} discovered tasks"

    @property
    def main(self) -> str:
        """Networks of the main scores."""
        agreement = self._settings.agreement
        return f"{self._scored(agreement.pairs, agreement.group)}, {limited(agreement.images, 'training image')}"

    @property
    def studies(self) -> str:
        """Searches of a study and the networks that score them."""
        studies = self._settings.studies
        seeds = counted(len(studies.seeds), "search")
        return f"{seeds} of each variant, every task a unit; {self._networks(studies.pairs, studies.images)}"

    @property
    def study_networks(self) -> str:
        """Networks that score the tasks of studies."""
        return self._networks(self._settings.studies.pairs, self._settings.studies.images)

    @property
    def by_network(self) -> str:
        """Tasks and networks where networks are compared."""
        plan, agreement = self._settings.plan, self._settings.agreement
        all_images = plan.network_images in (None, agreement.images)
        limit = None if all_images else plan.comparison_tasks
        found = min(limit or self._settings.discovery.tasks, self._settings.discovery.tasks)
        own = f", {counted(found, 'discovered task')} of each network's own search" if plan.searches else ""
        scored = self.main if all_images else f"{self._compared}, {limited(plan.network_images, 'training image')}"
        return f"{self._few(limit)}{own}; {scored}"

    @property
    def by_images(self) -> str:
        """Tasks and networks where numbers of training images are compared."""
        plan, agreement = self._settings.plan, self._settings.agreement
        text = f"{self._few(plan.comparison_tasks)}, {self._compared}"
        if agreement.images in plan.image_sweep:
            main = self._scored(agreement.pairs, agreement.group)
            text += f" (at {agreement.images:,} images {self._few(None)}, {main})"
        return f"{text}; {listed(plan.image_sweep)} training images"

    @property
    def splits(self) -> str:
        """Pairs of target and discovered task, and the networks of each."""
        splits = self._settings.splits
        targets = min(splits.targets, self._human)
        return (
            f"{counted(targets, 'target')} x {counted(splits.tasks, 'discovered task')}, as binary and as class "
            f"targets; {counted(splits.pairs, 'pair')} of networks a split of {limited(splits.images, 'image')}"
        )

    @property
    def truth(self) -> str:
        """Tasks of the searches on data with known factors."""
        truth = self._settings.ground_truth
        searches = len(truth.networks) * len(truth.uniformity_weights)
        return f"{counted(searches, 'search')} of {counted(truth.tasks, 'task')}"

    def seeds(self, experiment: str) -> str:
        """Repeats of an experiment of GBI."""
        return counted(len(self._settings.gbi.seeds_of(experiment)), "seed")

    def units(self, experiment: str) -> str:
        """Repeats of an experiment of GBI over which intervals are."""
        return f"{self.seeds(experiment)} as the units of intervals"

    def _few(self, limit: int | None) -> str:
        random, human = (min(limit or number, number) for number in (self._settings.tasks.random, self._human))
        return f"{random} random and {human} human tasks"

    @property
    def _compared(self) -> str:
        pairs, agreement = self._settings.plan.comparison_pairs, self._settings.agreement
        return self._scored(pairs, 2) if pairs else self._scored(agreement.pairs, agreement.group)

    @classmethod
    def _networks(cls, pairs: int, images: int | None) -> str:
        return f"{cls._scored(pairs, 2)}, {limited(images, 'training image')}"

    @staticmethod
    def _scored(groups: int, size: int) -> str:
        if size == 2:
            return f"{counted(groups, 'pair')} of networks a task"
        of_one = "" if groups == 1 else f"{groups} x "
        return f"all pairs among {of_one}{size} networks a task"
