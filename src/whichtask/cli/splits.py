"""Verbs of adversarial train-test splits; each imports what it runs when it runs."""

from pathlib import Path
from typing import Annotated, Any

import typer

from whichtask.cli.experiments import FolderOption
from whichtask.cli.settings import ConfigOption, JobOption, ResultsOption, ThreadsOption, resolve
from whichtask.cli.sources import DataOption
from whichtask.config import SplitJob
from whichtask.errors import WhichtaskError
from whichtask.paths import keep_inputs


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("splits")(splits)
    app.command("splits-export")(splits_export)


def splits(
    data: DataOption,
    out: FolderOption,
    targets: Annotated[Path | None, typer.Option(help="Task set with the target.")] = None,
    target: Annotated[str, typer.Option(help="Index or name of the target in that set.")] = "0",
    partition: Annotated[
        Path | None,
        typer.Option(help="YAML or JSON that maps each class to 0 or 1: the target, instead of --targets."),
    ] = None,
    attackers: Annotated[
        Path | None, typer.Option(help="Task set of attacking tasks, such as discovered ones; none for random_network.")
    ] = None,
    source: Annotated[str, typer.Option(help="discovered, random_network or attribute.")] = "discovered",
    group: Annotated[
        Path | None, typer.Option(help="Task set with a second attribute; default: the factor most like the attacker.")
    ] = None,
    group_name: Annotated[str | None, typer.Option(help="Name of that attribute's task.")] = None,
    network: Annotated[str, typer.Option(help="Network to train: a key of networks in the configuration.")] = "cnn",
    config: ConfigOption = None,
    job: JobOption = None,
    results: ResultsOption = Path("results"),
    threads: ThreadsOption = None,
) -> None:
    """Train networks on the adversarial train-test splits of one target, beside random splits.

    Sources: *discovered* tasks attack a union of classes, as a binary target and as the classes that it parts; tasks of
    randomly drawn networks (*random_network*) attack the same; *attribute* attacks any binary task with found ones and
    reports the worst group. Writes accuracies.csv (one row a network), predictions.npz (who trained on what, and every
    prediction), split.npz (the splits alone) and config.yaml to the folder.
    """
    import numpy as np

    from whichtask.artifacts import write_csv, write_npz, write_yaml
    from whichtask.data import ImageSet
    from whichtask.machine.devices import choose_device, set_threads
    from whichtask.splits import Source, Target, run_splits, split_arrays
    from whichtask.splits.cases import BINARY_NAMES
    from whichtask.tasks import TaskSet
    from whichtask.training.live import until_written

    read = [data, targets, partition, attackers, group, *(config or ())]
    keep_inputs(read, [out / name for name in ("accuracies.csv", "predictions.npz", "split.npz", "config.yaml")])
    set_threads(threads)
    settings = resolve(SplitJob, job, config, lambda whole: SplitJob.of(whole, network))
    if (targets is None) == (partition is None):
        raise WhichtaskError("give the target either as --targets with --target, or as --partition")
    if (group is None) != (group_name is None):
        raise WhichtaskError("--group and --group-name go together: a task set and the name of one of its tasks")
    images = ImageSet.load(data)
    if partition is not None:
        attacked = Target.of_partition(partition, images)
    elif targets is not None:
        attacked = Target.of_task(TaskSet.load(targets), target, images)
    name: Any = source  # checked by the constructor
    chosen = Source(
        name,
        None if attackers is None else TaskSet.load(attackers),
        None if group is None or group_name is None else (TaskSet.load(group), group_name),
    )
    with until_written():
        outcome = run_splits(images, attacked, chosen, settings, device=choose_device(), results=results)
        arrays = {name: value for name, value in vars(outcome).items() if name != "accuracies"}
        names = {"class_names": np.array(images.class_names), "binary_names": np.array(BINARY_NAMES)}
        write_csv(out / "accuracies.csv", outcome.accuracies)
        write_npz(out / "predictions.npz", arrays | names)
        write_npz(out / "split.npz", split_arrays(outcome, images))
        write_yaml(out / "config.yaml", settings.model_dump(mode="json"))


def splits_export(
    split: Annotated[Path, typer.Option(help="Splits, as `whichtask splits` wrote them: split.npz.")],
    data: DataOption,
    out: FolderOption,
) -> None:
    """Write each split as text for other programs: image, side and label as CSV, and the indices of both sides."""
    from whichtask.data import ImageSet
    from whichtask.splits import export_splits

    written = export_splits(split, ImageSet.load(data), out)
    print(f"{out}: {len(written)} splits")
