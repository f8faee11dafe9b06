"""Copies of the project in which Snakemake runs as a user calls it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = ("Snakefile", "workflow", "profiles", "config", "src", "environment.yml")
SLURM = "workflow/profiles/slurm"
PRESETS = sorted({path.name for path in (ROOT / "config").glob("*.yaml")} - {"claims.yaml"})
"""Files of settings that come with the project."""
TARGETS = (
    "all",
    "headline",
    "figures",
    "task_discovery",
    "ablations",
    "gbi",
    "bridge",
    "audit",
    "fetch",
    "task_discovery_tables",
    "gbi_tables",
    "bridge_tables",
    "products",
)
SMOKE = ("--cores", "2", "--configfile", "config/smoke.yaml")


class Project:
    """A folder with a copy of the project."""

    def __init__(self, folder: Path, *commands: Path):
        """Copy the project, unless it is there; ``commands`` are folders whose programs go before all others."""
        self.folder = folder
        self.started: list[subprocess.Popen[str]] = []
        for part in PARTS:
            source, target = ROOT / part, folder / part
            if target.exists():
                continue
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
        paths = [*map(str, commands), str(Path(sys.executable).parent), os.environ["PATH"]]
        self.environment = os.environ | {"PATH": os.pathsep.join(paths), "PYTHONPATH": str(folder / "src")}

    @classmethod
    def like(cls, finished: "Project", folder: Path) -> "Project":
        """Copy a project with its results and all that Snakemake knows about them."""
        # Locks come and go with every Snakemake that looks at it.
        ignored = shutil.ignore_patterns("locks")
        shutil.copytree(finished.folder, folder, dirs_exist_ok=True, symlinks=True, ignore=ignored)
        return cls(folder)

    @property
    def results(self) -> Path:
        """Where a smoke run keeps its results."""
        return self.folder / "results" / "smoke"

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run a program of the environment in the project's folder; return its exit code and what it said."""
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )

    def smoke(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run Snakemake at smoke scale; ``words`` begin with targets or options."""
        # A flag ends the list of configuration files.
        return self.run(sys.executable, "-m", "snakemake", *SMOKE, "--nocolor", *words)

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Start Snakemake; what it says goes into a file."""
        command = [sys.executable, "-m", "snakemake", "--nocolor", *words]
        with (self.folder / "said").open("w") as said:
            process = subprocess.Popen(
                command, cwd=self.folder, env=self.environment, text=True, stdout=said, stderr=subprocess.STDOUT
            )
        self.started.append(process)
        return process

    def snakemake(self, *words: str) -> tuple[int, str]:
        """Run Snakemake; return its exit code and what it said."""
        return self.start(*words).wait(), self.said

    def stop(self) -> None:
        """Kill every Snakemake that still runs."""
        for process in self.started:
            process.kill()
            process.wait()

    @property
    def said(self) -> str:
        """What the last Snakemake has said so far."""
        return (self.folder / "said").read_text()


def jobs(run: "subprocess.CompletedProcess[str]") -> dict[str, int]:
    """Return the rules that a dry run would run, with the number of their jobs; without targets that run nothing."""
    assert run.returncode == 0, run.stderr
    table = re.search(r"^job +count\n-+ +-+\n(.*?)^total", run.stdout + run.stderr, re.S | re.M)
    counts = (line.split() for line in table.group(1).splitlines()) if table else ()
    return {rule: int(count) for rule, count in counts if rule not in TARGETS}
