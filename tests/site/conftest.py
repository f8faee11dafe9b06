"""A small run and its website, shared by tests that only read them, and a browser to look at it with."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from site_results import MARKUP, make_results
from site_studies import add_studies

from whichtask.config import Config
from whichtask.site import build
from whichtask.site.run import Run

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """A run whose names hold markup."""
    made = make_results(tmp_path_factory.mktemp("own"), MARKUP)
    add_studies(made)
    return made


@pytest.fixture(scope="session")
def site(settings: Config, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Its website; ``site.out`` is the folder."""
    return build(settings, tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium, by Playwright."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is missing: apt-get install chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any, site: Run) -> Iterator[Any]:
    """A page that fails the test when a script complains or anything but the site's own files is asked for."""
    complaints: list[str] = []
    context = browser.new_context(viewport={"width": 1200, "height": 900}, accept_downloads=True)
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    allowed = (site.out.as_uri(), "data:", "blob:")
    page.on("request", lambda request: complaints.extend([] if request.url.startswith(allowed) else [request.url]))
    page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))
    yield page
    context.close()
    assert complaints == []
