"""The lock file is the whole environment, and nothing in it is of unknown licence; ``make audit`` asks for more."""

import json
import re
import subprocess
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

import pytest
from projects import ROOT

LOCK = [line for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines() if line]
OURS = ("whichtask", "pip", "setuptools", "wheel")
PERMISSIVE = re.compile(
    r"\b(MIT|BSD|0BSD|Apache|PSF|Python Software Foundation|ISC|MPL|Mozilla|ZPL|Zope|CC0|Public Domain)\b", re.I
)
# What does not say so in its own description, and why it may be there all the same.
OTHERWISE = {
    "asyncssh": "EPL-2.0 or GPL-2.0-or-later; a part of dvc, which runs as a program of its own",
    "grandalf": "GPL-2.0 or EPL-1.0; a part of dvc",
    "pygit2": "GPL-2.0 with an exception for those who link to it; a part of dvc",
    "axe-playwright-python": "MIT with axe-core (MPL-2.0), said in its licence file only; for tests",
    "conda-inject": "MIT, said in its repository only; a part of Snakemake",
    "snakemake-interface-common": "MIT, said in its repository only",
    "snakemake-interface-logger-plugins": "MIT, said in its repository only",
    "snakemake-interface-report-plugins": "MIT, said in its repository only",
    "snakemake-interface-scheduler-plugins": "MIT, said in its repository only",
    "snakemake-interface-storage-plugins": "MIT, said in its repository only",
}
in_the_venv = pytest.mark.skipif(
    Path(sys.prefix) != ROOT / ".venv", reason="the environment is not the project's own, made from the lock file"
)


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def installed() -> dict[str, Distribution]:
    """Return the packages of this environment but those that pip brings and whichtask itself."""
    return {plain(one.name): one for one in distributions(path=_site()) if plain(one.name) not in OURS}


def _site() -> list[str]:
    return [path for path in sys.path if path.endswith("site-packages")]


def licence(package: Distribution) -> str:
    """Return what a package says about its licence: expression, classifiers and the beginning of the text."""
    said = {key: package.metadata.get_all(key, []) for key in ("License-Expression", "License", "Classifier")}
    classifiers = [line for line in said["Classifier"] if line.startswith("License")]
    return " ".join([*said["License-Expression"], *(text[:500] for text in said["License"]), *classifiers])


def test_every_package_is_pinned_by_version() -> None:
    """Neither a range, nor an address, nor an option that would add another index."""
    assert len(LOCK) > 100
    assert not [line for line in LOCK if not re.fullmatch(r"[A-Za-z0-9][\w.-]*==[0-9][\w.!+]*", line)]


def test_no_package_is_pinned_twice() -> None:
    names = [plain(line.split("==")[0]) for line in LOCK]
    assert len(set(names)) == len(names)


@in_the_venv
def test_the_environment_is_the_lock_file() -> None:
    pinned = {plain(name): version for name, version in (line.split("==") for line in LOCK)}
    found = {name: package.version.removesuffix("+cpu") for name, package in installed().items()}
    assert found == pinned


@in_the_venv
def test_no_package_comes_from_a_repository_or_a_folder() -> None:
    for name, package in installed().items():
        origin = json.loads(package.read_text("direct_url.json") or "{}")
        assert not {"vcs_info", "dir_info"} & set(origin), f"{name} was installed from {origin}"


def test_every_licence_is_known() -> None:
    unknown = {name for name, package in installed().items() if not PERMISSIVE.search(licence(package))}
    assert unknown <= set(OTHERWISE)


def test_nothing_of_ours_imports_what_is_under_copyleft() -> None:
    copyleft = "|".join(name for name, reason in OTHERWISE.items() if "GPL" in reason)
    for path in (ROOT / "src").rglob("*.py"):
        assert not re.search(rf"^\s*(import|from)\s+({copyleft})\b", path.read_text(encoding="utf-8"), re.M), path


@in_the_venv
def test_packages_agree_with_each_other() -> None:
    run = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
