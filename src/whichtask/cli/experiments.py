"""Verbs that train: score tasks, discover tasks.

Each verb imports what it runs when it runs: `whichtask --help` must not wait for torch.
"""

from pathlib import Path
from typing import Annotated

import typer

from whichtask.cli.loaders import file_sha256
from whichtask.cli.settings import ConfigOption, JobOption, ResultsOption, ThreadsOption, resolve
from whichtask.cli.sources import DataOption, OutOption
from whichtask.config import AgreementJob, DiscoveryJob
from whichtask.paths import keep_inputs

FolderOption = Annotated[Path, typer.Option("--out", help="Folder to write to.")]


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("agreement")(agreement)
    app.command("discover")(discover)


def agreement(
    data: DataOption,
    tasks: Annotated[Path, typer.Option(help="Task set to score.")],
    out: OutOption,
    network: Annotated[str, typer.Option(help="Network to train: a key of networks in the configuration.")] = "cnn",
    first: Annotated[int | None, typer.Option(min=1, help="Score only the first so many tasks.")] = None,
    images: Annotated[int | None, typer.Option(min=1, help="Train on so many images, not agreement.images.")] = None,
    config: ConfigOption = None,
    job: JobOption = None,
    results: ResultsOption = Path("results"),
    threads: ThreadsOption = None,
) -> None:
    """Measure the agreement score of tasks: how often two networks trained on the same labels agree on held-out images.

    Writes one row for each task and pair of networks, with train accuracy and chance agreement beside the score.
    """
    from whichtask.agreement import score_tasks
    from whichtask.artifacts import write_csv, write_yaml
    from whichtask.data import ImageSet
    from whichtask.machine.devices import choose_device, set_threads
    from whichtask.tasks import TaskSet
    from whichtask.training.live import until_written

    keep_inputs([data, tasks, *(config or ())], [out, out.with_suffix(".yaml")])
    set_threads(threads)
    settings = resolve(AgreementJob, job, config, lambda whole: AgreementJob.of(whole, network, images))
    with until_written():
        table = score_tasks(
            ImageSet.load(data),
            TaskSet.load(tasks),
            tasks.stem,
            settings,
            device=choose_device(),
            results=results,
            first=first,
        )
        write_csv(out, table)
        write_yaml(out.with_suffix(".yaml"), settings.model_dump(mode="json"))


def discover(
    data: DataOption,
    out: FolderOption,
    tasks: Annotated[Path, typer.Option(help="Task set to write.")],
    human: Annotated[
        Path | None, typer.Option(help="Task set whose first discovery.human_tasks tasks the embedding has to predict.")
    ] = None,
    backbone: Annotated[
        Path | None, typer.Option(help="Pre-trained backbone of the encoder, for discovery.pretraining: simclr.")
    ] = None,
    config: ConfigOption = None,
    job: JobOption = None,
    results: ResultsOption = Path("results"),
    threads: ThreadsOption = None,
) -> None:
    """Discover a set of tasks by meta-optimising the agreement score, and freeze their labels for all images.

    Writes encoder.safetensors, history.csv (one row an outer step), logits.npz (logits of all tasks, embeddings, and
    which tasks were kept) and config.yaml to the folder, and the tasks to --tasks, without those that give all images
    one label. A killed run goes on where it was.
    """
    from whichtask.artifacts import write_csv, write_npz, write_tensors, write_yaml
    from whichtask.data import ImageSet
    from whichtask.discovery import TaskSearch, freeze, load_backbone, make_encoder
    from whichtask.errors import WhichtaskError
    from whichtask.machine.devices import choose_device, set_threads
    from whichtask.tasks import TaskSet
    from whichtask.training import ImageBank, LiveState, divide

    names = ("encoder.safetensors", "history.csv", "logits.npz", "config.yaml")
    keep_inputs([data, human, backbone, *(config or ())], [tasks, *(out / name for name in names)])
    set_threads(threads)
    settings = resolve(DiscoveryJob, job, config, DiscoveryJob.of)
    pretraining, human_tasks = settings.discovery.pretraining, settings.discovery.human_tasks
    if (backbone is None) != (pretraining == "none"):
        raise WhichtaskError(
            f"discovery.pretraining = {pretraining} {'needs' if backbone is None else 'takes no'} --backbone: "
            "a file of pre-trained weights goes with simclr only"
        )
    if human is None and human_tasks:
        raise WhichtaskError(f"discovery.human_tasks = {human_tasks} needs --human, the task set to take them from")
    included = TaskSet.load(human) if human and human_tasks else None
    inputs = {} if included is None else {"human": included.sha256}
    if backbone:
        inputs["backbone"] = file_sha256(backbone, "the backbone ")
    images = ImageSet.load(data)
    bank, division = ImageBank.of(images, choose_device()), divide(images.n_train, settings.data)
    what = {"verb": "discover", "job": settings.model_dump(mode="json"), "images": images.sha256, **inputs}
    live = LiveState(results, what | {"device": bank.pixels.device.type})
    encoder = make_encoder(settings.encoder, bank.shape, settings.discovery, (settings.seed,))
    if backbone:
        load_backbone(encoder, backbone)
    search = TaskSearch(bank, division, settings, encoder, included)
    search.run(settings.discovery.outer_steps, live)
    found = freeze(search.encoder, bank, search.train, settings.discovery, what)
    for name in found.dropped:
        print(f"{name} gives all images one label and is left out of the task set")
    write_tensors(out / "encoder.safetensors", search.encoder.state_dict(), what)
    write_csv(out / "history.csv", search.table())
    write_npz(out / "logits.npz", {"logits": found.logits, "embeddings": found.embeddings, "kept": found.kept})
    write_yaml(out / "config.yaml", settings.model_dump(mode="json"))
    found.tasks.save(tasks)
    live.clear()
