"""The typed configuration: generated files in step with it, and errors that name the key and what is allowed."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from projects import PRESETS

from whichtask.config import AgreementJob, Config, DiscoveryJob, DynamicsJob, TaskJob, VitSpec, load_config, read_config
from whichtask.config.write import render_yaml, rendered
from whichtask.errors import WhichtaskError

ROOT = Path(__file__).parents[2]
FILES = {name.replace("config.yaml", "laptop").removesuffix(".yaml"): ROOT / "config" / name for name in PRESETS}
SCALED = ("smoke", "laptop", "paper")
ON_ANOTHER = {path: FILES[path.parent.name] for path in sorted((ROOT / "config").glob("*/*.yaml"))}
"""Files of settings that lie on a preset, which their folder is called after."""


@pytest.mark.parametrize("path", rendered(ROOT), ids=lambda path: path.name)
def test_generated_files_are_in_step_with_the_model(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == rendered(ROOT)[path], "run `whichtask config write`"


@pytest.mark.parametrize("preset", FILES)
def test_a_preset_is_valid_and_written_out_reads_back_as_itself(preset: str) -> None:
    config = read_config([FILES[preset]])
    assert config.scale == (preset if preset in SCALED else "laptop")
    assert config.results == ("results" if preset == "laptop" else f"results/{preset}")
    schema = json.loads((ROOT / "config" / "schema.json").read_text())
    for content in (yaml.safe_load(render_yaml(config)), yaml.safe_load(FILES[preset].read_text())):
        assert load_config(content) == config
        jsonschema.validate(content, schema)


@pytest.mark.parametrize(
    "path", [*(FILES[name] for name in FILES if name != "laptop"), *ON_ANOTHER], ids=lambda path: path.stem
)
def test_a_file_holds_only_what_differs_from_what_it_lies_on(path: Path) -> None:
    def repeated(preset: Any, base: Any, at: str) -> list[str]:
        if not isinstance(preset, dict):
            return [at] if preset == base else []
        keys = preset.keys() & base.keys()
        return [found for key in keys for found in repeated(preset[key], base[key], f"{at}.{key}")]

    below = [ON_ANOTHER[path]] if path in ON_ANOTHER else []
    on_it = read_config([*below, path])
    assert on_it.results == f"results/{'_'.join(path.relative_to(ROOT / 'config').with_suffix('').parts)}"
    own = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert not repeated(own, read_config(below).model_dump(mode="json"), path.stem)


def test_the_schema_is_for_files_that_lie_on_others() -> None:
    schema = json.loads((ROOT / "config" / "schema.json").read_text())
    jsonschema.validate({"networks": {"replace": True, "vit": None, "mlp": {"width": 0.5}}}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"networks": {"vit": {"ptch": 7}}}, schema)


def test_every_field_has_one_sentence_of_meaning() -> None:
    missing = []

    def visit(section: Any, prefix: str) -> None:
        for name, field in type(section).model_fields.items():
            if not (field.description or "").endswith("."):
                missing.append(f"{prefix}{name}")
            value = getattr(section, name)
            for inner in value.values() if isinstance(value, dict) else [value]:
                if hasattr(type(inner), "model_fields"):
                    visit(inner, f"{prefix}{name}.")

    visit(Config(), "")
    assert not missing


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "unknown section": ({"agreemnt": {}}, "agreemnt: unknown key; did you mean 'agreement'"),
    "unknown key": ({"agreement": {"pair": 1}}, "agreement.pair: unknown key; did you mean 'pairs'"),
    "unknown key of a network": ({"networks": {"v": {"arch": "vit", "ptch": 2}}}, "networks.v.ptch: unknown key"),
    "unknown key of a network with its arch's name": (
        {"networks": {"vit": {"ptch": 2}}},
        "networks.vit.ptch: unknown key",
    ),
    "unknown architecture": (
        {"networks": {"n": {"arch": "lenet"}}},
        "networks.n.arch: unknown 'lenet'; allowed: 'cnn', 'mlp', 'resnet18', 'vit'",
    ),
    "no architecture": (
        {"networks": {"n": {"width": 3}}},
        "networks.n.arch: missing; allowed: 'cnn', 'mlp', 'resnet18', 'vit'",
    ),
    "no name of an architecture": ({"networks": {"vit": {"arch": ["cnn"]}}}, "networks.vit.arch: unknown ['cnn']"),
    "no mapping": ({"networks": {"n": 3}}, "networks.n: must be a mapping of keys to values, not 3"),
    "no section": ({"agreement": 5}, "agreement: must be a mapping of keys to values, not 5"),
    "no network": ({"networks": {"replace": True}}, "at least one network is needed"),
    "infinite": ({"agreement": {"learning_rate": float("inf")}}, "agreement.learning_rate: Input should be a finite"),
    "no number": ({"gbi": {"toy": {"noise": [float("nan")]}}}, "gbi.toy.noise.0: Input should be"),
    "replace that is no truth value": (
        {"networks": {"replace": 1}},
        "networks.replace in the configuration must be true",
    ),
    "unknown network": ({"plan": {"networks": ["lenet"]}}, "unknown network 'lenet'; networks has cnn, mlp"),
    "unknown data set": ({"data": {"name": "svhn"}}, "'svhn' is no known data set (fashion_mnist, mnist"),
    "wrong type": ({"agreement": {"epochs": "many"}}, "agreement.epochs: Input should be a valid integer"),
    "out of range": ({"agreement": {"pairs": 0}}, "agreement.pairs: Input should be greater than or equal to 1"),
    "tasks beyond dimensions": ({"discovery": {"tasks": 9}}, "tasks must be at most dimensions"),
    "batch beyond data": ({"agreement": {"batch_size": 6000}}, "agreement.batch_size = 6000 must be at most"),
    "inner batch beyond data": ({"discovery": {"inner_batch_size": 30_000}}, "discovery.inner_batch_size = 30000"),
    "agreement batch beyond data": ({"discovery": {"agreement_batch_size": 6000}}, "agreement_batch_size = 6000"),
    "images beyond data": ({"agreement": {"images": 30_000}}, "agreement.images = 30000 must be at most"),
    "more images than exist": ({"data": {"train_images": 60_000}}, "fashion_mnist has only 60000 training images"),
    "patch that does not fit": ({"networks": {"vit": {"patch": 5}}}, "patches of 5x5"),
    "name unfit for a path": ({"networks": {"a/b": {"arch": "cnn"}}}, "letters, digits, '_' and '-' only"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_configuration_is_one_clear_error(name: str) -> None:
    content, message = BAD[name]
    with pytest.raises(WhichtaskError) as caught:
        load_config(content)
    assert message in str(caught.value)


def test_several_mistakes_are_all_listed() -> None:
    with pytest.raises(WhichtaskError) as caught:
        load_config({"agreement": {"pairs": 0, "epochs": 0}, "sead": 1})
    assert str(caught.value).count("\n") == 3


def test_a_job_holds_nothing_that_does_not_decide_its_result() -> None:
    """Otherwise a changed colour would train networks again."""
    config = Config()
    other = load_config(
        {"figures": {"dpi": 50}, "plan": {"networks": ["cnn"]}, "tasks": {"random": 3}, "dynamics": {"outer_steps": 9}}
    )
    assert AgreementJob.of(config, "cnn") == AgreementJob.of(other, "cnn")
    assert DiscoveryJob.of(config) == DiscoveryJob.of(other)
    assert DynamicsJob.of(config) != DynamicsJob.of(other)
    assert TaskJob.of(config, "human") == TaskJob.of(other, "human")
    assert TaskJob.of(config, "random") != TaskJob.of(other, "random")
    assert AgreementJob.of(config, "cnn") != AgreementJob.of(config, "cnn", images=500)


def test_jobs_survive_json() -> None:
    for job in (AgreementJob.of(Config(), "vit"), DiscoveryJob.of(Config()), DynamicsJob.of(Config())):
        assert type(job).model_validate_json(job.model_dump_json()) == job


def test_one_task_alone_needs_no_uniformity() -> None:
    job = DynamicsJob.of(Config())
    assert (job.discovery.tasks, job.discovery.dimensions, job.discovery.uniformity_weight) == (1, 1, 0.0)


def test_the_conda_environment_has_the_pins_of_the_lock_file() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    (pip,) = [part["pip"] for part in environment["dependencies"] if isinstance(part, dict)]
    assert pip == (ROOT / "requirements.lock").read_text().split()


def test_the_lock_file_pins_every_dependency_of_the_project() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    locked = {
        line.split("==")[0].lower().replace("_", "-") for line in (ROOT / "requirements.lock").read_text().split()
    }
    names = {part.split(">")[0].split("=")[0].lower().replace("_", "-") for part in asked}
    assert names <= locked, f"run `make lock`: {names - locked}"


def test_a_folder_is_checked_at_its_image_size(tmp_path: Path) -> None:
    with pytest.raises(WhichtaskError, match="image too small: 6x6 pixels for the network 'cnn'"):
        load_config({"data": {"name": str(tmp_path), "image_size": 6}, "plan": {"networks": ["cnn"]}})
    fits = {"data": {"name": str(tmp_path), "image_size": 28}}
    assert load_config(fits).data.slug == tmp_path.name


def test_a_leading_tilde_is_resolved_in_every_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "photos").mkdir()
    config = load_config(
        {
            "results": "~/results",
            "data": {"name": "~/photos", "image_size": 28},
            "tasks": {"user": "~/mine.csv"},
            "imagenet": {"folder": "~/imagenet"},
            "gbi": {"language": {"folder": "~/texts"}},
        }
    )
    paths = (config.results, config.data.name, config.tasks.user, config.imagenet.folder, config.gbi.language.folder)
    names = ("results", "photos", "mine.csv", "imagenet", "texts")
    assert paths == tuple(str(tmp_path / name) for name in names)
    assert config.data.slug == "photos"


@pytest.mark.parametrize(("side", "patch"), [(28, 7), (32, 8), (64, 16), (30, 6), (29, 1), (4, 1), (1, 1)])
def test_a_patch_fits_the_images_by_default(side: int, patch: int) -> None:
    fitted = VitSpec().fitted((side, side, 3))
    assert fitted.patch == patch
    fitted.check_image((side, side, 3))
    assert VitSpec(patch=2).fitted((28, 28, 1)).patch == 2
    assert VitSpec().fitted(None).patch is None


def test_a_job_holds_the_patch_that_fits_its_images() -> None:
    config = load_config({"data": {"name": "cifar10"}})
    for settings, patch in ((Config(), 7), (config, 8)):
        assert isinstance(network := AgreementJob.of(settings, "vit").network, VitSpec)
        assert network.patch == patch


@pytest.mark.parametrize("name", ["mnist", "ground_truth", "hundred", "text"])
def test_your_own_images_cannot_take_the_name_of_another_data_set(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(WhichtaskError, match="under a name that another data set has; rename it"):
        load_config({"data": {"name": str(tmp_path / name), "image_size": 28}})
