"""The target ``audit``: own images are audited once, again when they change, and are missed when they are gone."""

from pathlib import Path

import numpy as np
from planted import marked_images
from projects import Project


def test_own_images_are_audited_once_and_again_when_they_change(tmp_path: Path) -> None:
    project = Project(tmp_path / "own project")
    images, labels, _ = marked_images(120)
    given, made = tmp_path / "own images.npz", project.results / "audit" / "mine"
    settings = ("--config", f"audit={{images: {{mine: '{given}'}}, minutes: 0.05}}")
    np.savez(given, images=images, labels=labels)
    run = project.smoke("audit", *settings)
    assert run.returncode == 0, run.stdout + run.stderr
    assert {"findings.json", "report.html", "scores.csv", "tasks.csv"} <= {path.name for path in made.iterdir()}
    again = project.smoke("audit", "--dry-run", *settings)
    assert "Nothing to be done" in again.stdout + again.stderr
    np.savez(given, images=images[:100], labels=labels[:100])
    run = project.smoke("audit", *settings)
    assert run.returncode == 0, run.stdout + run.stderr
    assert len((made / "tasks.csv").read_text().splitlines()) == 1 + 100
    given.unlink()
    gone = project.smoke("audit", "--dry-run", *settings)
    assert gone.returncode != 0
    assert f"audit.images.mine: there is no {given}" in gone.stdout + gone.stderr
    empty = project.smoke("audit", "--dry-run")
    assert "audit.images is empty" in empty.stdout + empty.stderr
