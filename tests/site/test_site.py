"""The website's data: images, labels and numbers are those of the results, and whatever is missing is said."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from site_results import MARKUP, make_results

from whichtask.artifacts import read_csv, write_csv
from whichtask.config import Config
from whichtask.errors import WhichtaskError
from whichtask.plan.imports import PACKAGE
from whichtask.plan.plan import Plan
from whichtask.plan.site import PAGES, site_inputs
from whichtask.site import build
from whichtask.site.embed import plain
from whichtask.site.galleries import Gallery, galleries
from whichtask.site.pages.quiz import quiz_data
from whichtask.site.run import Run
from whichtask.stats import mean_interval
from whichtask.tasks import TaskSet


def found(site: Run) -> list[Gallery]:
    return galleries(site)[0]


def test_images_asked_are_never_shown(site: Run) -> None:
    asked = {image for gallery in found(site) for image in gallery.quiz.slots}
    shown = {image for gallery in found(site) for image in gallery.sheet.slots}
    images = site.images()
    assert images is not None
    assert asked
    assert shown
    assert not asked & shown
    assert min(asked | shown) >= images.n_train


def test_labels_of_shown_and_asked_images_are_those_of_the_task(site: Run, settings: Config) -> None:
    for gallery in found(site):
        labels = TaskSet.load(Path(Plan(settings, 1).tasks(gallery.kind.name))).labels
        by_place = {place: image for image, place in gallery.sheet.slots.items()}
        for task in gallery.tasks:
            for side in (0, 1):
                assert {int(labels[task.row, by_place[place]]) for place in task.sides[side]} == {side}
            assert [int(side) for side in task.asked] == labels[task.row, list(gallery.quiz.slots)].tolist()
            assert task.share == pytest.approx(labels[task.row].mean())


def test_surest_images_come_first(site: Run, settings: Config) -> None:
    with np.load(Plan(settings, 1).search("discovered", "logits.npz")) as arrays:
        logits = np.abs(arrays["logits"])
    gallery = found(site)[0]
    by_place = {place: image for image, place in gallery.sheet.slots.items()}
    for task in gallery.tasks:
        for side in task.sides:
            sure = [logits[task.row, by_place[place]] for place in side]
            assert sure == sorted(sure, reverse=True)


def test_tiles_show_their_images(site: Run) -> None:
    images = site.images()
    assert images is not None
    for sheet in (found(site)[0].sheet, found(site)[0].quiz):
        pixels = np.asarray(Image.open(site.out / sheet.file)).astype(int)
        height, width = images.shape[:2]
        for image, place in sheet.slots.items():
            top, left = place // sheet.columns * height, place % sheet.columns * width
            tile = pixels[top : top + height, left : left + width]
            assert np.abs(tile.mean(axis=(0, 1)) - images.images[image, 0, 0]).mean() < 25


def test_numbers_are_those_of_the_tables(site: Run, settings: Config) -> None:
    plan = Plan(settings, 1)
    for gallery in found(site):
        scores, similar = (
            read_csv(Path(plan.scores(gallery.kind.name))),
            read_csv(Path(plan.similarity(gallery.kind.name))),
        )
        for task in gallery.tasks:
            rows, agreement = scores[scores["task"] == task.name], task.measured.agreement
            assert agreement is not None
            assert agreement.score == pytest.approx(rows["agreement"].mean())
            over = mean_interval(rows["agreement"].tolist())
            one = (rows["agreement_low"].iloc[0], rows["agreement_high"].iloc[0])
            expected = one if gallery.kind.key == "human" else (over.low, min(1, over.high))
            assert (agreement.low, agreement.high) == pytest.approx(expected)
            assert agreement.pairs == rows["agreement"].tolist()
            assert agreement.test_accuracy == pytest.approx(rows["test_accuracy"].mean())
            own = similar[(similar["task_a"] == task.name) | (similar["task_b"] == task.name)]
            assert sorted(value for _, value in task.measured.alike) == sorted(own["agreement_similarity"])


def test_what_an_interval_speaks_of_is_said(site: Run) -> None:
    for name in ("index", "tasks"):
        page = " ".join((site.out / f"{name}.html").read_text().split())
        assert "over images, 10 seen by one pair of networks" in page
        assert "over 2 pairs of networks" in page
    assert "Student’s t over pairs of networks" in (site.out / "search.html").read_text()


def test_the_quiz_page_carries_what_it_asks(site: Run) -> None:
    page = (site.out / "quiz.html").read_text()
    held = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert held
    data = json.loads(held[1])
    assert data == plain(quiz_data(found(site)))
    assert [task["name"] for task in data["sets"][0]["tasks"]] == ["=<i>1</i>", "b, c", 'd "e"']


def test_names_with_markup_stay_text(site: Run) -> None:
    for name in PAGES:
        page = (site.out / f"{name}.html").read_text()
        assert "alert(1)</script>" not in page
        assert "<i>1</i>" not in page
        assert MARKUP[0] not in page


@pytest.mark.parametrize(
    ("classes", "shape"), [(200, (8, 8, 3)), (3, (28, 28, 1)), (2, (90, 70, 3))], ids=["many", "grey", "large"]
)
def test_other_data(tmp_path: Path, classes: int, shape: tuple[int, int, int]) -> None:
    names = [f"class {k}" for k in range(classes)]
    site = build(make_results(tmp_path, names, shape), tmp_path / "site")
    assert (site.out / "index.html").exists()
    assert not site.unreadable
    sheet = found(site)[0].sheet
    assert abs(sheet.width / sheet.height - shape[1] / shape[0]) < 0.05
    assert max(sheet.width, sheet.height) <= 64


def test_results_of_nothing_say_how_to_make_everything(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    site = build(Config(results=str(tmp_path / "results")), tmp_path / "site")
    for name in ("index", "tasks", "quiz"):
        page = (site.out / f"{name}.html").read_text()
        assert "snakemake --cores all td_gallery_discovered" in page
    assert "no tasks yet" in (site.out / "tasks.html").read_text()


def test_results_of_some_experiments_show_what_exists(tmp_path: Path) -> None:
    settings = make_results(tmp_path, ["a", "b"])
    plan = Plan(settings, 1)
    for path in (plan.tasks("human"), plan.scores("discovered"), plan.similarity("random")):
        Path(path).unlink()
    site = build(settings, tmp_path / "site")
    assert [gallery.kind.key for gallery in found(site)] == ["discovered", "random"]
    page = (site.out / "tasks.html").read_text()
    assert "Not measured for this set." in page
    assert "tasks (human)" in page


def test_damaged_and_older_files_are_named_and_left_out(tmp_path: Path) -> None:
    settings = make_results(tmp_path, ["a", "b"])
    plan = Plan(settings, 1)
    Path(plan.tasks("random")).write_bytes(b"PK")
    older = read_csv(Path(plan.scores("discovered"))).drop(columns="images_heldout")
    write_csv(Path(plan.scores("discovered")), older)
    site = build(settings, tmp_path / "site")
    assert set(site.unreadable) == {plan.tasks("random"), plan.scores("discovered")}
    page = (site.out / "index.html").read_text()
    assert "2 files are damaged or of another version" in page
    assert "no column images_heldout" in page


def test_tasks_of_other_images_are_left_out(tmp_path: Path) -> None:
    settings = make_results(tmp_path, ["a", "b"])
    path = Path(Plan(settings, 1).tasks("random"))
    TaskSet(np.array([[0, 1, 1]]), ("short",), "random").save(path)
    assert "labels 3 images, but own has 340" in build(settings, tmp_path / "site").unreadable[str(path)]


def test_a_site_is_written_again_and_only_over_a_site(settings: Config, tmp_path: Path) -> None:
    out = tmp_path / "site"
    build(settings, out)
    (out / "files" / "old.webp").write_bytes(b"")
    build(settings, out)
    assert not (out / "files" / "old.webp").exists()
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("")
    with pytest.raises(WhichtaskError, match="holds something else"):
        build(settings, tmp_path / "thesis")


def test_tasks_of_a_further_run_are_shown_too(settings: Config, tmp_path: Path) -> None:
    """Under addresses, sheets and quiz images of their own."""
    other = make_results(tmp_path, ["x", "y"], (6, 6, 1))
    site = build(settings, tmp_path / "site", [other])
    assert [gallery.kind.key for gallery in found(site)[-3:]] == ["2-discovered", "2-human", "2-random"]
    assert {gallery.quiz.file for gallery in found(site)} == {"files/main-quiz.webp", "files/2-main-quiz.webp"}
    assert found(site)[-1].sheet.width == 54
    page = (site.out / "tasks.html").read_text()
    assert "Discovered (own)" in page


def test_no_results_folder(tmp_path: Path) -> None:
    with pytest.raises(WhichtaskError, match="is no folder"):
        build(Config(results=str(tmp_path / "none")), tmp_path / "site")


def test_a_second_site_of_the_same_results_is_the_same(site: Run, settings: Config, tmp_path: Path) -> None:
    again = build(settings, tmp_path / "site").out
    files = {path.relative_to(site.out): path.read_bytes() for path in site.out.rglob("*") if path.is_file()}
    assert files == {path.relative_to(again): path.read_bytes() for path in again.rglob("*") if path.is_file()}


def test_the_first_page_is_light(site: Run) -> None:
    page = (site.out / "index.html").read_text()
    files = set(re.findall(r"files/[\w.-]+", page))
    assert len(page.encode()) + sum((site.out / file).stat().st_size for file in files) < 300_000


def test_the_workflow_waits_for_every_file_that_is_read(site: Run) -> None:
    assert set(site._read) <= set(site_inputs(site.plan, whole=True))


def test_every_page_has_its_files() -> None:
    for name in PAGES:
        assert (PACKAGE / "site" / "pages" / f"{name}.py").exists()
        assert (PACKAGE / "site" / "templates" / f"{name}.html").exists()


def test_a_site_names_no_path_of_the_machine(site: Run, settings: Config) -> None:
    folder = str(Path(settings.results).parent).encode()
    assert not any(folder in path.read_bytes() for path in site.out.rglob("*") if path.is_file())
