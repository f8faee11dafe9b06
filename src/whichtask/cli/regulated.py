"""Verbs of regulated discovery: pre-train a backbone with SimCLR, and measure what regulation changes.

Each imports what it runs when it runs.
"""

from pathlib import Path
from typing import Annotated

import typer

from whichtask.cli.experiments import FolderOption
from whichtask.cli.settings import ConfigOption, JobOption, ResultsOption, ThreadsOption, resolve
from whichtask.cli.sources import DataOption, OutOption
from whichtask.config import RegulationJob, SimclrJob


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("simclr")(simclr)
    app.command("regulation")(regulation)


def simclr(
    data: DataOption,
    out: FolderOption,
    config: ConfigOption = None,
    job: JobOption = None,
    results: ResultsOption = Path("results"),
    threads: ThreadsOption = None,
) -> None:
    """Pre-train the encoder's network with SimCLR on the training images, without labels.

    Writes backbone.safetensors (a network without its head), history.csv (one row an epoch) and config.yaml to the
    folder. A killed run goes on where it was.
    """
    from whichtask.artifacts import write_csv, write_tensors, write_yaml
    from whichtask.data import ImageSet
    from whichtask.machine.devices import choose_device, set_threads
    from whichtask.training import ImageBank, LiveState, divide
    from whichtask.training.simclr import pretrain

    set_threads(threads)
    settings = resolve(SimclrJob, job, config, SimclrJob.of)
    images = ImageSet.load(data)
    bank = ImageBank.of(images, choose_device())
    what = {"verb": "simclr", "job": settings.model_dump(mode="json"), "images": images.sha256}
    live = LiveState(results, what | {"device": bank.pixels.device.type})
    backbone, history = pretrain(bank, divide(images.n_train, settings.data).train, settings, live)
    write_tensors(out / "backbone.safetensors", backbone, what)
    write_csv(out / "history.csv", history)
    write_yaml(out / "config.yaml", settings.model_dump(mode="json"))
    live.clear()


def regulation(
    data: DataOption,
    encoder: Annotated[Path, typer.Option(help="encoder.safetensors of a search.")],
    out: OutOption,
    set_name: Annotated[str, typer.Option("--set", help="Name of the search's task set, for the table.")],
    config: ConfigOption = None,
    job: JobOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Count how often augmentations flip the labels of a search's tasks, and how far mean colour explains the labels.

    Writes one row for each task and augmentation; the settings must be those of the search.
    """
    from whichtask.artifacts import write_csv
    from whichtask.data import ImageSet
    from whichtask.discovery.saved import load_encoder
    from whichtask.machine.devices import choose_device, set_threads
    from whichtask.studies.regulation import regulation_table
    from whichtask.training import ImageBank, divide

    set_threads(threads)
    settings = resolve(RegulationJob, job, config, RegulationJob.of)
    images = ImageSet.load(data)
    bank = ImageBank.of(images, choose_device())
    found = load_encoder(encoder, bank, settings)
    table = regulation_table(found, bank, divide(images.n_train, settings.data), settings, set_name)
    table.insert(0, "data", images.name)
    write_csv(out, table)
