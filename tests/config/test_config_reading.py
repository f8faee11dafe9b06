"""One reader for verbs and workflow: files, their troubles, and the same result from either."""

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import yaml

from whichtask.cli import main
from whichtask.cli.settings import resolve
from whichtask.config import AgreementJob, Config, read_config
from whichtask.config.write import render_yaml
from whichtask.errors import WhichtaskError

ROOT = Path(__file__).parents[2]
RULES = ROOT / "workflow" / "rules" / "config.smk"
LOADED = 'Path("settings.json").write_text({}SETTINGS.model_dump_json())\n'
INCLUDED = f'include: "{RULES}"\n' + LOADED.format("")

TROUBLES: dict[str, tuple[bytes, str]] = {
    "not UTF-8": (b"seed: 1\n# caf\xe9\n", "is not UTF-8 text: byte 14"),
    "a list": (b"- seed\n", "must be a mapping of keys to values"),
    "text": (b"seed\n", "must be a mapping of keys to values"),
    "empty": (b"", "is empty; give at least one key"),
    "only comments": (b"# seed: 1\n", "is empty; give at least one key"),
    "no YAML": (b"seed: 1\nnetworks: {a: [}\n", "is no YAML: .*line 2"),
    "two documents": (b"seed: 1\n---\nseed: 2\n", "is no YAML"),
    "a control character": (b"seed: \x07\n", "is no YAML"),
    "no date": (b"seed: 2024-99-99\n", "is no YAML"),
    "brackets without end": (b"seed: " + b"[" * 5000, "is no YAML"),
    "the same key twice": (
        b"seed: 1\nplan: 3\nseed: 2\n",
        "the key 'seed' more than once: in lines 1 and 3",
    ),
    "twice inside": (b"plan:\n  a: 1\n  b: 1\n  a: 2\n", "has the key 'a' more than once: in lines 2 and 4"),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_a_file_in_trouble_is_one_sentence_with_its_name(name: str, tmp_path: Path) -> None:
    content, message = TROUBLES[name]
    (tmp_path / "mine.yaml").write_bytes(content)
    with pytest.raises(WhichtaskError, match=message) as caught:
        read_config([tmp_path / "mine.yaml"])
    assert str(tmp_path / "mine.yaml") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(WhichtaskError, match=r"cannot read the configuration .*no\.yaml: No such file"):
        read_config([tmp_path / "no.yaml"])
    with pytest.raises(WhichtaskError, match="cannot read the configuration .*: Is a directory"):
        read_config([tmp_path])


def test_merge_keys_of_yaml_are_no_duplicates(tmp_path: Path) -> None:
    lines = "x: &x {images: 600, targets: 1}\nsplits: {<<: *x, images: 700}\n"
    (tmp_path / "mine.yaml").write_text(lines)
    with pytest.raises(WhichtaskError, match="x: unknown key"):
        read_config([tmp_path / "mine.yaml"])


def test_later_files_lie_on_earlier_ones_and_changes_on_all(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("seed: 1\nagreement: {pairs: 3, epochs: 5}\nnetworks: {vit: {patch: 14}}\n")
    (tmp_path / "b.yaml").write_text("seed: 2\nagreement: {pairs: 4}\ndiscovery:\n  # tasks: 3\n")
    config = read_config(
        [tmp_path / "a.yaml", tmp_path / "b.yaml"],
        {"seed": 3, "networks": {"vit": "null"}, "plan": {"networks": ["cnn"]}, "studies": {"networks": []}},
    )
    assert (config.seed, config.agreement.pairs, config.agreement.epochs) == (3, 4, 5)
    assert list(config.networks) == ["cnn", "mlp", "resnet18"]
    assert config.discovery == Config().discovery
    with pytest.raises(WhichtaskError, match=r"(?s)a\.yaml, .*b\.yaml, --config is not valid:\nsead: unknown key"):
        read_config([tmp_path / "a.yaml", tmp_path / "b.yaml"], {"sead": 1})


def run(monkeypatch: pytest.MonkeyPatch, *words: str | Path) -> int | str | None:
    monkeypatch.setattr(sys, "argv", ["whichtask", *map(str, words)])
    with pytest.raises(SystemExit) as end:
        main()
    return end.value.code


def test_verbs_take_several_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    smoke, mine = ROOT / "config" / "smoke.yaml", tmp_path / "mine.yaml"
    mine.write_text("agreement: {pairs: 5}\n")
    assert not run(monkeypatch, "config", "check", smoke, mine)
    assert capsys.readouterr().out == render_yaml(read_config([smoke, mine]))
    of = partial(AgreementJob.of, network="cnn")
    assert resolve(AgreementJob, None, [smoke, mine], of) == of(read_config([smoke, mine]))
    assert resolve(AgreementJob, None, None, of) == of(Config())


def test_show_reads_the_files_of_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for scale in ("laptop", "smoke", "paper"):
        assert not run(monkeypatch, "config", "show", scale, "--folder", ROOT)
        shown = yaml.safe_load(capsys.readouterr().out)
        assert shown["scale"] == scale
        assert "four" in shown["gbi"]["toy"]["stress"]
    assert run(monkeypatch, "config", "show", "cluster") == 1
    assert "unknown preset 'cluster'; allowed: cifar10, laptop, paper, smoke, workstation" in capsys.readouterr().err
    assert run(monkeypatch, "config", "show", "smoke", "--folder", tmp_path) == 1
    assert "unknown preset 'smoke'; allowed: laptop" in capsys.readouterr().err


def snakemake(folder: Path, *words: str, snakefile: str) -> "subprocess.CompletedProcess[str]":
    (folder / "Snakefile").write_text(f"from pathlib import Path\n\n{snakefile}\nrule all:\n    output: 'made'\n")
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "all", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def loaded(folder: Path, *words: str, snakefile: str = INCLUDED) -> Config:
    """Return what Snakemake reads in a folder."""
    run = snakemake(folder, *words, snakefile=snakefile)
    assert run.returncode == 0, run.stderr
    return Config.model_validate_json((folder / "settings.json").read_text())


MINE = """\
networks: {vit: {patch: 14}, mlp: null, small: {arch: mlp, width: 0.1}}
plan: {networks: [cnn, small]}
studies: {networks: []}
ground_truth: {networks: [cnn]}
gbi: {toy: {stress: {replace: true, two: {means: [0, 1], stds: [0.3, 0.3]}}}}
agreement:
"""


@pytest.mark.workflow
@pytest.mark.parametrize("names", [["config"], ["smoke"], ["paper"], ["smoke", "mine"]], ids="+".join)
def test_snakemake_reads_as_the_verbs_do(tmp_path: Path, names: list[str]) -> None:
    (tmp_path / "mine.yaml").write_text(MINE)
    files = [tmp_path / "mine.yaml" if name == "mine" else ROOT / "config" / f"{name}.yaml" for name in names]
    config = loaded(tmp_path, "--configfile", *map(str, files))
    assert config == read_config(files)
    if names == ["smoke", "mine"]:
        assert list(config.gbi.toy.stress) == ["two"]
        assert list(config.networks) == ["cnn", "resnet18", "vit", "small"]


@pytest.mark.workflow
def test_a_configuration_in_the_folder_of_the_run_is_the_base(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.yaml").write_text("seed: 5\nagreement: {pairs: 7}\n")
    (tmp_path / "mine.yaml").write_text(MINE)
    changes = (
        "--config",
        "seed=6",
        "discovery={outer_steps: 3, faithful: {halved_batch: true}}",
        "tasks={human_limit: null}",
    )
    config = loaded(tmp_path, *changes, "--configfile", "mine.yaml")
    assert (config.seed, config.agreement.pairs, config.discovery.outer_steps) == (6, 7, 3)
    assert config.discovery.faithful.halved_batch
    assert list(config.gbi.toy.stress) == ["two"]
    config = loaded(tmp_path, "--replace-workflow-config", "--configfile", "mine.yaml")
    assert config == read_config([tmp_path / "mine.yaml"])


@pytest.mark.workflow
def test_a_module_takes_the_configuration_that_it_is_given(tmp_path: Path) -> None:
    (tmp_path / "whole.yaml").write_text(yaml.safe_dump({"whichtask": yaml.safe_load(MINE), "other": 1}))
    (tmp_path / "mine.yaml").write_text(MINE)
    module = f"""\
module whichtask:
    snakefile: "{RULES}"
    config: config["whichtask"]

use rule * from whichtask
"""
    config = loaded(tmp_path, "--configfile", "whole.yaml", snakefile=module + LOADED.format("whichtask."))
    assert config == read_config([tmp_path / "mine.yaml"])


@pytest.mark.workflow
def test_snakemake_says_what_is_wrong_and_in_which_files(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("agreement: {pairs: 1}\n")
    (tmp_path / "b.yaml").write_text("agreement: 5\n")
    run = snakemake(tmp_path, "--configfile", "a.yaml", "b.yaml", snakefile=INCLUDED)
    assert run.returncode == 1
    said = run.stdout + run.stderr
    assert f"agreement is a mapping in {tmp_path / 'a.yaml'} and a single value in {tmp_path / 'b.yaml'}: all" in said
    assert "Traceback" not in said
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.yaml").write_text("seed: 1\nseed: 2\n")
    run = snakemake(tmp_path, snakefile=INCLUDED)
    said = run.stdout + run.stderr
    assert "the configuration config/config.yaml has the key 'seed' more than once: in lines 1 and 2" in said
