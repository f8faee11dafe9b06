"""What dvc.yaml and .dvc/config promise: Snakemake stays in charge, stages divide the work, nothing goes online."""

import configparser
from pathlib import Path, PurePosixPath

import pytest
import yaml
from projects import PRESETS, ROOT, Project, jobs

from whichtask.config import read_config
from whichtask.plan.stages import render_stages

PIPELINE = yaml.safe_load((ROOT / "dvc.yaml").read_text())
STAGES = PIPELINE["stages"]
OUTS = [next(iter(out.items())) for stage in STAGES.values() for out in stage["outs"]]


def test_dvc_never_removes_what_snakemake_keeps() -> None:
    assert len(OUTS) > 15
    for path, options in OUTS:
        assert options == {"persist": True}, path


def test_folders_are_those_of_the_cards() -> None:
    text = (ROOT / "dvc.yaml").read_text(encoding="utf-8")
    assert text == render_stages(text), "run `whichtask config write`"
    broken = text.replace("      - ${results}/coverage: {persist: true}\n", "").replace(
        "      - ${results}/proxy\n", ""
    )
    assert render_stages(broken) == text


def test_outs_do_not_overlap() -> None:
    paths = [PurePosixPath(path) for path, _ in OUTS]
    assert not [(one, other) for one in paths for other in paths if one is not other and other.is_relative_to(one)]


def test_a_stage_is_one_target_and_depends_on_code_on_all_keys_and_on_earlier_stages() -> None:
    made: set[str] = set()
    targets = []
    for stage in STAGES.values():
        *command, target = stage["cmd"].split()
        assert command == ["snakemake", "--cores", "all"]
        targets.append(target)
        assert {"Snakefile", "workflow", "src"} <= set(stage["deps"])
        assert {dep for dep in stage["deps"] if dep.startswith("${results}")} <= made
        assert stage["params"] == [{"config/config.yaml": None}], "None stands for all keys"
        made |= {next(iter(out)) for out in stage["outs"]}
    assert len(targets) == len(set(targets)) == 5


def test_no_rule_runs_dvc() -> None:
    for file in [ROOT / "Snakefile", *(ROOT / "workflow" / "rules").glob("*.smk")]:
        code = [line for line in file.read_text().splitlines() if not line.lstrip().startswith("#")]
        assert not [line for line in code if "dvc" in line.lower()], file


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_fills_the_templates(preset: str) -> None:
    settings = read_config([ROOT / "config" / preset])
    assert not Path(settings.results).is_absolute(), "DVC keeps what lies in the project"
    assert "/" not in settings.data.name


def test_dvc_is_configured_to_stay_offline() -> None:
    config = configparser.ConfigParser()
    config.read_string("\n".join(line.strip() for line in (ROOT / ".dvc" / "config").read_text().splitlines()))
    core = config["core"]
    assert not core.getboolean("analytics")
    assert not core.getboolean("check_update")
    remote = config[f"'remote \"{core['remote']}\"'"]["url"]
    assert (ROOT / ".dvc" / remote).resolve() == ROOT.parent / "whichtask-dvc", "a folder beside the checkout"
    assert "link" not in config["cache"]["type"].replace("reflink", "")
    assert "http" not in (ROOT / ".dvc" / "plots.html").read_text().replace("http://www.w3.org/2000/svg", "")


LAST = ("claims", "metrics", "products", "site", "whole_site")
"""Rules of the last stage, beside those of figures."""


@pytest.mark.workflow
def test_the_stages_of_tables_leave_only_figures_and_claims_to_the_last(tmp_path: Path) -> None:
    project = Project(tmp_path)
    targets = [stage["cmd"].split()[-1] for stage in STAGES.values()]
    tables, everything = (
        jobs(project.smoke("--dry-run", *words)) for words in (targets[:-1], ["all", "headline", targets[-1]])
    )
    left = {rule: count for rule, count in everything.items() if tables.get(rule) != count}
    assert all(rule.startswith(("td_", "gbi_", "bridge_")) or rule in LAST for rule in left), left
