"""The entities of a crate, from the workflow down to its jobs, as the profile Provenance Run Crate asks for them.

https://w3id.org/ro/wfrun/provenance/0.5
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rocrate.model.computationalworkflow import ComputationalWorkflow
from rocrate.model.contextentity import ContextEntity
from rocrate.model.entity import Entity
from rocrate.rocrate import ROCrate

from whichtask.runs.files import Files
from whichtask.runs.jobs import Job
from whichtask.runs.privacy import shorten
from whichtask.runs.record import NAME, Record, Run

PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/ro/wfrun/provenance/0.5": "Provenance Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
TERMS = "https://w3id.org/ro/terms/workflow-run/context"
WORKFLOW = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
PARAMETER = "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"
COMPLETED = "http://schema.org/CompletedActionStatus"
LICENCE = "https://spdx.org/licenses/MIT"
PAPERS = {
    "td_": ("2212.00261", "Task Discovery: Finding the Tasks that Neural Networks Generalize on"),
    "gbi_": (
        "2407.17356",
        "Gradient-based inference of abstract task representations for generalization in neural networks",
    ),
}
"""arXiv identifier and title of each paper, by the beginning of its figures' IDs."""
WORKFLOW_PARTS = ("workflow/rules/*.smk", "config/**/*.yaml", "environment.yml", "requirements.lock", "pyproject.toml")
"""Parts of the project beside the Snakefile that make the workflow what it is."""
FURTHER_PARTS = ("README.md", "LICENSE", "CITATION.cff")


