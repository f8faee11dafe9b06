"""Verbs that probe tasks: linear tasks of a frozen embedding, and the proxy of agreement after a few steps.

Each imports what it runs when it runs.
"""

from pathlib import Path
from typing import Annotated

import typer

from whichtask.cli.experiments import FolderOption
from whichtask.cli.settings import ConfigOption, JobOption, ResultsOption, ThreadsOption, resolve
from whichtask.cli.sources import DataOption, OutOption
from whichtask.config import LinearJob, ProxyJob
from whichtask.errors import WhichtaskError


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("linear")(linear)
    app.command("proxy")(proxy)


def linear(
    data: DataOption,
    encoder: Annotated[Path, typer.Option(help="encoder.safetensors of a search.")],
    out: FolderOption,
    tasks: Annotated[Path, typer.Option(help="Task set to write.")],
    config: ConfigOption = None,
    job: JobOption = None,
    results: ResultsOption = Path("results"),
    threads: ThreadsOption = None,
) -> None:
    """Search the best and the worst linear task in the frozen embedding of a search, whose settings must be given.

    Writes history.csv (one row a step and direction) and config.yaml to the folder, and best_0, best_1, worst_0,
    worst_1 and random_0 to random_3 to --tasks, to be scored by `agreement`. A killed run goes on where it was.
    """
    import hashlib

    import torch

    from whichtask.artifacts import write_csv, write_yaml
    from whichtask.data import ImageSet
    from whichtask.discovery import embed_images
    from whichtask.discovery.saved import load_encoder
    from whichtask.machine.devices import choose_device, set_threads
    from whichtask.studies.linear import LinearSearch
    from whichtask.training import ImageBank, LiveState, divide

    set_threads(threads)
    settings = resolve(LinearJob, job, config, LinearJob.of)
    images = ImageSet.load(data)
    bank, division = ImageBank.of(images, choose_device()), divide(images.n_train, settings.data)
    found = load_encoder(encoder, bank, settings)
    what = {
        "verb": "linear",
        "job": settings.model_dump(mode="json"),
        "images": images.sha256,
        "encoder": hashlib.sha256(encoder.read_bytes()).hexdigest(),
    }
    live = LiveState(results, what | {"device": bank.pixels.device.type})
    embeddings = embed_images(found, bank, torch.from_numpy(division.train).to(bank.pixels.device))
    search = LinearSearch(embeddings, bank, division, settings)
    search.run(live)
    write_csv(out / "history.csv", search.table())
    write_yaml(out / "config.yaml", settings.model_dump(mode="json"))
    search.tasks(what).save(tasks)
    live.clear()


def proxy(
    data: DataOption,
    tasks: Annotated[list[Path], typer.Option(help="Task set; once for each.")],
    out: OutOption,
    config: ConfigOption = None,
    job: JobOption = None,
    results: ResultsOption = Path("results"),
    threads: ThreadsOption = None,
) -> None:
    """Measure how often two networks agree after a few steps of SGD: the proxy that a search optimises.

    Writes one row for each task, pair of networks and number of inner steps; a set is called by its file.
    """
    from whichtask.artifacts import write_csv
    from whichtask.data import ImageSet
    from whichtask.machine.devices import choose_device, set_threads
    from whichtask.studies.proxy import measure_proxy
    from whichtask.tasks import TaskSet
    from whichtask.training.live import until_written

    set_threads(threads)
    settings = resolve(ProxyJob, job, config, ProxyJob.of)
    sets = {path.stem: TaskSet.load(path) for path in tasks}
    if len(sets) < len(tasks):
        raise WhichtaskError("two --tasks have the same file name; the rows of the table could not be told apart")
    with until_written():
        write_csv(out, measure_proxy(ImageSet.load(data), sets, settings, device=choose_device(), results=results))
