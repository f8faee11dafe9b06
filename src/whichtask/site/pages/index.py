"""The first page: the idea in one screen, with one task of each kind."""

from typing import Any

from whichtask.site.galleries import Gallery, Task, galleries
from whichtask.site.run import Run

EXAMPLES = ("human", "random", "discovered")
SIDE = 8
"""Images of each side."""


def collect(run: Run) -> dict[str, Any]:
    """Choose the task of each kind on which networks agree most; of random ones the first."""
    found, missing = galleries(run)
    by_key = {gallery.kind.key: gallery for gallery in found}
    examples = [(by_key[key], _example(by_key[key])) for key in EXAMPLES if key in by_key]
    return {"examples": examples, "side": SIDE, "galleries": found, "missing": missing, "scale": run.settings.scale}


def _example(gallery: Gallery) -> Task:
    if gallery.kind.key == "random":
        return gallery.tasks[0]
    return max(gallery.tasks, key=lambda task: task.measured.agreement.score if task.measured.agreement else 0)
