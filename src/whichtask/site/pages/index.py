"""The first page: the idea in one screen, with one task of each kind."""

from typing import Any

from whichtask.site.galleries import Gallery, Task, galleries
from whichtask.site.run import Run

EXAMPLES = ("human", "random", "discovered")
SIDE = 8
"""Images of each side."""


def collect(run: Run) -> dict[str, Any]:
    """Choose the task of each kind on which networks agree most beyond chance; of random ones the first."""
    found, missing = galleries(run)
    by_key = {gallery.kind.key: gallery for gallery in found}
    examples = [(by_key[key], _example(by_key[key])) for key in EXAMPLES if key in by_key]
    shown = next((key for key in ("discovered", *EXAMPLES) if key in by_key), None)
    return {"examples": examples, "side": SIDE, "shown": shown, "missing": missing}


def _example(gallery: Gallery) -> Task:
    if gallery.kind.key == "random":
        return gallery.tasks[0]

    def beyond_chance(task: Task) -> float:
        agreement = task.measured.agreement
        return agreement.score - agreement.chance if agreement else -1

    return max(gallery.tasks, key=beyond_chance)
