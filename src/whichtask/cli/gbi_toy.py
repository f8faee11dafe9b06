"""Verbs of the toy sequences: learn the headline stream, measure everything else, and learn without being given Z.

Each imports what it runs when it runs. All run on the CPU: a network sees one observation at a time, and so small a
step spends its time on calls, of which a GPU needs longer ones.
"""

from pathlib import Path
from typing import Annotated

import typer

from whichtask.cli.experiments import FolderOption
from whichtask.cli.settings import ConfigOption, JobOption, RepeatOption, ResultsOption, ThreadsOption, resolve
from whichtask.config.gbi import ToyJob, ToyLearningJob, UnsupervisedJob
from whichtask.config.gbi.toy import ToyLearningSettings


def register(app: typer.Typer) -> None:
    """Add these verbs to ``whichtask gbi``."""
    app.command("toy-learning")(toy_learning)
    app.command("toy")(toy)
    app.command("unsupervised")(unsupervised)


def toy_learning(
    out: FolderOption,
    repeat: RepeatOption = None,
    config: ConfigOption = None,
    job: JobOption = None,
    results: ResultsOption = Path("results"),
    threads: ThreadsOption = None,
) -> None:
    """Let all arms learn the headline stream online, and measure forgetting and shared units on the way.

    Writes curves.csv, contexts.csv, modules.csv, stream.csv, weights.safetensors (of all arms, for `whichtask gbi toy`)
    and config.yaml to the folder. A killed run goes on where it was.
    """
    from whichtask.artifacts import write_csv, write_tensors, write_yaml
    from whichtask.gbi.toy.learning import learn_headline
    from whichtask.machine.devices import set_threads
    from whichtask.training import LiveState

    set_threads(threads)
    settings = resolve(ToyLearningJob, job, config, lambda whole: ToyLearningJob.of(whole, repeat))
    what = {"verb": "gbi toy-learning", "job": settings.model_dump(mode="json")}
    live = LiveState(results, what)
    found = learn_headline(settings, live)
    for name in ("curves", "contexts", "modules", "stream"):
        write_csv(out / f"{name}.csv", getattr(found, name))
    write_tensors(out / "weights.safetensors", found.weights, what)
    write_yaml(out / "config.yaml", settings.model_dump(mode="json"))
    live.clear()


def toy(
    weights: Annotated[Path, typer.Option(help="weights.safetensors of `whichtask gbi toy-learning`, same repeat.")],
    out: FolderOption,
    repeat: RepeatOption = None,
    config: ConfigOption = None,
    job: JobOption = None,
    results: ResultsOption = Path("results"),
    threads: ThreadsOption = None,
) -> None:
    """Measure what gradients say about the context: likelihoods, posteriors, filters, unseen means, other streams.

    Writes one_step.csv, by_observation.csv, filters.csv, switches.csv, generalisation.csv, rates.csv, curves.csv and
    contexts.csv (both of the other streams) and config.yaml to the folder. A killed run goes on where it was.
    """
    from whichtask.artifacts import digest, read_tensors, write_csv, write_yaml
    from whichtask.errors import WhichtaskError
    from whichtask.gbi.toy.measuring import measure
    from whichtask.machine.devices import set_threads
    from whichtask.training import LiveState

    set_threads(threads)
    settings = resolve(ToyJob, job, config, lambda whole: ToyJob.of(whole, repeat))
    learned, what = read_tensors(weights)
    own = {name: getattr(settings.toy, name) for name in ToyLearningSettings.model_fields}
    fitting = ToyLearningJob(seed=settings.seed, repeat=settings.repeat, toy=ToyLearningSettings(**own))
    if what.get("job") != fitting.model_dump(mode="json"):
        raise WhichtaskError(
            f"{weights} was not learned with these settings: seed, repeat and the keys of learning of gbi.toy must be "
            f"those of this job (repeat {settings.repeat}); run `whichtask gbi toy-learning` with them first"
        )
    digests = {name: digest(value.numpy()) for name, value in learned.items()}
    live = LiveState(results, {"verb": "gbi toy", "job": settings.model_dump(mode="json"), "weights": digests})
    for name, table in measure(settings, learned, live).items():
        write_csv(out / f"{name}.csv", table)
    write_yaml(out / "config.yaml", settings.model_dump(mode="json") | {"weights": digests})
    live.clear()


def unsupervised(
    out: FolderOption,
    repeat: RepeatOption = None,
    config: ConfigOption = None,
    job: JobOption = None,
    results: ResultsOption = Path("results"),
    threads: ThreadsOption = None,
) -> None:
    """Learn streams without being given Z, by inferring it and learning weights in turn, beside controls.

    Writes unsupervised.csv (adjusted Rand index and errors in each part of the stream) and config.yaml to the folder. A
    killed run goes on after the last network that was done.
    """
    from whichtask.artifacts import write_csv, write_yaml
    from whichtask.gbi.unsupervised import measure_unsupervised
    from whichtask.machine.devices import set_threads
    from whichtask.training import LiveState

    set_threads(threads)
    settings = resolve(UnsupervisedJob, job, config, lambda whole: UnsupervisedJob.of(whole, repeat))
    live = LiveState(results, {"verb": "gbi unsupervised", "job": settings.model_dump(mode="json")})
    write_csv(out / "unsupervised.csv", measure_unsupervised(settings, live))
    write_yaml(out / "config.yaml", settings.model_dump(mode="json"))
    live.clear()
