"""What the report says about a figure beside its text: n, configuration, command and commit.

Snakemake renders captions as Jinja2 templates that see the workflow's ``config``; the workflow puts one ``Captions`` in
there, under ``report``.
"""

import json
import re
import shlex
from base64 import encodebytes
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from whichtask.config import Config
from whichtask.errors import WhichtaskError
from whichtask.plan.counts import Counts, counted, limited, listed
from whichtask.plan.figures import FIGURES, paper_of, text_of
from whichtask.runs.privacy import shorten, shorten_all
from whichtask.runs.record import Record, Run, read_record


def _plain(text: str) -> str:
    """Return text as RST that shows it as it is."""
    return re.sub(r"([\\|*`])", r"\\\1", text)


class Captions(dict[str, object]):
    """Facts for captions and for the report's front page.

    It is an empty mapping besides, because Snakemake takes a digest of ``config`` as JSON.

    Args:
        project: the project's folder.
        settings: the whole configuration.
        human: how many human tasks the data have.
        files: configuration files that were named beside the default one.
        changes: keys that were given on the command line.
        called: gives the name that a rule has in the workflow; a module's have a prefix.
    """

    counted = staticmethod(counted)

    def __init__(
        self,
        project: Path,
        settings: Config,
        human: int,
        files: Sequence[Path] = (),
        changes: Mapping[str, Any] | None = None,
        called: Callable[[str], str] = str,
    ):
        super().__init__()
        self._project = project
        self._files = files
        self._changes = changes or {}
        self._called = called
        self.settings = settings
        self.n = Counts(settings, human)

    @cached_property
    def record(self) -> Record:
        """``run.json`` beside the results; empty where there is none."""
        with suppress(WhichtaskError):
            return read_record(Path(self.settings.results))
        return Record()

    @property
    def record_address(self) -> str:
        """``run.json`` as an address that holds all of it, for a link; in lines, which docutils wants to be short."""
        content = self.record.model_dump_json(indent=1).encode()
        return f"data:application/json;base64,\n{encodebytes(content).decode().strip()}"

    def command(self, target: str = "") -> str:
        """Return the command that makes a target with this configuration."""
        files = [shorten(str(path), self._project) for path in self._files]
        changes = [f"{key}={json.dumps(shorten_all(value, self._project))}" for key, value in self._changes.items()]
        words = ["snakemake", "--cores", "all", *([target] if target else [])]
        words += ["--configfile", *files] if files else []
        words += ["--config", *changes] if changes else []
        return shlex.join(words)

    @property
    def data(self) -> str:
        """The main data and those of ground truth."""
        return shorten(
            f"{self.settings.data.name}; {self.settings.ground_truth.data.name} for true factors", self._project
        )

    @staticmethod
    def commit_of(run: Run | None) -> str:
        """Return the commit of a run as RST."""
        if run is None:
            return "no run was recorded"
        if run.commit is None:
            return "none (not a git clone)"
        return f"``{run.commit[:12]}``" + (" with changes" if run.changed else "")

    def figure(self, figure: str) -> str:
        """Return the caption of a figure as RST: what one sees, the paper's figure, n, keys, and how it was made."""
        lines = [f":{name}: {_plain(text)}" for name, text in self.facts(figure).items()]
        return "\n".join([_plain(text_of(figure)), "", *lines, self.made(figure)])

    def facts(self, figure: str) -> dict[str, str]:
        """Return what is known of a figure beside its text, by name: the paper's figure, n and keys."""
        card = FIGURES[figure]
        known = dict(self.settings) | {"n": self.n, "counted": counted, "limited": limited, "listed": listed}
        n = Environment(autoescape=False, undefined=StrictUndefined).from_string(card.n).render(known)  # noqa: S701  # plain
        keys = card.keys or "none beside figures"
        return {"Paper": f"{paper_of(figure)}; {card.paper}", "n": n, "Keys": keys}

    def made(self, rule: str, target: str | None = None) -> str:
        """Return the fields that end every caption, as RST: scale, command and commit of the run that made it.

        Args:
            rule: the rule's name.
            target: what to ask Snakemake for; default: the rule.
        """
        commit = self.commit_of(self.record.run_of(rule))
        command = self.command(target or self._called(rule))
        return f":Scale: {self.settings.scale}\n:Command: ``{command}``\n:Commit: {commit}\n"
