"""No command is put together from a user's strings: names that hold shell syntax stay names."""

import json
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from hostile import Hostile, Run, make_hostile, run_hostile
from hypothesis import given
from hypothesis import strategies as st
from projects import Project

from whichtask.config import load_config, read_config
from whichtask.config.sections import _slug
from whichtask.data import ImageSet
from whichtask.errors import WhichtaskError

pytestmark = pytest.mark.workflow
UNQUOTED = {
    "threads",  # a number
    "params.first",  # an option with a number, or nothing
    "params.figure",  # a figure's ID
    "params.scale",  # one of three words
    "params.verb",  # an experiment's verb
    "wildcards.control",  # of lists in the rules
    "wildcards.kind",
    "wildcards.source",
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, small_images: ImageSet) -> Hostile:
    """A project full of names that a shell or Snakemake would act on."""
    return make_hostile(tmp_path_factory.mktemp("hostile"), small_images)


@pytest.fixture(scope="module")
def hostile_run(hostile: Hostile, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """What happened when three of its jobs were run."""
    return run_hostile(hostile, tmp_path_factory.mktemp("watch"))


def test_what_is_not_quoted_comes_from_the_workflow_itself(hostile: Hostile) -> None:
    assert len({job["rule"] for job in hostile.jobs}) > 80
    for job in hostile.jobs:
        assert set(job["unquoted"]) <= UNQUOTED, job["rule"]
        for value in job["unquoted"].values():
            assert re.fullmatch(r"[A-Za-z0-9_=-]*", value), (job["rule"], value)


def test_parts_of_result_paths_are_plain(hostile: Hostile) -> None:
    """The submit command of the SLURM plugin holds wildcards in double quotes, where $( ) is run."""
    for job in hostile.jobs:
        for value in job["wildcards"].values():
            assert re.fullmatch(r"[\w.-]+", value), (job["rule"], value)


def test_every_rule_hands_its_words_on_as_they_are(hostile: Hostile, tmp_path: Path) -> None:
    """A stand-in for the program writes down its words; the commands are run as Snakemake runs them, by bash."""
    stand_in = tmp_path / "whichtask"
    stand_in.write_text("#!/bin/sh\nprintf '%s\\0' \"$@\"\n")
    stand_in.chmod(stat.S_IRWXU)
    project = Project(tmp_path / "project", tmp_path)
    whole = hostile.content["imagenet"]["folder"].removeprefix("photographs ")
    for rule, job in {job["rule"]: job for job in hostile.jobs}.items():
        log = project.folder / job["log"]
        log.parent.mkdir(parents=True, exist_ok=True)
        run = project.run("bash", "-c", job["command"])
        assert run.returncode == 0, (rule, run.stderr)
        words = log.read_text().split("\0")
        hostile_words = [word for word in words if "pwned" in word]
        assert hostile_words, rule
        for word in hostile_words:
            assert whole in word or json.dumps(whole)[1:-1] in word, (rule, word)
        if "--job" in words:
            assert json.loads(words[words.index("--job") + 1]), rule
    assert not list(tmp_path.rglob("pwned"))


def test_braces_in_a_setting_stay_braces(hostile: Hostile) -> None:
    """Snakemake takes what stands in braces in a constant parameter for a wildcard."""
    for rule, setting in (
        ("data", '"target":"{data} {wildcards.data} <y> it'),
        ("dynamics", '"target":"{data} {wildcards.data} <y> it'),
        ("infer_language", '"held_out":["{repeat} it'),
    ):
        assert any(setting in job["command"] for job in hostile.jobs if job["rule"] == rule), rule


def test_it_runs(hostile: Hostile, hostile_run: Run) -> None:
    table = pd.read_csv(hostile_run.target)
    assert len(table) == 1, "one pair of two tasks"
    assert not list(hostile.project.folder.rglob("*pwned")), "nobody ran what names say"
    assert "Traceback" not in hostile_run.said


def test_a_run_listens_on_nothing(hostile_run: Run) -> None:
    assert any("whichtask" in program for program in hostile_run.programs), "its jobs were seen"
    assert hostile_run.listening == set()


def test_a_run_with_data_of_this_machine_asks_nobody(hostile_run: Run) -> None:
    # urllib3, which Snakemake imports, tries whether this machine has IPv6; it does not listen.
    known = "__main__.py socket.bind (('::1', 0),)"
    assert not [line for line in hostile_run.watched.splitlines() if "socket." in line and line != known]


def test_a_run_unpickles_nothing(hostile_run: Run) -> None:
    assert "pickle.find_class" not in hostile_run.watched


def test_a_run_makes_nothing_that_others_can_write(hostile_run: Run) -> None:
    """It ran with a umask of 027: files that the program, the shell and Snakemake made."""
    results = hostile_run.target.parents[2]
    made = [path for path in results.rglob("*") if not path.is_symlink()]
    assert len(made) > 10
    for path in made:
        assert path.stat().st_mode & 0o7027 == 0, path
    assert list(hostile_run.temporary.iterdir()) == [], "what was made for a while is gone"


BAD_PATHS = {
    "wildcard": "a{data}b.npz",
    "brace": "a}.npz",
    "path variable": "<results>.npz",
    "line break": "a\ntouch pwned.npz",
    "escape sequence": "a\x1b[2J.npz",
    "no character": "a\udc80.npz",
    "null": "a\0.npz",
    "option": "--out=b.npz",
}
KEYS: dict[str, Callable[[str], dict[str, Any]]] = {
    "results": lambda path: {"results": path},
    "data.name": lambda path: {"data": {"name": path}},
    "ground_truth.data.name": lambda path: {"ground_truth": {"data": {"name": path}}},
    "tasks.user": lambda path: {"tasks": {"user": path}},
    "imagenet.folder": lambda path: {"imagenet": {"folder": path}},
    "gbi.language.folder": lambda path: {"gbi": {"language": {"folder": path}}},
}


@pytest.mark.parametrize("kind", BAD_PATHS)
@pytest.mark.parametrize("key", KEYS)
def test_a_path_that_snakemake_would_read_otherwise_is_refused(key: str, kind: str) -> None:
    with pytest.raises(WhichtaskError, match=rf"{re.escape(key)}: .*(rename it|give the whole path|unicode string)"):
        load_config(KEYS[key](BAD_PATHS[kind]))


@pytest.mark.parametrize(
    ("key", "content"),
    [
        ("networks", {"networks": {"cnn; touch pwned": {"arch": "cnn"}}}),
        ("networks", {"networks": {"../cnn": {"arch": "cnn"}}}),
        ("splits.attribute_targets.0", {"splits": {"attribute_targets": ["../../x"]}}),
        ("splits.attribute_targets.0", {"splits": {"attribute_targets": [".."]}}),
        ("splits.attribute_targets.0", {"splits": {"attribute_targets": ["x'; touch pwned;'"]}}),
        ("figures.rc", {"figures": {"rc": {"text.usetex": True}}}),
        ("figures.rc", {"figures": {"rc": {"animation.convert_path": "convert"}}}),
        ("figures.rc", {"figures": {"rc": {"axes.prop_cycle": "__import__('os').system('touch pwned')"}}}),
    ],
)
def test_other_names_and_settings_are_refused(key: str, content: dict[str, Any]) -> None:
    with pytest.raises(WhichtaskError, match=rf"{re.escape(key)}: "):
        load_config(content)
    assert not Path("pwned").exists()


@given(st.text(st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]), min_size=1, max_size=30))
def test_any_name_of_a_file_makes_a_plain_part_of_paths(name: str) -> None:
    slug = _slug(Path("folder") / f"{name}.npz")
    assert re.fullmatch(r"[\w-][\w.-]*", slug)


def test_snakemake_says_it_in_one_error(tmp_path: Path) -> None:
    project = Project(tmp_path)
    content = {"data": {"name": "a{x}.npz"}, "results": "-r", "tasks": {"user": "a\nb.csv"}}
    (tmp_path / "bad.yaml").write_text(yaml.safe_dump(content))
    run = project.smoke("--dry-run", "--configfile", "config/smoke.yaml", "bad.yaml")
    assert run.returncode != 0
    said = run.stdout + run.stderr
    for key in ("data.name: ", "results: ", "tasks.user: "):
        assert key in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "text",
    [
        "seed: !!python/object/apply:os.system ['touch pwned']",
        "seed: !!python/name:os.system",
        "__use_yte__: true\n__definitions__:\n  - import os\n  - os.system('touch pwned')\nseed: 1",
    ],
)
def test_checking_a_configuration_runs_nothing_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """``whichtask config check FILE``. Snakemake itself obeys ``__use_yte__``, before any line of the Snakefile."""
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(WhichtaskError, match=r"mine\.yaml|__use_yte__: unknown key"):
        read_config([Path("mine.yaml")])
    assert not Path("pwned").exists()
