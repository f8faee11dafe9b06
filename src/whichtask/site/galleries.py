"""Sets of tasks as the website shows them: images of both sides, and test images kept back for the quiz.

The quiz's images are drawn first, at random; galleries choose among the other test images only. So no image that a
visitor has seen is ever asked, in no quiz of any task.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from whichtask.data import ImageSet
from whichtask.seeding import numpy_generator
from whichtask.site.kinds import Kind, beside, kinds
from whichtask.site.measured import Measured, hardest, measure
from whichtask.site.run import Missing, Run
from whichtask.site.sheets import Sheet, make_sheet
from whichtask.tasks import TaskSet

SIDE = 20
"""Images shown of each side."""
ASKED = 240
"""Test images of a data set that are kept for the quiz; at most a third of all."""
DRAWN = 240
"""Images that sets without a network's confidence show their sides by."""
MOST = 24
"""Tasks shown of one set."""
SURE = "those that the search's network is surest about, surest first"
RANDOM = "drawn at random, as no network's confidence is kept for these tasks"


class Task(NamedTuple):
    """One task of a gallery."""

    id: str
    """In addresses."""
    name: str
    row: int
    """Of its set."""
    sides: tuple[list[int], list[int]]
    """Places in the gallery's sheet."""
    classes: tuple[str, str]
    """What the shown images of each side are, in words."""
    share: float
    """Of all images that are on side 1."""
    asked: str
    """Side of each image of the quiz, "0" or "1", in the order of the quiz's sheet."""
    measured: Measured


class Gallery(NamedTuple):
    """One set of tasks."""

    kind: Kind
    images: str
    """Name of the data."""
    order: str
    """Which images of a side are shown."""
    sheet: Sheet
    quiz: Sheet
    tasks: list[Task]
    left_out: int
    """Tasks that are not shown."""

    @property
    def ids(self) -> dict[str, str]:
        """Addresses of its tasks by their names."""
        return {task.name: task.id for task in self.tasks}


def galleries(run: Run) -> tuple[list[Gallery], list[Missing]]:
    """Return the galleries of a run and what is missing; made once for all pages."""
    if run.galleries is None:
        made = [(kind, _gallery(run, kind)) for kind in kinds(run)]
        more = [_gallery(other, beside(other, kind)) for other in run.also for kind in kinds(other) if not kind.data]
        found = [gallery for gallery in (*(one for _, one in made), *more) if gallery]
        run.galleries = (
            found,
            [run.missing(f"tasks ({kind.title.lower()})", kind.make) for kind, one in made if one is None],
        )
    both: tuple[list[Gallery], list[Missing]] = run.galleries
    return both


def _gallery(run: Run, kind: Kind) -> Gallery | None:
    images, tasks = run.images(kind.data), run.tasks(kind.name, kind.data)
    if not images or not tasks:
        return None
    binary = [k for k, classes in enumerate(tasks.n_classes) if classes == 2]
    chosen = [k for k in hardest(run, tasks) if k in binary] if kind.hard else _spread(binary)
    if not chosen:
        return None
    asked, free = divide_test(images, kind.data or "main")
    logits = _logits(run, kind, tasks)
    drawn = free[:DRAWN]
    shown = {k: _sides(tasks.labels[k], free if logits is not None else drawn, logits, k) for k in chosen}
    name = f"{run.prefix}{kind.data or 'main'}"
    every = drawn if logits is None else np.concatenate([side for sides in shown.values() for side in sides])
    stem = f"{name}-drawn" if logits is None else f"{name}-{kind.name}{'-hard' if kind.hard else ''}"
    sheet, quiz = make_sheet(run, stem, images.images, every), make_sheet(run, f"{name}-quiz", images.images, asked)
    found = [
        Task(
            f"{kind.key}-{place}",
            tasks.names[k],
            k,
            (sheet.at(shown[k][0]), sheet.at(shown[k][1])),
            (_in_words(images, shown[k][0]), _in_words(images, shown[k][1])),
            float(tasks.labels[k].mean()),
            "".join(map(str, tasks.labels[k, asked])),
            measure(run, kind.name, kind.data, tasks.names[k]),
        )
        for place, k in enumerate(chosen)
    ]
    left_out = 0 if kind.hard else len(tasks.names) - len(chosen)
    return Gallery(kind, images.name, RANDOM if logits is None else SURE, sheet, quiz, found, left_out)


def divide_test(images: ImageSet, name: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Divide the test images, in a random order that is always the same.

    Returns:
        Indices that only the quiz shows, and indices that galleries may show.
    """
    order = images.n_train + numpy_generator("site", name).permutation(images.n_test)
    count = min(ASKED, images.n_test // 3)
    return order[:count], order[count:]


def _spread(indices: Sequence[int]) -> list[int]:
    """Choose at most ``MOST`` of some indices, evenly."""
    count = min(MOST, len(indices))
    return [indices[k * len(indices) // count] for k in range(count)]


def _logits(run: Run, kind: Kind, tasks: TaskSet) -> npt.NDArray[Any] | None:
    """Return how sure the search's network is, [K, N]; None for sets that no search found."""
    data = kind.data or run.plan.data
    if kind.name not in run.plan.searches[data]:
        return None
    arrays = run.arrays(run.plan.at(f"discovery/{data}/{kind.name}/logits.npz"))
    if not arrays or "logits" not in arrays:
        return None
    rows = arrays.get("kept", np.arange(len(arrays["logits"])))
    logits: npt.NDArray[Any] = arrays["logits"][rows]
    return logits if logits.shape == tasks.labels.shape else None


def _sides(
    labels: npt.NDArray[np.uint8], among: npt.NDArray[np.int64], logits: npt.NDArray[Any] | None, k: int
) -> list[npt.NDArray[np.int64]]:
    """Choose the images of both sides: the surest ones, or without logits the first."""
    members = [among[labels[among] == side] for side in (0, 1)]
    if logits is not None:
        members = [side[np.argsort(-np.abs(logits[k, side]), kind="stable")] for side in members]
    return [side[:SIDE] for side in members]


def _in_words(images: ImageSet, shown: npt.NDArray[np.int64]) -> str:
    """Say what classes images are of, most frequent first."""
    labels, counts = np.unique(images.labels[shown], return_counts=True)

    def words() -> Iterator[str]:
        for place in np.argsort(-counts, kind="stable"):
            yield f"{counts[place]} {images.class_names[labels[place]]}"

    return ", ".join(words()) or "none"
