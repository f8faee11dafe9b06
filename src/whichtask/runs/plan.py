"""The jobs of some targets, and which of them are still to be run, as Snakemake sees it."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, Field

from whichtask.config import read_config
from whichtask.errors import WhichtaskError
from whichtask.plan.figures import FIGURES, paper_of

CONFIG = "config/config.yaml"
SHORT = {"Gradient-Based Inference": "GBI"}


class Job(BaseModel):
    """One job of the workflow."""

    rule: str
    what: str
    """What it does, in a few words."""
    outputs: list[str]
    log: str | None
    benchmark: str | None
    """Where its time is written when it has ended."""
    needed: bool
    """Whether Snakemake would run it now."""
    there: bool
    """Whether all that it makes exists, up to date or not."""
    inputs: list[str] = Field([], exclude=True)
    """What it reads of what other jobs make."""
    settings: str = Field("", exclude=True)
    """Its part of the configuration, JSON; empty where it takes none."""
    wildcards: dict[str, str] = Field({}, exclude=True)

    @property
    def kind(self) -> str:
        """Jobs that are counted together: all of a rule; every figure is a rule of its own, and of a paper."""
        return (
            f"figures of {SHORT.get(paper_of(self.rule), paper_of(self.rule))}" if self.rule in FIGURES else self.rule
        )


class Plan(BaseModel):
    """The jobs of some targets in one configuration, those that need nothing first."""

    results: str
    """The results folder, from the project's folder."""
    scale: str
    data: str
    figures: list[str]
    """All figures of this configuration."""
    jobs: list[Job]

    def name_of(self, job: Job) -> str:
        """Return what a job is called in every results folder: its first output from there."""
        return job.outputs[0].removeprefix(f"{self.results}/")

    @property
    def needed(self) -> list[Job]:
        """Jobs that Snakemake would run now."""
        return [job for job in self.jobs if job.needed]


def require_project(folder: Path) -> None:
    """Check that a folder is the project's.

    Raises:
        WhichtaskError: it has no Snakefile or no configuration.
    """
    missing = [name for name in ("Snakefile", CONFIG) if not (folder / name).is_file()]
    if missing:
        raise WhichtaskError(f"{folder.absolute()} has no {' and no '.join(missing)}: run this in the project's folder")


def configuration_words(configfiles: Sequence[Path]) -> list[str]:
    """Return how configuration files are given to Snakemake; something that is no file must follow."""
    return ["--configfile", *map(str, configfiles)] if configfiles else []


def ask_snakemake(folder: Path, targets: Sequence[str], configfiles: Sequence[Path] = ()) -> Plan:
    """Ask Snakemake what it would do; nothing is run and nobody is disturbed, not even a Snakemake at work there.

    Args:
        folder: the project's folder.
        targets: rules, figures or files; none: everything.
        configfiles: configuration files on top of ``config/config.yaml``.

    Raises:
        WhichtaskError: not the project's folder, a wrong configuration, or a target that does not exist.
    """
    require_project(folder)
    for path in configfiles:
        if not (folder / path).is_file():
            raise WhichtaskError(f"--configfile {path}: there is no such file")
    # Before Snakemake reads them, which does not say what is wrong, nor with which file.
    read_config([folder / CONFIG, *(folder / path for path in configfiles)])
    words = [*configuration_words(configfiles), "--", *targets]
    command = [sys.executable, "-m", "whichtask.runs.ask", *words]
    # The code of the project that is asked, which need not be the installed one.
    paths = [str((folder / "src").resolve()), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    asked = subprocess.run(  # noqa: S603  # words, no shell
        command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    try:
        answer = json.loads(asked.stdout)
    except json.JSONDecodeError:
        raise WhichtaskError(f"Snakemake gave no plan: {asked.stderr.strip()[-2000:]}") from None
    if "error" in answer:
        raise WhichtaskError(answer["error"])
    return Plan.model_validate(answer)
