"""The verb that measures what inference of Z costs. It imports what it runs when it runs."""

import typer

from whichtask.cli.experiments import FolderOption
from whichtask.cli.settings import ConfigOption, JobOption, RepeatOption, ThreadsOption, resolve
from whichtask.config.gbi import ComputeJob


def register(app: typer.Typer) -> None:
    """Add this verb."""
    app.command("compute")(compute)


def compute(
    out: FolderOption,
    repeat: RepeatOption = None,
    config: ConfigOption = None,
    job: JobOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Count the operations and measure the time of one-step, iterative and enumerated inference.

    Writes compute.csv (one row for each width, number of tasks and method) and config.yaml to the folder.
    """
    from whichtask.artifacts import write_csv, write_yaml
    from whichtask.gbi.compute import measure
    from whichtask.machine.devices import choose_device, set_threads

    set_threads(threads)
    settings = resolve(ComputeJob, job, config, lambda whole: ComputeJob.of(whole, repeat))
    device = choose_device()
    write_csv(out / "compute.csv", measure(settings, device).assign(device=device.type))
    write_yaml(out / "config.yaml", settings.model_dump(mode="json"))
