"""The quiz: which side are new images on?"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from whichtask.site.answers import FILE
from whichtask.site.embed import plain
from whichtask.site.galleries import Gallery, galleries
from whichtask.site.run import Run


def collect(run: Run) -> dict[str, Any]:
    """Return the sheets and the sides of all images that can be asked; a file holds them for ``whichtask quiz``."""
    found, missing = galleries(run)
    asking = [gallery for gallery in found if gallery.quiz.slots]
    quiz = quiz_data(asking)
    run.write(FILE, json.dumps(plain(quiz)).encode())
    return {"galleries": asking, "missing": missing, "quiz": quiz}


def quiz_data(found: Sequence[Gallery]) -> dict[str, Any]:
    """Return what the script asks from: sets with their tasks, and the identity of all that."""
    sets = [
        {
            "key": gallery.kind.key,
            "title": gallery.kind.title,
            "images": gallery.images,
            "order": gallery.order,
            "sheet": gallery.sheet._replace(slots={}),
            "quiz": gallery.quiz._replace(slots={}),
            "tasks": [
                {
                    "name": task.name,
                    "sides": task.sides,
                    "asked": task.asked,
                    "agreement": task.measured.agreement and task.measured.agreement.score,
                    "network": task.measured.agreement and task.measured.agreement.test_accuracy,
                }
                for task in gallery.tasks
            ],
        }
        for gallery in found
    ]
    return {"run": run_id(found), "sets": sets}


def run_id(found: Sequence[Gallery]) -> str:
    """Return what tells the quizzes of two runs apart: a digest of every task's sides of every image asked."""
    sha = hashlib.sha256()
    for gallery in found:
        for task in gallery.tasks:
            sha.update(f"{gallery.kind.key}\n{task.name}\n{sorted(gallery.quiz.slots)}\n{task.asked}\n".encode())
    return sha.hexdigest()[:12]
