"""The report in a browser: it asks nothing from anywhere, complains of nothing, and fits a phone in both themes."""

import os
from pathlib import Path

import pytest
from planted import given_of, marked_images

from whichtask.auditing.cuts import Cut
from whichtask.auditing.grades import associate
from whichtask.auditing.report import render
from whichtask.auditing.run import Audit, Finding
from whichtask.auditing.trained import UNKNOWN, sides_of, split_by
from whichtask.auditing.write import summary

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
MARKUP = "<b>&\"'"


def made_up() -> Audit:
    """Return an audit without networks: one finding, and class names and files that are markup."""
    images, labels, mark = marked_images(120)
    given = given_of(images, labels)
    names = tuple(f"{MARKUP}{name}" for name in given.class_names)
    given = type(given)(given.name, images, labels, names, given.files, unreadable=((MARKUP, "broken"),))
    sides = sides_of(mark, labels, labels.argsort())
    cut = Cut("layout", mark, mark * 2.0 - 1, 0.3)
    finding = Finding(cut, "low", associate(mark, labels, 0), UNKNOWN, sides, split=split_by(mark, labels, sides, 0))
    return Audit(given, [finding], left_out=["something"], sources=["layout"])


def page_of(audit: Audit) -> str:
    return render(audit, ["layout_1"], summary(audit, "0" * 64, {}))


def test_names_stay_text() -> None:
    page = page_of(made_up())
    assert MARKUP not in page
    assert "&lt;b&gt;" in page


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 360])
def test_it_opens_without_a_network(tmp_path: Path, theme: str, width: int) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is missing: apt-get install chromium")
    path = tmp_path / "report.html"
    path.write_text(page_of(made_up()), encoding="utf-8")
    complaints: list[str] = []
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=theme).new_page()
        page.on("console", lambda message: complaints.append(message.text))
        allowed = (path.as_uri(), "data:")
        page.on("request", lambda one: complaints.extend([] if one.url.startswith(allowed) else [one.url]))
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("section.finding").count() == 2
        browser.close()
    assert complaints == []
