"""A copy of the project in which Snakemake runs, with or without a SLURM."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = ("Snakefile", "workflow", "profiles", "config", "src", "environment.yml")
PROFILE = "workflow/profiles/slurm"


class Project:
    """A folder with a copy of the project."""

    def __init__(self, folder: Path, *commands: Path):
        """Copy the project; ``commands`` are folders whose programs go before all others."""
        self.folder = folder
        self.started: list[subprocess.Popen[str]] = []
        for part in PARTS:
            source, target = ROOT / part, folder / part
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
        paths = [*map(str, commands), str(Path(sys.executable).parent), os.environ["PATH"]]
        self.environment = os.environ | {"PATH": os.pathsep.join(paths), "PYTHONPATH": str(folder / "src")}

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
