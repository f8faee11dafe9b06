"""What a card says: everything about an experiment or a figure that is not its code, in one place.

From cards follow the verb with its help, the rule with its inputs, outputs and code, what a cluster is asked for, the
caption in the report, the page of the documentation, what claims are read from, and the jobs of the tests.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from whichtask.config import Config
from whichtask.config.base import Job
from whichtask.plan.plan import Inputs, Plan

Wildcards = Mapping[str, str]
Labels = tuple[str, str]
"""Data and network, as the report names them."""


Files = str | Callable[[Plan, Wildcards], list[str]]
"""Below the results folder: one file, with wildcards in braces; or whole paths, by a function of the wildcards."""


class Read(NamedTuple):
    """One input of an experiment."""

    kind: str
    """What the files are: a key of ``whichtask.cli.loaders.LOADERS``."""
    files: Files
    help: str = ""
    """What the verb says about its option; default: what it says about the kind."""


def options(name: str, paths: str | Iterable[str]) -> list[str]:
    """Return one ``--NAME=PATH`` for each file."""
    return [f"--{name}={path}" for path in ([paths] if isinstance(paths, str) else paths)]


class Experiment(NamedTuple):
    """One experiment: a job, the function that does it, what it reads and what it writes."""

    job: type[Job]
    function: str
    """Address, such as ``whichtask.studies.proxy:measure_proxy``. It takes the inputs by name, and those of ``job``,
    ``device`` and ``live`` that it names. It returns what is written, by the name of the file or option: tables,
    arrays, tensors, task sets; or the one table. Its docstring is the verb's help."""
    out: str
    """The file that it writes, below the results folder; or the folder, with a slash at its end."""
    message: str
    """What one job does, for people who watch the workflow."""
    reads: Mapping[str, Read] = {}
    """Inputs by option."""
    beside: Files | None = None
    """What is read without an option, because it lies beside an input."""
    writes: tuple[str, ...] = ()
    """Files in its folder, besides config.yaml."""
    also: Mapping[str, str] = {}
    """Further files that it writes, by option."""
    words: Mapping[str, tuple[str, str]] = {}
    """Options that are no files: what the workflow gives, with wildcards, and their help."""
    settings: Callable[[Plan, Wildcards], Config] = lambda plan, _: plan.settings
    """The configuration that the job is taken from."""
    resumes: bool = True
    """Whether a killed job goes on where it was."""
    gpu: bool = True
    mem_mb: int = 2_000
    """Host memory on a CPU."""
    runtime: int = 1_440
    """Minutes that it takes at most, at paper scale."""
    priority: int = 0

    @property
    def place(self) -> str:
        """What names its log: where it writes, without an ending."""
        return self.out.removesuffix("/").removesuffix(".csv")

    @property
    def resources(self) -> dict[str, int]:
        """What a job is scheduled by."""
        return {"mem_mb": self.mem_mb, "runtime": self.runtime} | ({"gpu": 1} if self.gpu else {})

    def inputs(self, plan: Plan) -> dict[str, Any]:
        """Return what Snakemake takes as the inputs of its rule: patterns, and functions of the wildcards."""

        def source(files: Files) -> Any:
            return plan.at(files) if isinstance(files, str) else lambda wildcards: files(plan, wildcards)

        found = {name: source(read.files) for name, read in self.reads.items()}
        return found | ({"beside": source(self.beside)} if self.beside else {})

    def outputs(self, plan: Plan) -> dict[str, Any]:
        """Return the outputs of its rule: ``out``, its table or the files of its folder, and the others by option."""
        names = [*self.writes, "config.yaml"] if self.out.endswith("/") else [""]
        return {"out": [plan.at(self.out + name) for name in names]} | {
            name: plan.at(path) for name, path in self.also.items()
        }

    def options(self, wildcards: Wildcards, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> list[str]:
        """Return the words of its verb that name files and more, for one job."""
        given = [(name, inputs[name]) for name in self.reads] + [(name, outputs[name]) for name in self.also]
        target = outputs["out"][0]
        given.append(("out", str(Path(target).parent) if self.out.endswith("/") else target))
        given += [(name.removesuffix("_name"), text.format(**wildcards)) for name, (text, _) in self.words.items()]
        return [word for name, paths in given for word in options(name, paths)]

    def job_json(self, plan: Plan, wildcards: Wildcards) -> str:
        """Return one job as JSON."""
        of: Callable[..., Job] = self.job.of
        repeat = [int(wildcards["repeat"])] if "{repeat}" in self.out else []
        return of(self.settings(plan, wildcards), *repeat).model_dump_json()


def no_inputs(_: Plan) -> Inputs:
    """Say that a figure is drawn from nothing."""
    return {}


def no_labels(_: Plan) -> Labels:
    """Say that a figure is drawn from no data."""
    return "none", "none"


def main_labels(plan: Plan) -> Labels:
    """Return the labels of most figures of Task Discovery."""
    return plan.data, plan.main


class FigureCard(NamedTuple):
    """One figure."""

    code: str
    """``td.scores:by_source`` stands for ``numbers_by_source`` and ``draw_by_source`` in
    ``whichtask/figures/td/scores.py``; without a name behind the colon they are called ``numbers`` and ``draw``."""
    inputs: Callable[[Plan], Inputs]
    paper: str
    """Which figure or table of the paper it corresponds to."""
    n: str
    """How many units are behind it, in Jinja2: ``n``, ``counted``, ``limited``, ``listed`` of ``whichtask.plan.counts``
    and the sections of the configuration."""
    keys: str
    """Keys of the configuration that decide its numbers."""
    text: str = ""
    """What one sees; default: the docstring of ``draw``."""
    headline: bool = False
    """Whether `make run` draws it."""
    gallery: bool = False
    """Whether it shows images, which no CSV holds."""
    animated: bool = False
    """Whether there is a GIF beside it."""
    labels: Callable[[Plan], Labels] = main_labels
    """What it is drawn from, where its table does not say so."""
    labelled_by: Callable[[Plan], str] | None = None
    """A table that names the data, where its own does not."""
    outside: bool = False
    """Whether foreign images belong to its data too."""
    wanted: Callable[[Config], bool] = lambda _: True
    """Whether a configuration has it."""

    @property
    def module(self) -> str:
        """The module of its functions."""
        return f"whichtask.figures.{self.code.partition(':')[0]}"

    def address(self, step: str) -> str:
        """Return the address of one of its functions: ``numbers``, ``draw`` or ``animate``."""
        name = self.code.partition(":")[2]
        return f"{self.module}:{step}_{name}" if name else f"{self.module}:{step}"

    @property
    def endings(self) -> tuple[str, ...]:
        """Endings of the files of the figure, the picture first."""
        return ("png", "svg", "csv", *(["gif"] if self.animated else []))
