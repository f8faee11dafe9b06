"""The website in headless Chromium, from the disk: every control, keyboard alone, both themes, without scripts."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from site_results import make_results
from site_studies import add_studies

from whichtask.plan.site import PAGES
from whichtask.site import build
from whichtask.site.answers import accuracy_by_task, read_answers, wilson
from whichtask.site.galleries import galleries
from whichtask.site.pages.quiz import quiz_data
from whichtask.site.run import Run

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")

WIDTHS = (360, 820, 1400)
# Levels A and AA; without preloading, which would ask for style sheets as a script may not.
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "preload": False}
# What a theme decides: colours.
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "preload": False}


def open_page(page: Any, site: Run, address: str) -> None:
    page.goto(f"{site.out.as_uri()}/{address}")


def violations(page: Any, options: Any = AXE) -> list[str]:
    found = axe.Axe().run(page, options=options).response["violations"]
    return [f"{one['id']}: {one['help']}: {[node['html'][:200] for node in one['nodes'][:3]]}" for one in found]


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_and_nothing_overflows(browser: Any, site: Run, name: str) -> None:
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    open_page(page, site, f"{name}.html")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, COLOURS) == [], "dark"
    context.close()


@pytest.mark.parametrize(
    ("classes", "shape"), [(200, (8, 8, 3)), (3, (28, 28, 1))], ids=["200 classes", "grey, 3 classes"]
)
def test_own_data_fit_a_phone(browser: Any, tmp_path: Path, classes: int, shape: tuple[int, int, int]) -> None:
    names = [f"<b>{'long' * 12}</b>_{k}" for k in range(classes)]
    settings = make_results(tmp_path, names, shape)
    add_studies(settings)
    own = build(settings, tmp_path / "site")
    page = browser.new_page(viewport={"width": min(WIDTHS), "height": 800})
    for name in PAGES:
        open_page(page, own, f"{name}.html")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    page.close()


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_readable_without_scripts(browser: Any, site: Run, name: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    open_page(page, site, f"{name}.html")
    assert page.locator("h1").is_visible()
    assert page.locator(".needs-script:visible").count() == 0
    if name == "tasks":
        assert page.locator(".task:visible").count() == sum(len(gallery.tasks) for gallery in galleries(site)[0])
    if name in ("index", "tasks", "quiz"):
        assert page.locator(".tiles:visible").first.is_visible()
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_pages_link_to_pages_that_exist(page: Any, site: Run, name: str) -> None:
    open_page(page, site, f"{name}.html")
    for link in page.locator("a[href]").all():
        target = link.get_attribute("href").partition("#")
        assert not target[0] or (site.out / target[0]).exists()
        if not target[0] and target[2]:
            assert page.locator(f"[id='{target[2]}']").count() == 1


def test_start_shows_one_task_of_each_kind(page: Any, site: Run) -> None:
    open_page(page, site, "index.html")
    for kind in ("human", "random", "discovered"):
        page.check(f"#example-{kind}", force=True)
        assert page.locator(".example:visible").count() == 1
        shown = page.locator(f".example-{kind}")
        assert shown.is_visible()
        score = int(re.findall(r"\d+", shown.locator(".score strong").inner_text())[0])
        assert shown.locator(".dots .same").count() == score
    page.focus("#example-discovered")
    page.keyboard.press("ArrowLeft")
    assert page.locator(".example-random").is_visible()
    page.click("text=take the quiz")
    assert page.url.endswith("/quiz.html")


def test_tasks_are_switched_by_buttons_keys_and_addresses(page: Any, site: Run) -> None:
    first, *_ = found = galleries(site)[0]
    names = [task.id for task in first.tasks]
    open_page(page, site, "tasks.html")

    def shown() -> str:
        visible = page.locator(".task:visible")
        assert visible.count() == 1
        identity = visible.get_attribute("id")
        # The first one is shown without an address: the page begins at its top.
        assert page.url.endswith(f"#{identity}") or (identity == names[0] and "#" not in page.url)
        return str(identity)

    assert shown() == names[0]
    page.click("#next")
    assert shown() == names[1]
    assert first.tasks[1].name in page.inner_text("#said")
    page.click("#previous")
    page.click("#previous")
    assert shown() == names[-1]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert shown() == names[1]
    page.keyboard.press("Shift+ArrowRight")
    assert shown() == found[1].tasks[0].id
    page.click(f".sets a[data-set={found[2].kind.key}]")
    assert shown() == found[2].tasks[0].id
    assert page.get_attribute(".sets a[aria-current]", "data-set") == found[2].kind.key
    page.select_option("#choose", index=1)
    assert shown() == found[2].tasks[1].id
    page.click("#ask")
    assert page.input_value("[name=set]") == found[2].kind.key
    open_page(page, site, f"tasks.html#{names[2]}")
    assert shown() == names[2]
    assert page.locator(".task:visible .side-0 .tiles i").count() == len(first.tasks[2].sides[0])


def places(page: Any) -> list[int]:
    """Return the places of the images asked, from how they are shown."""
    columns = galleries_columns(page)
    styles = [tile.get_attribute("style") for tile in page.locator(".asked .tiles i").all()]
    numbers = [[int(number) for number in re.findall(r"\d+", style)] for style in styles]
    return [column + row * columns for column, row in numbers]


def galleries_columns(page: Any) -> int:
    return int(page.evaluate("whichtask.data().sets[0].quiz.columns"))


def play(page: Any, data: dict[str, Any], wrong: int) -> int:
    """Answer one task, the first images wrongly; return how many were right."""
    own = next(one for one in data["sets"] if one["key"] == page.input_value("[name=set]"))
    name = json.loads(page.evaluate("JSON.stringify(document.querySelector('#quiz h2').dataset)"))["task"]
    task = next(one for one in own["tasks"] if one["name"] == name)
    asked = places(page)
    for k, place in enumerate(asked):
        side = int(task["asked"][place])
        page.check(f"[name=image-{k + 1}][value='{1 - side if k < wrong else side}']", force=True)
    page.click("text=Evaluate")
    return len(asked) - wrong


def test_quiz_arithmetic_export_and_import(page: Any, site: Run, tmp_path: Path) -> None:
    data = quiz_data(galleries(site)[0])
    open_page(page, site, "quiz.html#set=discovered&tasks=2&images=10&seed=7")
    assert [page.input_value(f"[name={name}]") for name in ("tasks", "images", "seed")] == ["2", "10", "7"]
    page.click("text=Start")
    assert page.url.endswith("#set=discovered&tasks=2&images=10&seed=7")
    page.click("text=Evaluate")
    assert "10 of 10 images are left" in page.inner_text("#quiz [role=status]")
    first = places(page)
    right = play(page, data, wrong=3)
    low, high = wilson(7, 10)
    said = page.inner_text("#quiz [role=status]").replace("\N{NO-BREAK SPACE}", " ")
    assert f"7 of 10 right: 70 % (95 % interval {100 * low:.0f} % to {100 * high:.0f} %)" in said
    assert page.locator(".asked .wrong").count() == 3
    assert page.locator(".asked .right").count() == 7
    assert violations(page) == []
    page.click("text=Next")
    right += play(page, data, wrong=0)
    page.click("text=Next")
    assert f"{right} of 20 right: 85" in page.inner_text("#quiz")
    exports = []
    for button in ("csv", "json"):
        with page.expect_download() as download:
            page.click(f"#{button}")
        exports.append(tmp_path / f"answers.{button}")
        download.value.save_as(exports[-1])
    rows = list(csv.DictReader(io.StringIO(exports[0].read_text())))
    assert [int(row["image"]) for row in rows[:10]] == first
    table = accuracy_by_task(read_answers(exports))
    assert table["right"].tolist() == [7, 10, 17]
    assert {row["run"] for row in rows} == {data["run"]}

    # Kept in the browser, forgotten when asked to, and read again.
    page.reload()
    assert "17 of 20 right" in page.inner_text("#summary")
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("#forget")
    assert "None yet" in page.inner_text("#summary")
    other, damaged = tmp_path / "other.csv", tmp_path / "damaged.json"
    other.write_text(exports[0].read_text().replace(data["run"], "0" * 12))
    damaged.write_text(exports[1].read_text()[:-40])
    page.set_input_files("#import", [exports[0], exports[1], other, damaged])
    page.wait_for_function("document.getElementById('message').textContent.includes('damaged.json')")
    said = page.inner_text("#message")
    assert "answers.csv: 20 answers added." in said
    assert "answers.json: 0 answers added." in said
    assert "other.csv: it is of another run" in said
    assert "damaged.json: it is damaged" in said
    assert "17 of 20 right" in page.inner_text("#summary")


def test_a_seed_asks_the_same_images(page: Any, site: Run) -> None:
    asked = []
    for seed in (1, 1, 2):
        open_page(page, site, f"quiz.html#set=human&images=12&seed={seed}")
        page.reload()
        page.click("text=Start")
        asked.append(places(page))
    assert asked[0] == asked[1] != asked[2]
    assert len(set(asked[0])) == 12


def test_the_quiz_with_the_keyboard_alone(page: Any, site: Run) -> None:
    open_page(page, site, "quiz.html#set=random&tasks=1&images=4&seed=3")

    def tab_to(selector: str) -> None:
        for _ in range(60):
            if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"Tab never reaches {selector}")

    tab_to(".skip")
    page.keyboard.press("Enter")
    tab_to("#setup [type=submit]")
    page.keyboard.press("Enter")
    tab_to("[name=image-1]")
    page.keyboard.type("0101")
    for k, side in enumerate("0101", 1):
        assert page.locator(f"[name=image-{k}][value='{side}']").is_checked()
    assert page.evaluate("document.activeElement.textContent") == "Evaluate"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.textContent") == "Next"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.textContent") == "Your score"
    tab_to("#quiz button")
    page.keyboard.press("Enter")
    assert page.locator("#setup").is_visible()
