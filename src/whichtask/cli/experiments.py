"""Verbs that train: score tasks, discover tasks.

Each verb imports what it runs when it runs: `whichtask --help` must not wait for torch.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from whichtask.cli.settings import ConfigOption, JobOption, ResultsOption, ThreadsOption, resolve
from whichtask.cli.sources import DataOption, OutOption
from whichtask.config import AgreementJob, DiscoveryJob, DynamicsJob, SplitJob

if TYPE_CHECKING:
    from whichtask.training import Division, ImageBank, LiveState

FolderOption = Annotated[Path, typer.Option("--out", help="Folder to write to.")]


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("agreement")(agreement)
    app.command("discover")(discover)
    app.command("dynamics")(dynamics)
    app.command("splits")(splits)


def _open(
    verb: str, data: Path, job: DiscoveryJob, results: Path
) -> tuple["ImageBank", "Division", dict[str, Any], "LiveState"]:
    """Put the images of a discovery job on the device; return them, their parts, the job itself and its live state."""
    from whichtask.data import ImageSet
    from whichtask.devices import choose_device
    from whichtask.training import ImageBank, LiveState, divide

    images = ImageSet.load(data)
    bank = ImageBank.of(images, choose_device())
    what = {"verb": verb, "job": job.model_dump(mode="json"), "images": images.sha256}
    return bank, divide(images.n_train, job.data), what, LiveState(results, what | {"device": bank.pixels.device.type})


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
    from whichtask.devices import choose_device, set_threads
    from whichtask.tasks import TaskSet

    set_threads(threads)
    settings = resolve(AgreementJob, job, config, lambda whole: AgreementJob.of(whole, network, images))
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
    config: ConfigOption = None,
    job: JobOption = None,
    results: ResultsOption = Path("results"),
    threads: ThreadsOption = None,
) -> None:
    """Discover a set of tasks by meta-optimising the agreement score, and freeze their labels for all images.

    Writes encoder.safetensors, history.csv (one row an outer step), logits.npz and config.yaml to the folder, and the
    tasks to --tasks. A killed run goes on where it was.
    """
    import numpy as np

    from whichtask.artifacts import write_csv, write_npz, write_tensors, write_yaml
    from whichtask.devices import set_threads
    from whichtask.discovery import TaskSearch, score_images
    from whichtask.tasks import TaskSet

    set_threads(threads)
    settings = resolve(DiscoveryJob, job, config, DiscoveryJob.of)
    bank, division, what, live = _open("discover", data, settings, results)
    search = TaskSearch(bank, division, settings)
    search.run(settings.discovery.outer_steps, live)
    batchwise = settings.discovery.faithful.batch_statistics_labels
    scores = score_images(search.encoder, bank, search.train, batch_statistics=batchwise)
    found = TaskSet(
        (scores > 0).numpy().astype(np.uint8),
        tuple(f"discovered_{k:02d}" for k in range(len(scores))),
        "discovered",
        what,
    )
    gap = 2 * settings.discovery.temperature * scores
    write_tensors(out / "encoder.safetensors", search.encoder.state_dict(), what)
    write_csv(out / "history.csv", search.table())
    write_npz(out / "logits.npz", {"logits": gap.float().numpy()})
    write_yaml(out / "config.yaml", settings.model_dump(mode="json"))
    found.save(tasks)
    live.clear()


def dynamics(
    data: DataOption,
    out: FolderOption,
    tasks: Annotated[Path, typer.Option(help="Task set to write: the task at the first, middle and last step.")],
    config: ConfigOption = None,
    job: JobOption = None,
    results: ResultsOption = Path("results"),
    threads: ThreadsOption = None,
) -> None:
    """Discover one task and record how it changes: agreement and the labels of a few images, step by step.

    Writes dynamics.npz and config.yaml to the folder, and the task at three steps to --tasks, to be scored.
    """
    import numpy as np

    from whichtask.artifacts import write_npz, write_yaml
    from whichtask.devices import set_threads
    from whichtask.discovery import record_dynamics
    from whichtask.tasks import TaskSet

    set_threads(threads)
    settings = resolve(DynamicsJob, job, config, DynamicsJob.of)
    bank, division, what, live = _open("dynamics", data, settings, results)
    found = record_dynamics(bank, division, settings, live)
    arrays = {name: np.asarray(value) for name, value in vars(found).items() if name != "labels"}
    write_npz(out / "dynamics.npz", arrays)
    write_yaml(out / "config.yaml", settings.model_dump(mode="json"))
    names = tuple(f"step_{step:04d}" for step in found.label_steps)
    TaskSet(found.labels, names, "discovered", what).save(tasks)
    live.clear()


def splits(
    data: DataOption,
    human: Annotated[Path, typer.Option(help="Task set of target tasks, unions of classes.")],
    tasks: Annotated[Path, typer.Option(help="Task set of discovered tasks.")],
    out: FolderOption,
    network: Annotated[str, typer.Option(help="Network to train: a key of networks in the configuration.")] = "cnn",
    config: ConfigOption = None,
    job: JobOption = None,
    results: ResultsOption = Path("results"),
    threads: ThreadsOption = None,
) -> None:
    """Train networks on adversarial train-test splits made from discovered tasks, beside random splits.

    Writes accuracies.csv (one row a network), predictions.npz (who trained on what, and every prediction) and
    config.yaml to the folder.
    """
    import numpy as np

    from whichtask.artifacts import write_csv, write_npz, write_yaml
    from whichtask.data import ImageSet
    from whichtask.devices import choose_device, set_threads
    from whichtask.splits import run_splits
    from whichtask.tasks import TaskSet

    set_threads(threads)
    settings = resolve(SplitJob, job, config, lambda whole: SplitJob.of(whole, network))
    images = ImageSet.load(data)
    targets, found = TaskSet.load(human), TaskSet.load(tasks)
    outcome = run_splits(images, targets, found, settings, device=choose_device(), results=results)
    arrays = {name: value for name, value in vars(outcome).items() if name != "accuracies"}
    names = {"class_names": np.array(images.class_names), "binary_names": np.array(["0", "1"])}
    write_csv(out / "accuracies.csv", outcome.accuracies)
    write_npz(out / "predictions.npz", arrays | names)
    write_yaml(out / "config.yaml", settings.model_dump(mode="json"))
