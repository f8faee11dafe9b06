"""The RO-Crate of a finished run: its files and hashes, its jobs, and what it refuses."""

import hashlib
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from projects import ROOT, Project
from rocrate.rocrate import ROCrate

from whichtask.errors import WhichtaskError
from whichtask.plan.figures import FIGURES
from whichtask.runs.builder import PROFILES
from whichtask.runs.crate import write_crate

pytestmark = pytest.mark.workflow
DRAWN = set(FIGURES) - {"td_imagenet"}


class Crate:
    """A crate's folder and its entities by address."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.text = (folder / "ro-crate-metadata.json").read_text(encoding="utf-8")
        self.entities: dict[str, dict[str, Any]] = {one["@id"]: one for one in json.loads(self.text)["@graph"]}

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return the entities of a type."""
        return [one for one in self.entities.values() if kind in as_list(one["@type"])]

    def named(self, entity: dict[str, Any], name: str) -> list[str]:
        """Return the names of what a property refers to."""
        return [self.entities[one["@id"]]["name"] for one in as_list(entity.get(name, []))]


def as_list(value: Any) -> list[Any]:
    """Return a list of one value, or the list that it is."""
    return value if isinstance(value, list) else [value]


@pytest.fixture(scope="module")
def crate(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Crate:
    out = tmp_path_factory.mktemp("crate") / "out"
    jobs = write_crate(finished.results, out, finished.folder, author="A. Person")
    assert jobs > 150
    return Crate(out)


def test_every_file_is_there_with_its_hash(crate: Crate) -> None:
    files = [one for one in crate.of("File") if not one["@id"].startswith("ni:") and "sha256" in one]
    assert len(files) > 3 * len(DRAWN)
    for file in files:
        content = (crate.folder / unquote(file["@id"])).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file["sha256"]
        assert str(len(content)) == file["contentSize"]
    written = {path.relative_to(crate.folder).as_posix() for path in crate.folder.rglob("*") if path.is_file()}
    assert written == {unquote(one["@id"]) for one in files} | {"ro-crate-metadata.json", "Snakefile"}


def test_arrays_and_weights_are_named_by_their_hash(crate: Crate, finished: Project) -> None:
    elsewhere = {one["name"]: one for one in crate.of("File") if one["@id"].startswith("ni:")}
    images = elsewhere["results/smoke/data/fashion_mnist.npz"]
    content = (finished.results / "data" / "fashion_mnist.npz").read_bytes()
    assert images["sha256"] == hashlib.sha256(content).hexdigest()
    assert not list(crate.folder.rglob("*.npz"))
    assert not list(crate.folder.rglob("*.safetensors"))


@pytest.mark.parametrize("figure", sorted(DRAWN))
def test_the_job_of_every_figure_is_listed(crate: Crate, finished: Project, figure: str) -> None:
    (tool,) = (one for one in crate.of("SoftwareApplication") if one["@id"] == f"#tool-{figure}")
    (job,) = (one for one in crate.of("CreateAction") if one["instrument"] == {"@id": tool["@id"]})
    made = {path.relative_to(finished.folder).as_posix() for path in finished.results.glob(f"figures/{figure}.*")}
    assert set(crate.named(job, "result")) == made
    assert job["startTime"] <= job["endTime"]
    assert f"whichtask figure {figure} " in job["description"]
    for path in made:
        about = crate.entities[path]["about"]
        for paper in about if isinstance(about, list) else [about]:
            assert paper["@id"].startswith("https://doi.org/10.48550/arXiv.")


def test_a_job_has_its_inputs(crate: Crate) -> None:
    (job,) = (one for one in crate.of("CreateAction") if one["instrument"] == {"@id": "#tool-td_examples"})
    assert set(crate.named(job, "object")) == {
        "results/smoke/data/fashion_mnist.npz",
        "results/smoke/tasks/fashion_mnist/human.npz",
        "results/smoke/tasks/fashion_mnist/random.npz",
    }


def test_workflow_run_and_jobs_hang_together_as_the_profile_asks(crate: Crate) -> None:
    root = crate.entities["./"]
    assert {one["@id"] for one in root["conformsTo"]} == set(PROFILES)
    workflow = crate.entities[root["mainEntity"]["@id"]]
    assert {"File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"} <= set(workflow["@type"])
    assert crate.entities[workflow["programmingLanguage"]["@id"]]["name"] == "Snakemake"
    tools = {one["@id"] for one in workflow["hasPart"]}
    steps = [crate.entities[one["@id"]] for one in workflow["step"]]
    assert {one["workExample"]["@id"] for one in steps} == tools
    (organised,) = crate.of("OrganizeAction")
    run = crate.entities[organised["result"]["@id"]]
    assert run["instrument"] == {"@id": "Snakefile"}
    assert {"config/config.yaml", "config/smoke.yaml"} <= set(crate.named(run, "object"))
    assert "results/smoke/run.json" in crate.named(run, "result")
    controls = [crate.entities[one["@id"]] for one in organised["object"]]
    steered = {job["@id"] for control in controls for job in as_list(control["object"])}
    assert steered == {one["@id"] for one in crate.of("CreateAction")} - {run["@id"]}
    assert {one["@id"] for one in root["mentions"]} == {run["@id"], organised["@id"], *steered}
    assert {one["identifier"] for one in crate.of("ScholarlyArticle")} == {"arXiv:2212.00261", "arXiv:2407.17356"}


def test_no_path_of_the_machine_is_in_it(crate: Crate, finished: Project) -> None:
    assert str(finished.folder) not in crate.text
    assert str(ROOT) not in crate.text
    assert "/tmp/" not in crate.text  # noqa: S108


def test_it_opens_again(crate: Crate) -> None:
    again = ROCrate(crate.folder)
    assert again.mainEntity.id == "Snakefile"
    assert {one.id for one in again.data_entities} >= {"results/smoke/claims.csv", "results/smoke/run.json"}


def test_a_zip_holds_the_same(crate: Crate, finished: Project, tmp_path: Path) -> None:
    run = finished.run(
        *("whichtask", "crate", "--results", "results/smoke", "--out", str(tmp_path / "run.zip")),
    )
    assert run.returncode == 0, run.stderr
    with zipfile.ZipFile(tmp_path / "run.zip") as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    assert names == {path.relative_to(crate.folder).as_posix() for path in crate.folder.rglob("*") if path.is_file()}
    again = ROCrate(tmp_path / "run.zip")
    assert not again.get_by_type("Person"), "nobody is named unless asked for"


def beginning(finished: Project, folder: Path) -> Path:
    """Make a project's folder with a record of runs, and nothing else."""
    results = folder / "results" / "smoke"
    results.mkdir(parents=True)
    shutil.copy(finished.results / "run.json", results)
    (folder / "Snakefile").touch()
    return results


def test_what_is_not_finished_is_one_clear_error(finished: Project, tmp_path: Path) -> None:
    with pytest.raises(WhichtaskError, match="no run of the workflow has begun"):
        write_crate(tmp_path / "nothing", tmp_path / "out", tmp_path)
    results = beginning(finished, tmp_path / "project")
    with pytest.raises(WhichtaskError, match="knows of no job"):
        write_crate(results, tmp_path / "out", tmp_path / "project")
    (tmp_path / "project" / "Snakefile").unlink()
    with pytest.raises(WhichtaskError, match="has no Snakefile"):
        write_crate(results, tmp_path / "out", tmp_path / "project")
    record = json.loads((results / "run.json").read_text())
    record["runs"][-1]["status"] = "running"
    (results / "run.json").write_text(json.dumps(record))
    with pytest.raises(WhichtaskError, match="is running; a crate is made of a finished one"):
        write_crate(results, tmp_path / "out", tmp_path / "project")
    assert not (tmp_path / "out").exists()


def test_a_crate_never_replaces_a_folder(finished: Project, tmp_path: Path) -> None:
    run = finished.run("whichtask", "crate", "--results", "results/smoke", "--out", str(tmp_path))
    assert run.returncode == 1
    assert run.stderr.startswith(f"error: {tmp_path} exists")
    assert "Traceback" not in run.stderr
