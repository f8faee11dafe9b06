"""Verbs of the image experiments of GBI; each imports what it runs when it runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from whichtask.cli.experiments import FolderOption
from whichtask.cli.settings import ConfigOption, JobOption, RepeatOption, ResultsOption, ThreadsOption, resolve
from whichtask.cli.sources import DataOption
from whichtask.config.gbi import ImagesJob, ImagesMoreJob

if TYPE_CHECKING:
    from whichtask.gbi.images.data import Parts
    from whichtask.training import LiveState

OutsideOption = Annotated[
    Path, typer.Option("--outside", help="Image set of the same size whose images are out of distribution.")
]


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("images")(images)
    app.command("images-more")(images_more)


def images(
    data: DataOption,
    outside: OutsideOption,
    out: FolderOption,
    repeat: RepeatOption = None,
    config: ConfigOption = None,
    job: JobOption = None,
    results: ResultsOption = Path("results"),
    threads: ThreadsOption = None,
) -> None:
    """Train autoencoders that are given the class, infer the class by gradients, and compare with other ways.

    Writes mnist_table.csv, ood.csv, tau.csv, confidence.csv, networks.csv, generations.npz, posteriors.npz and
    config.yaml to the folder. A killed run goes on where it was.
    """
    from whichtask.artifacts import write_csv, write_npz, write_yaml
    from whichtask.gbi.images.experiment import as_table, run_images

    settings = resolve(ImagesJob, job, config, lambda whole: ImagesJob.of(whole, repeat))
    parts, what, about, live = _open(
        "gbi images", settings, settings.images.train_images, (data, outside), results, threads
    )
    tables = run_images(parts, settings.images, (settings.seed, settings.repeat), live)
    write_csv(out / "mnist_table.csv", as_table(tables.mnist, about))
    write_csv(out / "networks.csv", as_table(tables.networks, about))
    write_csv(out / "ood.csv", as_table(tables.ood, about))
    write_csv(out / "tau.csv", as_table(tables.tau, about))
    write_csv(out / "confidence.csv", as_table(tables.confidence, about))
    write_npz(out / "generations.npz", tables.generations)
    write_npz(out / "posteriors.npz", tables.posteriors)
    write_yaml(out / "config.yaml", what)
    live.clear()


def images_more(
    data: DataOption,
    outside: OutsideOption,
    out: FolderOption,
    repeat: RepeatOption = None,
    config: ConfigOption = None,
    job: JobOption = None,
    results: ResultsOption = Path("results"),
    threads: ThreadsOption = None,
) -> None:
    """Measure what the width of the code, many iterations, ensembles and dropout change.

    Writes bottleneck.csv, iterations.csv, ensembles.csv and config.yaml to the folder. A killed run goes on where it
    was.
    """
    from whichtask.artifacts import write_csv, write_yaml
    from whichtask.gbi.images.experiment import as_table
    from whichtask.gbi.images.more import run_more

    settings = resolve(ImagesMoreJob, job, config, lambda whole: ImagesMoreJob.of(whole, repeat))
    train = settings.images.more.train_images
    parts, what, about, live = _open("gbi images-more", settings, train, (data, outside), results, threads)
    tables = run_more(parts, settings.images, (settings.seed, settings.repeat), live)
    write_csv(out / "bottleneck.csv", as_table(tables.bottleneck, about))
    write_csv(out / "iterations.csv", as_table(tables.iterations, about))
    write_csv(out / "ensembles.csv", as_table(tables.ensembles, about))
    write_yaml(out / "config.yaml", what)
    live.clear()


def _open(
    verb: str,
    settings: ImagesJob | ImagesMoreJob,
    train: int | None,
    paths: tuple[Path, Path],
    results: Path,
    threads: int | None,
) -> tuple["Parts", dict[str, Any], dict[str, Any], "LiveState"]:
    """Load and divide the images; return them, what the job is, the first columns of its tables, and live state."""
    from whichtask.data import ImageSet
    from whichtask.gbi.images.data import divide_images
    from whichtask.machine.devices import choose_device, set_threads
    from whichtask.training import LiveState

    set_threads(threads)
    inside, outside = (ImageSet.load(path) for path in paths)
    chosen, device = settings.images, choose_device()
    key = settings.seed, settings.repeat
    parts = divide_images(inside, outside, train, chosen.validation_images, chosen.test_images, key, device)
    what = {
        "verb": verb,
        "job": settings.model_dump(mode="json"),
        "data": inside.name,
        "data_sha256": inside.sha256,
        "data_provenance": dict(inside.provenance),
        "outside": outside.name,
        "outside_sha256": outside.sha256,
        "train_images_used": len(parts.train.labels),
        "test_images_used": len(parts.test.labels),
    }
    about = {
        "repeat": settings.repeat,
        "data": inside.name,
        # Some MNIST files are no more than part of MNIST: figures say which one they are drawn from.
        "source": str(inside.provenance.get("note", inside.provenance.get("source", inside.name))),
        "outside": outside.name,
        "train_images": len(parts.train.labels),
    }
    return parts, what, about, LiveState(results, what | {"device": device.type})
