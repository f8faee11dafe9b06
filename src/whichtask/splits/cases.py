"""Which splits attack a target: sources of attacking tasks, kinds of target, and the controls beside each split."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from whichtask.config import SplitJob
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError
from whichtask.seeding import numpy_generator
from whichtask.splits.attackers import Labelling, confounder, named_attribute
from whichtask.splits.define import Bools, Integers, Target, adversarial_split, class_matched_split, random_split
from whichtask.tasks import TaskSet

Kind = Literal["binary", "classes", "attribute"]
Split = Literal["adversarial", "random", "class_matched"]
SourceName = Literal["discovered", "random_network", "attribute"]
KINDS: dict[SourceName, tuple[Kind, ...]] = {
    "discovered": ("binary", "classes"),
    "random_network": ("binary", "classes"),
    "attribute": ("attribute",),
}
BINARY_NAMES = ("0", "1")


@dataclass(frozen=True)
class Source:
    """Where the tasks come from that attack a target, and what the attacked target is."""

    name: SourceName
    """discovered: found tasks attack a union of classes, as a binary target and as the classes parted by it;
    random_network: tasks of randomly drawn networks attack the same; attribute: found tasks attack any binary task."""
    found: TaskSet | None = None
    """The attacking tasks; None for random networks, which are drawn."""
    group: tuple[TaskSet, str] | None = None
    """For attribute: the task that names groups together with the target, in its set; None takes ``confounder``."""

    def __post_init__(self) -> None:
        if self.name not in KINDS:
            raise WhichtaskError(f"unknown source of splits {self.name!r}; allowed: {', '.join(KINDS)}")
        if (self.found is None) != (self.name == "random_network"):
            raise WhichtaskError(
                "attacking tasks go with the sources discovered and attribute, which need them, and not with "
                "random_network, which draws its own"
            )
        if self.group is not None and self.name != "attribute":
            raise WhichtaskError(f"a second attribute goes with the source attribute, not with {self.name}")


@dataclass(frozen=True)
class Case:
    """One split to train on."""

    kind: Kind
    target_name: str
    task_name: str
    split: Split
    target: npt.NDArray[np.int64]
    """[P]."""
    in_train: Bools
    """[P]."""
    names: tuple[str, ...]
    group: Labelling | None
    """[P]."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What names the random draws of this case."""
        return self.kind, self.target_name, self.task_name, self.split


def list_cases(
    images: ImageSet,
    target: Target,
    attackers: Sequence[Labelling],
    source: Source,
    pool: Integers,
    job: SplitJob,
    skipped: list[str],
) -> Iterator[Case]:
    """List the splits: for every attacker, of all kinds of the source, adversarial with its two controls.

    Args:
        images: the data set.
        target: what is attacked.
        attackers: tasks on the images to split, [P] each.
        source: where they come from.
        pool: [P], the images to split.
        job: settings.
        skipped: gets a reason for each attacker that labels all images of a class alike and so cannot split that class.

    Raises:
        WhichtaskError: the target parts no classes where it must, or no attribute names groups.
    """
    binary, classes = target.labels[pool].astype(np.int64), images.labels[pool]
    for attacker in attackers:
        group = None
        if source.group is not None:
            group = named_attribute(*source.group, pool)
        elif source.name == "attribute":
            group = confounder(images, target.labels, attacker, pool)
        for kind in KINDS[source.name]:
            of_images = binary
            sides: tuple[int, ...] = (0, 1)
            names: tuple[str, ...] = BINARY_NAMES
            if kind == "classes":
                if target.sides is None:
                    raise WhichtaskError(
                        f"the target {target.name} is no union of classes, so it parts no classes; the source "
                        "attribute takes any target"
                    )
                of_images, sides, names = classes, target.sides, images.class_names
            try:
                adversarial = adversarial_split(of_images, sides, attacker.labels, names)
            except WhichtaskError as error:
                skipped.append(f"{kind} target {target.name} by {attacker.name}: {error}")
                continue
            draw = numpy_generator("random split", job.seed, kind, target.name, attacker.name)
            splits: dict[Split, Bools] = {
                "adversarial": adversarial,
                "random": random_split(adversarial, draw),
                "class_matched": class_matched_split(of_images, adversarial, draw),
            }
            for split, in_train in splits.items():
                yield Case(kind, target.name, attacker.name, split, of_images, in_train, names, group)