class Builder:
    """Fills a crate, from the workflow down to the jobs."""

    def __init__(
        self,
        results: Path,
        project: Path,
        record: Record,
        run: Run,
        jobs: Sequence[Job],
        everything: bool,
        author: str | None,
    ):
        self.crate = ROCrate(version="1.1")
        self._project = project.resolve()
        self._files = Files(self.crate, project, everything)
        self._record = record
        self._run = run
        self._jobs = jobs
        self._agent = {"agent": self._add("#author", "Person", name=author)} if author else {}
        self._describe()
        papers = {start: self._paper(*paper) for start, paper in PAPERS.items()}
        self.crate.root_dataset["citation"] = list(papers.values())
        workflow = self._workflow()
        record_file = self._files.entity(results / NAME, description="Runs, versions, hardware, seeds, commit")
        actions, results_made = self._job_actions(workflow)
        for start, about in {**papers, "bridge_": list(papers.values())}.items():
            for path in sorted((results / "figures").glob(f"{start}*.*")):
                self._files.entity(path, about=about, exampleOfWork=self._parameters["results"])
        self._workflow_action(workflow, actions, [*results_made, record_file])

    def _add(self, address: str, kind: str, /, **properties: Any) -> Entity:
        return self.crate.add(ContextEntity(self.crate, address, {"@type": kind} | _single(properties)))

    def _describe(self) -> None:
        run = self._run
        crate = self.crate
        crate.metadata.extra_contexts.append(TERMS)
        crate.name = f"whichtask at {run.scale} scale"
        crate.description = (
            "Figures, tables and claims of a reproduction of Task Discovery and Gradient-Based Inference at "
            f"{run.scale} scale, with every job that made them. Recorded runs: {len(self._record.runs)}; see "
            f"{NAME}. Arrays and weights that are not in the crate are named by their SHA-256."
        )
        crate.license = self._add(LICENCE, "CreativeWork", name="MIT License", identifier=LICENCE)
        if self._agent:
            crate.root_dataset["author"] = self._agent["agent"]
        crate.root_dataset["conformsTo"] = [
            self._add(address, "CreativeWork", name=name, version=address.rsplit("/", 1)[1])
            for address, name in PROFILES.items()
        ]
        for part in FURTHER_PARTS:
            if (self._project / part).is_file():
                self._files.entity(part, about=crate.root_dataset)

    def _paper(self, arxiv: str, title: str) -> Entity:
        address = f"https://doi.org/10.48550/arXiv.{arxiv}"
        return self._add(
            address, "ScholarlyArticle", name=title, identifier=f"arXiv:{arxiv}", url=f"https://arxiv.org/abs/{arxiv}"
        )

    def _workflow(self) -> Entity:
        """Add the Snakefile with its rules as steps; each rule's command line is a tool."""
        about = {
            "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
            "name": "whichtask",
            "license": self.crate.license,
            "conformsTo": {"@id": WORKFLOW},
            "encodingFormat": "text/plain",
        }
        ours = self._run.versions.get("whichtask")
        if ours:
            about["version"] = ours
        snakemake = self._run.versions.get("snakemake") or version("snakemake")
        workflow = self.crate.add_workflow(
            self._project / "Snakefile",
            "Snakefile",
            main=True,
            lang="snakemake",
            lang_version=snakemake,
            properties=about,
            cls=ComputationalWorkflow,
        )
        self._engine = self._add(
            "#snakemake", "SoftwareApplication", name=f"Snakemake {snakemake}", softwareVersion=snakemake
        )
        for part in WORKFLOW_PARTS:
            for path in sorted(self._project.glob(part)):
                self._files.entity(path)
        self._tools = {
            rule: self._add(
                f"#tool-{rule}", "SoftwareApplication", name=_verb(rule, self._jobs), softwareVersion=ours or "unknown"
            )
            for rule in dict.fromkeys(job.rule for job in self._jobs)
        }
        self._steps = {
            rule: self._add(f"#step-{rule}", "HowToStep", name=rule, position=str(number), workExample=tool)
            for number, (rule, tool) in enumerate(self._tools.items(), start=1)
        }
        workflow["hasPart"] = list(self._tools.values())
        workflow["step"] = list(self._steps.values())
        self._parameters = {
            name: self._add(
                f"#parameter-{name}",
                "FormalParameter",
                name=name,
                additionalType=kind,
                description=meaning,
                conformsTo={"@id": PARAMETER},
            )
            for name, kind, meaning in (
                ("configuration", "File", "Configuration files, each on top of those before it"),
                ("scale", "Text", "What the numbers may be compared with"),
                ("seed", "Integer", "Seed of the run"),
                ("results", "File", "Figures, tables, claims and the record of runs"),
            )
        }
        workflow["input"] = [self._parameters[name] for name in ("configuration", "scale", "seed")]
        workflow["output"] = self._parameters["results"]
        return workflow

    def _job_actions(self, workflow: Entity) -> tuple[dict[str, list[Entity]], list[Entity]]:
        """Add an action for each job; return them by rule, and the files that they made."""
        actions: dict[str, list[Entity]] = {rule: [] for rule in self._tools}
        made: list[Entity] = []
        code = self._project / "src"
        for number, job in enumerate(self._jobs, start=1):
            # The code is that of the commit; files that are gone cannot be hashed.
            paths = [self._project / path for path in job.inputs]
            used = [path for path in paths if path.exists() and not path.is_relative_to(code)]
            results = [self._files.entity(path) for path in job.outputs]
            actions[job.rule].append(
                self._add(
                    f"#job-{number}",
                    "CreateAction",
                    name=f"{job.rule}: {', '.join(job.outputs)}",
                    description=shorten(job.command, self._project),
                    instrument=self._tools[job.rule],
                    object=[self._files.entity(path) for path in used],
                    result=results,
                    startTime=_time(job.start),
                    endTime=_time(job.end),
                    actionStatus=COMPLETED,
                    **self._agent,
                )
            )
            made += results
        return actions, list(dict.fromkeys(made))

    def _workflow_action(self, workflow: Entity, actions: Mapping[str, list[Entity]], made: Sequence[Entity]) -> None:
        """Add the run as a whole, and how Snakemake steered its jobs."""
        run = self._run
        configuration = [
            self._files.entity(path, exampleOfWork=self._parameters["configuration"])
            for path in ("config/config.yaml", *_configfiles(run.command))
            if (self._project / path).is_file()
        ]
        values = [
            self._add(f"#value-{name}", "PropertyValue", name=name, value=value, exampleOfWork=self._parameters[name])
            for name, value in (("scale", run.scale), ("seed", json.dumps(run.seeds["seed"])))
        ]
        start = min(self._record.runs[0].start, *(job.start for job in self._jobs))
        commit = f"commit {run.commit}" if run.commit else "not from a git clone"
        action = self._add(
            "#run",
            "CreateAction",
            name=f"Run at {run.scale} scale",
            description=f"{' '.join(run.command)} ({commit}; configuration SHA-256 {run.config_sha256})",
            instrument=workflow,
            object=[*configuration, *values],
            result=list(made),
            startTime=_time(start),
            endTime=_time(run.end or run.start),
            actionStatus=COMPLETED,
            **self._agent,
        )
        controls = [
            self._add(
                f"#control-{rule}",
                "ControlAction",
                name=f"Jobs of the rule {rule}",
                instrument=self._steps[rule],
                object=of_rule,
                **self._agent,
            )
            for rule, of_rule in actions.items()
        ]
        organised = self._add(
            "#organised",
            "OrganizeAction",
            name=f"{self._engine['name']} ran the jobs",
            instrument=self._engine,
            object=controls,
            result=action,
            startTime=action["startTime"],
            endTime=action["endTime"],
            **self._agent,
        )
        every = [one for of_rule in actions.values() for one in of_rule]
        self.crate.root_dataset["mentions"] = [action, organised, *every]


def _verb(rule: str, jobs: Sequence[Job]) -> str:
    """Return the command that a rule calls, without its options."""
    words = next(job.command for job in jobs if job.rule == rule).split()
    verb = [word for word in words[:3] if word.replace("-", "").isalpha() and not word.startswith("-")]
    return " ".join(verb) or rule


def _configfiles(command: Sequence[str]) -> list[str]:
    """Return the configuration files that a command line names."""
    files: list[str] = []
    named = False
    for word in command:
        if word.startswith("-"):
            named = word in {"--configfile", "--configfiles"}
        elif named:
            files.append(word)
    return files


def _single(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Leave empty lists out, and replace lists of one value by it, as RO-Crate recommends."""
    return {
        name: value[0] if isinstance(value, list) and len(value) == 1 else value
        for name, value in properties.items()
        if value != []
    }


def _time(when: datetime) -> str:
    return when.isoformat(timespec="seconds")
