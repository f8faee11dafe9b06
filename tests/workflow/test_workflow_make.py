"""`make run CONFIG=FILE`: the same targets with other settings, and lines that name the folder they write to."""

import subprocess
import sys
from pathlib import Path

import pytest
from projects import ROOT


def planned(*words: str) -> str:
    """Return the commands that make would run, where the environment is ready."""
    programs = f"BIN={Path(sys.executable).parent}"
    run = subprocess.run(
        ["make", "-n", "-o", ".venv/ready", programs, *words], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return run.stdout


@pytest.mark.parametrize(("target", "claims"), [("run", "claims_headline.md"), ("figures", "claims.md")])
@pytest.mark.parametrize(("config", "folder"), [("", "results"), ("config/cifar10.yaml", "results/cifar10")])
def test_the_results_are_where_the_settings_say(target: str, claims: str, config: str, folder: str) -> None:
    said = planned(target, *([f"CONFIG={config}"] if config else []))
    assert (f'--configfile "{config}"' in said) == bool(config)
    assert f'"{folder}/{claims}"' in said
    assert f"look at: {folder}/site/index.html" in said


def test_a_run_is_kept_under_the_name_of_its_settings() -> None:
    said = planned("reference", "CONFIG=config/cifar10.yaml")
    assert 'cp "results/cifar10"/run.json' in said
    assert said.count('"results/reference/cifar10"') >= 3
    assert 'mkdir -p "results/reference/laptop"' in planned("reference")
