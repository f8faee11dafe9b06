"""Verbs that say what tasks are about: simple features, human tasks, known factors.

Each imports what it runs when it runs.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whichtask.cli.settings import ConfigOption, JobOption, ThreadsOption, resolve
from whichtask.cli.sources import DataOption, OutOption
from whichtask.config import FeatureJob, GroundTruthJob
from whichtask.errors import WhichtaskError

if TYPE_CHECKING:
    from whichtask.tasks import TaskSet

TasksOption = Annotated[list[Path], typer.Option("--tasks", help="Task set, named by its file; once for each.")]


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("explain")(explain)
    app.command("coverage")(coverage)
    app.command("factors")(factors)


def explain(
    data: DataOption,
    tasks: TasksOption,
    out: OutOption,
    config: ConfigOption = None,
    job: JobOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Predict tasks from simple features of the images, from their classes, and from known factors.

    Writes one row for each task and predictor: balanced accuracy on held-out images with its interval, and the same
    with shuffled labels.
    """
    from whichtask.artifacts import write_csv
    from whichtask.data import ImageSet
    from whichtask.machine.devices import set_threads
    from whichtask.studies.explain import explain_tasks

    set_threads(threads)
    settings = resolve(FeatureJob, job, config, FeatureJob.of)
    write_csv(out, explain_tasks(ImageSet.load(data), _load(tasks), settings))


def coverage(
    data: DataOption,
    logits: Annotated[
        list[Path],
        typer.Option(
            help="logits.npz of a search, named by its folder, with the search's config.yaml beside it; once for each."
        ),
    ],
    out: OutOption,
    config: ConfigOption = None,
    job: JobOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Predict human tasks from the embedding of a search, and from embeddings that need no search.

    Writes one row for each search, embedding and human task: the accuracy of a linear probe on held-out images.
    """
    from whichtask.artifacts import write_csv
    from whichtask.data import ImageSet
    from whichtask.machine.devices import set_threads
    from whichtask.studies.coverage import measure_coverage, read_found

    set_threads(threads)
    settings = resolve(FeatureJob, job, config, FeatureJob.of)
    searches = {name: read_found(path) for name, path in _named(logits, [path.parent.name for path in logits]).items()}
    write_csv(out, measure_coverage(ImageSet.load(data), searches, settings))


def factors(
    data: DataOption,
    tasks: TasksOption,
    out: OutOption,
    summary: Annotated[Path, typer.Option(help="Second table to write: the factors that each set found.")],
    config: ConfigOption = None,
    job: JobOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Match tasks with the known factors of the images, and count the factors that each set of tasks found.

    Writes one row for each task and factor, and one for each set.
    """
    from whichtask.artifacts import write_csv
    from whichtask.data import ImageSet
    from whichtask.machine.devices import set_threads
    from whichtask.studies.ground_truth import match_factors, summarise_factors

    set_threads(threads)
    settings = resolve(GroundTruthJob, job, config, GroundTruthJob.of)
    matches = match_factors(ImageSet.load(data), _load(tasks), settings)
    write_csv(out, matches)
    write_csv(summary, summarise_factors(matches))


def _load(paths: list[Path]) -> dict[str, "TaskSet"]:
    from whichtask.tasks import TaskSet

    return {name: TaskSet.load(path) for name, path in _named(paths, [path.stem for path in paths]).items()}


def _named(paths: list[Path], names: list[str]) -> dict[str, Path]:
    """Return the paths by name.

    Raises:
        WhichtaskError: two have one name.
    """
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise WhichtaskError(f"several files stand for one set of tasks: {', '.join(repeated)}; names must be distinct")
    return dict(zip(names, paths, strict=True))
