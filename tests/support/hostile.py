"""A project that belongs to somebody hostile: file names and settings that a shell or Snakemake would act on."""

import contextlib
import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import yaml
from projects import ROOT, Project

from whichtask.config import DataSettings
from whichtask.data import ImageSet
from whichtask.tasks import random_tasks, write_user_csv

SHELL = """it's; touch pwned & $(touch pwned) `touch pwned` "x" | \\ *  ~ #"""
"""What a shell would run or expand; a path with it is a name like any other."""
UMASK = 0o027
# Every Python process reports what it does with sockets, and the classes that it unpickles.
WATCH = """
import os, sys

def watch(event, args):
    if event in ("pickle.find_class", "socket.bind", "socket.connect", "socket.sendto", "socket.getaddrinfo"):
        if not (event.startswith("socket.") and getattr(args[0], "family", None) == 1):  # AF_UNIX: within the machine
            said = f"{os.path.basename(sys.argv[0])} {event} {args[1:]}"
            with open(os.environ["WATCHED"], "a") as file:
                file.write(said + os.linesep)

sys.addaudithook(watch)
"""


@dataclass(frozen=True)
class Hostile:
    """The project, its configuration files, and the jobs of its plan as ``print_commands`` prints them."""

    project: Project
    files: tuple[str, ...]
    content: dict[str, Any]
    jobs: list[dict[str, Any]]


@dataclass
class Run:
    """What Snakemake and its jobs did."""

    said: str
    target: Path
    """The last of the files that were asked for."""
    watched: str
    """Lines ``PROGRAM EVENT ARGUMENTS``."""
    temporary: Path
    """The folder that was ``TMPDIR``."""
    listening: set[str] = field(default_factory=set)
    """Addresses of TCP and UDP sockets that were open to others while it ran."""
    programs: set[str] = field(default_factory=set)


def make_hostile(folder: Path, images: ImageSet) -> Hostile:
    """Make a project whose images, tasks, results and settings are named as in ``SHELL``."""
    project = Project(folder)
    images.save(project.folder / f"images {SHELL}.npz")
    write_user_csv(project.folder / f"tasks {SHELL}.csv", random_tasks(500, 2, seed=9))
    for name in ("photographs", "texts"):
        (project.folder / f"{name} {SHELL}").mkdir()
    content = {
        "results": f"out {SHELL}",
        "data": {
            "name": str(project.folder / f"images {SHELL}.npz"),
            "target": f"{{data}} {{wildcards.data}} <y> {SHELL}\n",
            "train_images": 250,
            "heldout_images": 80,
            "discovery_heldout_images": 70,
        },
        "tasks": {"user": f"tasks {SHELL}.csv"},
        "networks": {"vit": {"patch": 4}},
        "agreement": {"images": 200, "batch_size": 50},
        "plan": {"network_images": 100, "image_sweep": [100, 200]},
        "dynamics": {"images": 200},
        "splits": {"images": 250},
        "imagenet": {"folder": f"photographs {SHELL}"},
        "gbi": {"language": {"folder": f"texts {SHELL}", "held_out": [f"{{repeat}} {SHELL}"]}},
    }
    (project.folder / "hostile.yaml").write_text(yaml.safe_dump(content))
    files = ("config/smoke.yaml", "hostile.yaml")
    run = project.run(sys.executable, str(ROOT / "tests" / "security" / "print_commands.py"), *files)
    assert run.returncode == 0, run.stderr[-4000:]
    return Hostile(project, files, content, json.loads(run.stdout))


def run_hostile(hostile: Hostile, watch: Path) -> Run:
    """Have Snakemake run three cheap jobs of that project: read images, read tasks, compare tasks.

    Args:
        hostile: the project.
        watch: an empty folder for what is noted meanwhile.
    """
    folder = hostile.project.folder
    slug = DataSettings(name=hostile.content["data"]["name"]).slug
    target = Path(hostile.content["results"], "similarity", slug, "user.csv")
    (watch / "sitecustomize.py").write_text(WATCH)
    run = Run("", folder / target, "", watch / "temporary")
    run.temporary.mkdir()
    environment = hostile.project.environment | {
        "PYTHONPATH": f"{watch}:{hostile.project.environment['PYTHONPATH']}",
        "WATCHED": str(watch / "watched"),
        "TMPDIR": str(run.temporary),
    }
    (watch / "watched").touch()
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--nocolor", "--configfile", *hostile.files]
    with (watch / "said").open("w") as said:
        process = subprocess.Popen(
            [*command, "--", str(target)],
            cwd=folder,
            env=environment,
            stdout=said,
            stderr=subprocess.STDOUT,
            umask=UMASK,
        )
    while process.poll() is None:
        with contextlib.suppress(psutil.Error):
            for member in [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]:
                run.programs.add(" ".join(member.cmdline()[:2]))
                run.listening |= {
                    f"{member.name()} {one.laddr}"
                    for one in member.net_connections("inet")
                    if one.status in (psutil.CONN_LISTEN, psutil.CONN_NONE) and one.laddr
                }
        time.sleep(0.5)
    run.said = (watch / "said").read_text()
    run.watched = (watch / "watched").read_text()
    assert process.returncode == 0, run.said + "".join(path.read_text() for path in folder.glob("out*/logs/**/*.log"))
    return run
