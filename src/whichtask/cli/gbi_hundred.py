"""The verb for about a hundred classes of images. It imports what it runs when it runs."""

from pathlib import Path
from typing import Annotated

import typer

from whichtask.cli.experiments import FolderOption
from whichtask.cli.settings import ConfigOption, JobOption, RepeatOption, ResultsOption, ThreadsOption, resolve
from whichtask.config.gbi import Cifar100Job

HundredOption = Annotated[
    Path, typer.Option("--data", help="Image set: CIFAR-100, or factors32, whose images get 96 classes.")
]


def register(app: typer.Typer) -> None:
    """Add this verb."""
    app.command("cifar100")(cifar100)


def cifar100(
    data: HundredOption,
    out: FolderOption,
    repeat: RepeatOption = None,
    config: ConfigOption = None,
    job: JobOption = None,
    results: ResultsOption = Path("results"),
    threads: ThreadsOption = None,
) -> None:
    """Infer one of about a hundred classes from the reconstruction of an image, and measure when Z is used at all.

    Writes accuracy.csv (one row a method), reliance.csv (one row a network of the sweep) and config.yaml to the folder.
    A killed run goes on where it was.
    """
    from whichtask.artifacts import write_csv, write_yaml
    from whichtask.data import ImageSet
    from whichtask.data.hundred import PARTS, factors32_hundred
    from whichtask.gbi.cifar100 import Study
    from whichtask.machine.devices import choose_device, set_threads
    from whichtask.training import LiveState

    set_threads(threads)
    settings = resolve(Cifar100Job, job, config, lambda whole: Cifar100Job.of(whole, repeat))
    images = ImageSet.load(data)
    if set(PARTS) <= set(images.factor_names) and not images.name.endswith("_96"):
        images = factors32_hundred(images)
    device = choose_device()
    what = {"verb": "gbi cifar100", "job": settings.model_dump(mode="json"), "images": images.sha256}
    live = LiveState(results, what | {"device": device.type})
    study = Study(images, settings, device, live)
    write_csv(out / "accuracy.csv", study.accuracies())
    write_csv(out / "reliance.csv", study.reliances())
    write_yaml(out / "config.yaml", what)
    live.clear()
