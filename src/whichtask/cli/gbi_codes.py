"""Verbs beyond the paper: richer codes for Z, and continual learning. Each imports what it runs when it runs."""

from pathlib import Path
from typing import Annotated

import typer

from whichtask.cli.experiments import FolderOption
from whichtask.cli.settings import ConfigOption, JobOption, RepeatOption, ResultsOption, ThreadsOption, resolve
from whichtask.cli.sources import DataOption
from whichtask.config.gbi import ContinualJob, RicherJob


def register(app: typer.Typer) -> None:
    """Add these verbs."""
    app.command("richer")(richer)
    app.command("continual")(continual)


def richer(
    data: Annotated[Path, typer.Option("--data", help="factors32, whose classes are combinations of factors.")],
    out: FolderOption,
    repeat: RepeatOption = None,
    config: ConfigOption = None,
    job: JobOption = None,
    results: ResultsOption = Path("results"),
    threads: ThreadsOption = None,
) -> None:
    """Compare codes for Z: one-hot, learned embeddings, and a part for each factor, also on unseen combinations.

    Writes accuracy.csv (one row a code, way of inference, kind of combinations and measure), loss.csv and config.yaml
    to the folder. A killed run goes on where it was.
    """
    from whichtask.artifacts import write_csv, write_yaml
    from whichtask.data import ImageSet
    from whichtask.gbi.richer import study
    from whichtask.machine.devices import choose_device, set_threads
    from whichtask.training import LiveState

    set_threads(threads)
    settings = resolve(RicherJob, job, config, lambda whole: RicherJob.of(whole, repeat))
    images = ImageSet.load(data)
    device = choose_device()
    what = {"verb": "gbi richer", "job": settings.model_dump(mode="json"), "images": images.sha256}
    live = LiveState(results, what | {"device": device.type})
    accuracy, loss = study(images, settings, device, live)
    write_csv(out / "accuracy.csv", accuracy)
    write_csv(out / "loss.csv", loss)
    write_yaml(out / "config.yaml", what)
    live.clear()


def continual(
    data: DataOption,
    out: FolderOption,
    repeat: RepeatOption = None,
    config: ConfigOption = None,
    job: JobOption = None,
    results: ResultsOption = Path("results"),
    threads: ThreadsOption = None,
) -> None:
    """Learn the classes of an image set in sequence: GBI beside EWC, LwF, replay, fine-tuning and joint training.

    Writes accuracy.csv (every task after every task), summary.csv (one row a learner, scenario and candidate) and
    config.yaml to the folder. A killed run goes on where it was.
    """
    from whichtask.artifacts import write_csv, write_yaml
    from whichtask.data import ImageSet
    from whichtask.gbi.continual import study
    from whichtask.machine.devices import choose_device, set_threads
    from whichtask.training import LiveState

    set_threads(threads)
    settings = resolve(ContinualJob, job, config, lambda whole: ContinualJob.of(whole, repeat))
    images = ImageSet.load(data)
    device = choose_device()
    what = {"verb": "gbi continual", "job": settings.model_dump(mode="json"), "images": images.sha256}
    live = LiveState(results, what | {"device": device.type})
    accuracy, summary = study(images, settings, device, live)
    write_csv(out / "accuracy.csv", accuracy)
    write_csv(out / "summary.csv", summary)
    write_yaml(out / "config.yaml", what)
    live.clear()
