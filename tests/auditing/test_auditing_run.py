"""A whole audit: it finds a planted mark, writes everything, resumes, and does nothing twice."""

import json
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from planted import given_of, marked_images, write_folder
from typer.testing import CliRunner

from whichtask.auditing import run as running
from whichtask.auditing.cuts import phi
from whichtask.auditing.grades import associate, grade_of
from whichtask.auditing.reading import Given, read
from whichtask.auditing.result import Result
from whichtask.auditing.run import run_audit
from whichtask.auditing.write import failing, read_findings, schema
from whichtask.cli import app
from whichtask.errors import WhichtaskError
from whichtask.stats import Estimate

MINUTES = 0.4


@pytest.fixture(scope="module")
def result() -> Result:
    """An audit of 320 images with a white square that goes with two of four classes."""
    images, labels, _ = marked_images()
    return Result.of(run_audit(given_of(images, labels), minutes=MINUTES, quiet=True), "0" * 64, {"minutes": MINUTES})


def test_the_mark_is_among_the_first_three(result: Result) -> None:
    _, _, mark = marked_images()
    found = [abs(phi(one.cut.labels, mark)) for one in result.audit.findings[:3]]
    assert max(found) > 0.9
    best = result.audit.findings[int(np.argmax(found))]
    assert best.reliance.mean > 0.1
    assert best.grade in ("high", "medium")


def test_everything_is_written(result: Result, tmp_path: Path) -> None:
    result.write(tmp_path)
    content = read_findings(tmp_path / "findings.json")
    jsonschema.validate(content, schema())
    tasks, scores = pd.read_csv(tmp_path / "tasks.csv"), pd.read_csv(tmp_path / "scores.csv")
    assert list(tasks.columns) == ["file", "label", *scores["name"]]
    assert len(tasks) == 320
    measured = [one["name"] for one in content["findings"] if one["damage"]]
    assert measured
    split = pd.read_csv(tmp_path / "splits" / f"{measured[0]}_adversarial.csv")
    assert set(split["split"]) == {"train", "test"}
    page = (tmp_path / "report.html").read_text()
    HTMLParser().feed(page)
    assert content["verdict"] in page
    assert "http" not in page.replace("http-equiv", "")
    assert "srcdoc" in result._repr_html_()
    assert result.verdict in repr(result)
    assert result.cut(measured[0]).shape == (320,)


def test_a_baseline_takes_known_findings_out(result: Result) -> None:
    content = json.loads(json.dumps(result.content))
    assert failing(content, "low")
    assert failing(content, "low", content) == []


def test_grades_need_evidence_association_and_reliance() -> None:
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 4, 400)
    strong = associate((classes < 2) ^ (rng.random(400) < 0.1), classes, 0)
    chance = associate(rng.random(400) < 0.5, classes, 0)
    same = associate(classes < 2, classes, 0)
    sure, unsure = Estimate(0.3, 0.25, 0.35, 4), Estimate(0.1, -0.1, 0.3, 4)
    assert grade_of(0.5, strong, sure) == "high"
    assert grade_of(0.5, strong, unsure) == "low"
    assert grade_of(0.1, strong, unsure) == "none"
    assert grade_of(0.05, strong, sure) == "low"
    assert grade_of(0.5, chance, sure) == "none"
    assert grade_of(0.5, same, sure) == "label"


def test_no_time_and_unknown_networks() -> None:
    images, labels, _ = marked_images(60)
    with pytest.raises(WhichtaskError, match="needs more than 0"):
        run_audit(given_of(images, labels), minutes=0)
    with pytest.raises(WhichtaskError, match="allowed: cnn"):
        run_audit(given_of(images, labels), network="huge")


def test_a_stopped_audit_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images, labels, _ = marked_images(120)
    given = given_of(images, labels)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(running, "reliance", stop)
        with pytest.raises(KeyboardInterrupt):
            run_audit(given, minutes=MINUTES, state=tmp_path, quiet=True)
    assert list(tmp_path.rglob("*.safetensors"))
    with monkeypatch.context() as patch:
        patch.setattr(running, "families", stop)  # is not called again
        again = run_audit(given, minutes=MINUTES, state=tmp_path, quiet=True)
    assert again.findings
    assert not list(tmp_path.rglob("*.safetensors"))


def test_the_verb_and_its_exit_codes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images, labels, _ = marked_images(160)
    folder = write_folder(tmp_path / "images", images, labels)
    for name in ("x.heic", "y.heic", "notes.txt"):
        (folder / "a" / name).touch()
    out = tmp_path / "out"
    call = ["audit", str(folder), "--out", str(out), "--minutes", str(MINUTES)]
    run = CliRunner()
    first = run.invoke(app, call)
    assert first.exit_code == 0, first.output
    assert "were skipped: 2 .heic, 1 .txt" in first.output
    assert (out / "report.html").exists()
    assert not list(out.rglob(".state/*"))
    monkeypatch.setattr(running, "run_audit", None)
    again = run.invoke(app, [*call, "--fail-on", "low"])
    assert "nothing to do" in again.output
    assert again.exit_code == 1
    baseline = ["--fail-on", "low", "--baseline", str(out / "findings.json"), "--fail-on-new"]
    assert run.invoke(app, [*call, *baseline]).exit_code == 0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--minutes", "0"], "needs more than 0"),
        (["--fail-on", "awful"], "allowed are high, medium and low"),
        (["--fail-on-new"], "needs --baseline"),
        (["--network", "huge"], "unknown network"),
        (["--baseline", "nothing.json"], "cannot read nothing.json"),
    ],
)
def test_mistakes_end_with_two_and_write_nothing(tmp_path: Path, folder: Path, more: list[str], said: str) -> None:
    out = tmp_path / "out"
    ended = CliRunner().invoke(app, ["audit", str(folder), "--out", str(out), *more])
    assert ended.exit_code == 2
    assert said in ended.output
    assert not out.exists()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    ended = CliRunner().invoke(app, ["audit", str(folder), "--out", str(tmp_path)])
    assert ended.exit_code == 2
    assert "holds something else" in ended.output
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(("count", "classes", "side", "channels"), [(60, 50, 12, 3), (60, 3, 8, 1)])
def test_few_images_and_many_classes_are_audited(count: int, classes: int, side: int, channels: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (count, side, side, channels)).astype(np.uint8)
    labels = np.arange(count) % classes
    names = tuple(map(str, range(classes)))
    given = Given("few", images, labels, names, tuple(map(str, range(count))))
    result = Result.of(run_audit(given, minutes=0.1, quiet=True), "0" * 64, {})
    jsonschema.validate(json.loads(json.dumps(result.content)), schema())
    assert not any(one["grade"] == "high" for one in result.content["findings"])


def test_a_property_of_files_that_leaks_is_found(tmp_path: Path) -> None:
    images, labels, _ = marked_images(120)
    folder = write_folder(tmp_path / "images", images, labels)
    for path in sorted((folder / "a").glob("*.png"))[:-3]:
        Image.open(path).resize((20, 20)).save(path)
    done = run_audit(read(folder), minutes=0.2, quiet=True)
    assert any(one.cut.source.startswith("file: ") for one in done.findings[:3])
