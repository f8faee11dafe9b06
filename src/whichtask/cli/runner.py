"""Verbs that are made from cards: open what the card reads, run its function, write what it writes, clear the state."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from whichtask.cli.loaders import LOADERS
from whichtask.cli.settings import ConfigOption, JobOption, RepeatOption, ResultsOption, ThreadsOption, resolve
from whichtask.config.base import Job
from whichtask.errors import WhichtaskError
from whichtask.paths import keep_inputs
from whichtask.plan.cards import Experiment
from whichtask.plan.experiments import EXPERIMENTS
from whichtask.plan.imports import docstring, load


def add_verbs(app: typer.Typer, groups: Mapping[str, typer.Typer]) -> None:
    """Add the verb of every card; the first of two words names the group that it belongs to."""
    for verb, card in EXPERIMENTS.items():
        group, _, name = verb.rpartition(" ")
        (groups[group] if group else app).command(name, help=help_of(card))(_command(verb, card))


def help_of(card: Experiment) -> str:
    """Return what a verb says about itself: the docstring of its function, what it writes, whether it resumes."""
    parts = [docstring(card.function)]
    if card.writes:
        names = [*card.writes, "config.yaml"]
        parts.append(f"Writes {', '.join(names[:-1])} and {names[-1]} to the folder.")
    if card.resumes:
        parts.append("A killed run goes on where it was.")
    return "\n\n".join([parts[0], " ".join(parts[1:])]).strip()


def _command(verb: str, card: Experiment) -> Callable[..., None]:
    """Return the function of a verb, whose parameters say what options it has."""
    options: dict[str, tuple[Any, Any]] = {}
    for name, read in card.reads.items():
        loader = LOADERS[read.kind]
        option = typer.Option(f"--{name}", help=read.help or loader.help)
        options[name] = Annotated[list[Path] if loader.several else Path, option], inspect.Parameter.empty
    what = "Folder to write to." if card.out.endswith("/") else "File to write."
    options["out"] = Annotated[Path, typer.Option(help=what)], inspect.Parameter.empty
    for name in card.also:
        help_text = "Task set to write." if name == "tasks" else f"Second table to write: {name}."
        options[f"also_{name}"] = Annotated[Path, typer.Option(f"--{name}", help=help_text)], inspect.Parameter.empty
    for name, (_, text) in card.words.items():
        option = typer.Option(f"--{name.removesuffix('_name')}", help=text)
        options[name] = Annotated[str, option], inspect.Parameter.empty
    if "repeat" in card.job.model_fields:
        options["repeat"] = RepeatOption, None
    options |= {"config": (ConfigOption, None), "job": (JobOption, None)}
    if card.resumes:
        options["results"] = ResultsOption, Path("results")
    options["threads"] = ThreadsOption, None

    def command(**given: Any) -> None:
        run(verb, card, given)

    keyword = inspect.Parameter.KEYWORD_ONLY
    command.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(name, keyword, annotation=kind, default=value) for name, (kind, value) in options.items()]
    )
    command.__annotations__ = {name: kind for name, (kind, _) in options.items()}
    return command


def run(verb: str, card: Experiment, given: Mapping[str, Any]) -> None:
    """Do one job of an experiment.

    Args:
        verb: its name.
        card: what it reads, does and writes.
        given: values of its options.

    Raises:
        WhichtaskError: an input or a setting that does not fit.
    """
    from whichtask.machine.devices import choose_device, set_threads
    from whichtask.training import LiveState

    inputs = [path for name in card.reads for path in _paths(given[name])]
    keep_inputs([*inputs, *(given["config"] or ())], _targets(card, given).values())
    set_threads(given["threads"])
    of: Callable[..., Job] = card.job.of
    repeat = [given["repeat"]] if "repeat" in given else []
    job = resolve(card.job, given["job"], given["config"], lambda whole: of(whole, *repeat))
    loaded = {name: LOADERS[read.kind].load(_paths(given[name])) for name, read in card.reads.items()}
    digests = {"images" if name == "data" else name: one.digest for name, one in loaded.items()}
    what = {"verb": verb, "job": job.model_dump(mode="json"), **digests}
    function: Callable[..., Any] = load(card.function)
    known = {name: one.value for name, one in loaded.items()} | {name: given[name] for name in card.words}
    known["job"] = job
    wanted = inspect.signature(function).parameters
    if "device" in wanted:
        known["device"] = choose_device()
    live = None
    if card.resumes:
        device = {"device": known["device"].type} if "device" in wanted else {}
        live = known["live"] = LiveState(given["results"], what | device)
    made = function(**known)
    _write(card, given, what, made)
    if live:
        live.clear()


def _paths(given: Path | list[Path]) -> list[Path]:
    return given if isinstance(given, list) else [given]


def _targets(card: Experiment, given: Mapping[str, Any]) -> dict[str, Path]:
    """Return what a job writes, by the name of the option or file; ``config`` are the settings beside it."""
    targets = {name: given[f"also_{name}"] for name in card.also}
    if not card.out.endswith("/"):
        return targets | {"out": given["out"]}
    return targets | {name.partition(".")[0]: given["out"] / name for name in (*card.writes, "config.yaml")}


def _write(card: Experiment, given: Mapping[str, Any], what: Mapping[str, Any], made: Any) -> None:
    """Write what a function returned, and the settings beside it where it writes to a folder."""
    from whichtask.artifacts import write_yaml

    targets = _targets(card, given)
    settings = targets.pop("config", None)
    if hasattr(made, "_asdict"):
        made = made._asdict()
    values = made if isinstance(made, Mapping) else dict.fromkeys(targets, made)
    missing = sorted(set(targets) ^ set(values))
    if missing:
        raise WhichtaskError(f"{card.function} and its card differ in what is written: {', '.join(missing)}")
    for name, target in targets.items():
        _write_one(target, values[name], what)
    if settings:
        write_yaml(settings, what)


def _write_one(target: Path, value: Any, what: Mapping[str, Any]) -> None:
    """Write one table, task set, or mapping of tensors or arrays, by the ending of its file."""
    from whichtask.artifacts import write_csv, write_npz, write_tensors
    from whichtask.tasks import TaskSet

    if isinstance(value, TaskSet):
        replace(value, provenance={**what, **value.provenance}).save(target)
    elif target.suffix == ".npz":
        write_npz(target, value)
    elif target.suffix == ".safetensors":
        write_tensors(target, value, what)
    else:
        write_csv(target, value)
