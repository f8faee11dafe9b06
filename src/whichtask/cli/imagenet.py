"""Verbs for a real ImageNet folder: split it with a random network, and train on the split.

Each imports what it runs when it runs.
"""

import os
from pathlib import Path
from typing import Annotated

import typer

from whichtask.cli.experiments import FolderOption
from whichtask.cli.settings import ConfigOption, JobOption, ResultsOption, ThreadsOption, resolve
from whichtask.config import ImageNetJob
from whichtask.paths import keep_inputs

imagenet_app = typer.Typer(
    no_args_is_help=True, help="Split a real ImageNet folder with a random network, and train on the split."
)
FolderArgument = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="ImageNet folder with train/CLASS/*.JPEG, or its train folder.")
]
WorkersOption = Annotated[
    int | None,
    typer.Option(min=0, help="Processes that read images; default: as many as threads. No number depends on it."),
]


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.add_typer(imagenet_app, name="imagenet")


def _settings(folder: Path, config: list[Path] | None, job: str | None) -> ImageNetJob:
    """Return the job, with the folder that was given in place of the configuration's."""
    settings = resolve(ImageNetJob, job, config, ImageNetJob.of)
    return settings.model_copy(update={"imagenet": settings.imagenet.model_copy(update={"folder": str(folder)})})


def _readers(workers: int | None, threads: int | None) -> int:
    return (threads or os.cpu_count() or 1) if workers is None else workers


@imagenet_app.command("split")
def split(
    folder: FolderArgument,
    out: FolderOption,
    config: ConfigOption = None,
    job: JobOption = None,
    results: ResultsOption = Path("results"),
    threads: ThreadsOption = None,
    workers: WorkersOption = None,
) -> None:
    """Split the training images by the output of a randomly initialised network, half and half in every class.

    Writes split.csv (path, class, logit, label, side of the class, split), train.txt, test.txt and config.yaml to the
    folder. A killed run goes on where it was.
    """
    from whichtask.artifacts import write_yaml
    from whichtask.machine.devices import choose_device, set_threads
    from whichtask.studies.imagenet import list_photographs, make_split, write_split
    from whichtask.training.live import until_written

    keep_inputs(config or (), [out / name for name in ("split.csv", "train.txt", "test.txt", "config.yaml")])
    set_threads(threads)
    settings = _settings(folder, config, job)
    readers = _readers(workers, threads)
    with until_written():
        table = make_split(list_photographs(folder), settings, device=choose_device(), workers=readers, results=results)
        write_split(out, table)
        write_yaml(out / "config.yaml", settings.model_dump(mode="json"))


@imagenet_app.command("train")
def train(
    folder: FolderArgument,
    split_folder: Annotated[Path, typer.Option("--split", help="Folder that `whichtask imagenet split` wrote.")],
    control: Annotated[str, typer.Option(help="adversarial, or random: as many images of each class at random.")],
    out: FolderOption,
    config: ConfigOption = None,
    job: JobOption = None,
    results: ResultsOption = Path("results"),
    threads: ThreadsOption = None,
    workers: WorkersOption = None,
) -> None:
    """Train a network from scratch on the training side of a split and test it on the other side.

    Writes accuracies.csv (one row), history.csv (a row an epoch), confusion.npz (test images by true and predicted
    class), network.safetensors and config.yaml to the folder. A killed run goes on after its last whole epoch.
    """
    import numpy as np

    from whichtask.artifacts import write_csv, write_npz, write_tensors, write_yaml
    from whichtask.machine.devices import choose_device, set_threads
    from whichtask.studies.imagenet import list_photographs, read_split, train_network
    from whichtask.training.live import until_written

    read = [split_folder / name for name in ("split.csv", "config.yaml")]
    keep_inputs([*read, *(config or ())], [out / name for name in ("accuracies.csv", "history.csv", "config.yaml")])
    set_threads(threads)
    settings = _settings(folder, config, job)
    photographs = list_photographs(folder)
    in_train = read_split(split_folder / "split.csv", photographs)
    with until_written():
        trained = train_network(
            photographs,
            in_train,
            control,
            settings,
            device=choose_device(),
            workers=_readers(workers, threads),
            results=results,
        )
        names = np.array(photographs.class_names)
        what = settings.model_dump(mode="json")
        write_csv(out / "accuracies.csv", trained.accuracies)
        write_csv(out / "history.csv", trained.history)
        write_npz(out / "confusion.npz", {"confusion": trained.confusion, "class_names": names})
        write_tensors(out / "network.safetensors", trained.weights, what | {"control": control})
        write_yaml(out / "config.yaml", what | {"control": control})
