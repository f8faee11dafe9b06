"""What the workflow calls when its jobs begin and when they have ended."""

import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from whichtask.config import Config
from whichtask.data import ImageSet
from whichtask.data.checks import count_copies, count_held_out_copies
from whichtask.errors import WhichtaskError
from whichtask.runs.machine import installed_versions, this_machine
from whichtask.runs.privacy import shorten
from whichtask.runs.record import Copies, Run, begin_run, end_run, now
from whichtask.runs.resolved import all_seeds, config_digest, plain
from whichtask.runs.source import source_of


class Recorder:
    """Keeps ``run.json`` of one process of the workflow.

    Args:
        project: the project's folder.
        settings: the whole configuration.
        rule_of: gives the rule of a benchmark file.
    """

    def __init__(self, project: Path, settings: Config, rule_of: Callable[[str], str | None]):
        self.project = project
        self.settings = settings
        self.results = Path(settings.results)
        self.rule_of = rule_of
        self.run: str | None = None

    def begin(self, jobs: Mapping[str, int], executor: str, command: Sequence[str] | None = None) -> None:
        """Append this run to the record.

        Args:
            jobs: how many jobs are to run, by rule.
            executor: Snakemake's name of what runs them.
            command: words of the command line; default: those of this process.

        Raises:
            WhichtaskError: the record cannot be read or written.
        """
        program, *words = command or sys.argv
        content = plain(self.settings, self.project)
        source = source_of(self.project)
        run = Run(
            id=secrets.token_hex(8),
            status="running",
            start=now(),
            command=["snakemake" if "snakemake" in program else Path(program).name]
            + [shorten(word, self.project) for word in words],
            executor=executor,
            scale=self.settings.scale,
            config_sha256=config_digest(content),
            seeds=all_seeds(content),
            commit=source.commit,
            changed=source.changed,
            versions=installed_versions(),
            machine=this_machine(),
            jobs=dict(sorted(jobs.items())),
        )
        begin_run(self.results, run, content, self._benchmarks())
        self.run = run.id

    def end(self, status: Literal["succeeded", "failed"]) -> None:
        """Note how this run ended; nothing if it has not begun.

        Raises:
            WhichtaskError: the record cannot be read or written.
        """
        if self.run is not None:
            end_run(self.results, self.run, status, self._benchmarks(), self._copies)

    def _copies(self) -> Copies | None:
        """Count copies in the main data set; None where it is not there, or too small for its division."""
        data = self.settings.data
        try:
            images = ImageSet.load(self.results / "data" / f"{data.slug}.npz")
            training, test = count_copies(images)
            return Copies(training=training, test=test, held_out=count_held_out_copies(images, data))
        except WhichtaskError:
            return None

    def _benchmarks(self) -> dict[Path, str]:
        """Return the rule of each benchmark file that there is."""
        paths = sorted((self.results / "benchmarks").rglob("*.tsv"))
        rules = {path: self.rule_of(path.as_posix()) for path in paths}
        return {path: rule for path, rule in rules.items() if rule}
