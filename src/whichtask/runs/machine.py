"""What a run ran on: versions of software, processor, memory, GPUs, operating system. No names of machines or users."""

import os
import platform
from collections.abc import Iterable
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict

from whichtask.machine.leases import card_names

PACKAGES = (
    "whichtask",
    "snakemake",
    "torch",
    "torchvision",
    "numpy",
    "pandas",
    "scipy",
    "scikit-learn",
    "matplotlib",
    "pillow",
    "pydantic",
    "safetensors",
    "kornia",
    "tokenizers",
)
"""Packages that numbers may depend on."""


class Machine(BaseModel):
    """The machine that Snakemake ran on; the nodes of a cluster may differ from it."""

    model_config = ConfigDict(extra="forbid")

    system: str
    """Operating system and kernel."""
    processor: str
    cores: int
    usable_cores: int
    """Those that this process may use."""
    memory_gib: float
    gpus: list[str]
    """Names of the installed NVIDIA GPUs."""


def installed_versions(packages: Iterable[str] = PACKAGES) -> dict[str, str | None]:
    """Return the version of Python and of each package; None for one that is not installed."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for package in packages:
        found[package] = None
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def this_machine() -> Machine:
    """Describe the machine of this process."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return Machine(
        system=f"{_distribution()}, {platform.system()} {platform.release()}",
        processor=_processor(),
        cores=os.cpu_count() or 1,
        usable_cores=usable or 1,
        memory_gib=round(psutil.virtual_memory().total / 2**30, 1),
        gpus=card_names(),
    )


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _distribution() -> str:
    with suppress(OSError):
        return platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    return platform.system()
