"""The site builds without a warning, holds every figure, claim, verb and setting, and its links lead somewhere."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pandas as pd
import pytest
import typer
from projects import ROOT

from whichtask.claims import summary
from whichtask.cli import app
from whichtask.config import Config
from whichtask.config.base import Section
from whichtask.plan.figures import FIGURES

DOCS = ROOT / "docs"
REFERENCE = ROOT / "results" / "reference" / "laptop"
FETCHED = ("script", "img", "link", "source", "iframe")


class Page(HTMLParser):
    """One page: its links, what it makes a browser fetch, its anchors and its text."""

    def __init__(self, path: Path):
        super().__init__()
        self.path = path
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.anchors: set[str] = set()
        self.html = path.read_text(encoding="utf-8")
        self.words: list[str] = []
        self.feed(self.html)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values: Mapping[str, str | None] = dict(attrs)
        if values.get("id"):
            self.anchors.add(str(values["id"]))
        target = values.get("href") or values.get("src")
        if target:
            (self.fetched if tag in FETCHED else self.links).append(target)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    """All pages of the built site by name."""
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-n", "-q", "-b", "html"]
    folders = ["-d", str(out / "doctrees"), str(DOCS), str(out / "html")]
    build = subprocess.run([*command, *folders], capture_output=True, text=True, check=False)
    assert (build.returncode, build.stderr) == (0, "")
    paths = sorted((out / "html").rglob("*.html"))
    return {path.relative_to(out / "html").as_posix(): Page(path) for path in paths}


def test_every_figure_has_one_section_with_its_picture_and_how_to_read_it(site: dict[str, Page]) -> None:
    named = [
        figure
        for page in sorted((DOCS / "experiments").glob("*.md"))
        for figure in re.findall(r"^<!-- figure (\w+) -->$", page.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert len(named) == len(set(named))
    for figure in FIGURES:
        anchor = figure.replace("_", "-")
        (page,) = (page for name, page in site.items() if name.startswith("experiments/") and anchor in page.anchors)
        section = page.html.partition(f'id="{anchor}"')[2].partition("<h2>")
        text = section[2].partition("<h2>")[0]
        assert f"snakemake --cores all {figure}" in re.sub(r"<[^>]+>", "", text)
        if figure in named:  # another one has its caption only, below the list of all figures
            assert len(re.sub(r"<[^>]+>", "", text.partition("How to read it.")[2].partition("<ul")[0])) > 60, figure
        assert (f"_images/{figure}.png" in text) == (REFERENCE / f"{figure}.png").exists(), figure
        assert (f"/{figure}.csv" in text) == (REFERENCE / f"{figure}.csv").exists(), figure
        assert "Configuration:" in text, figure


def test_every_claim_is_told_with_its_verdict(site: dict[str, Page]) -> None:
    table = pd.read_csv(REFERENCE / "claims.csv")
    page = site["claims.html"]
    assert summary(table) in page.text
    claims = table[~table["kind"].isin(["control", "hypothesis"])].drop_duplicates("id")
    sections = page.html.split("<h2>")
    for verdict, heading in {"differs": "What differs", "agrees": "What agrees", "undecided": "Undecided"}.items():
        (section,) = (part for part in sections if part.startswith(heading))
        found = re.findall(r"<span class=\"pre\">(\w+)</span>", section)
        named = set(found) & set(table["id"])
        assert named == set(claims.loc[claims["claim_verdict"] == verdict, "id"])
    for kind, heading in {"control": "Controls", "hypothesis": "Hypotheses of ours"}.items():
        (section,) = (part for part in sections if part.startswith(heading))
        assert set(table.loc[table["kind"] == kind, "id"]) <= set(re.findall(r"\w+", section))
    assert {name for name in table["id"] if name not in page.text} == set()


def verbs(command: Any, name: str = "whichtask") -> Iterator[tuple[str, Any]]:
    """List every verb with the words that call it."""
    yield name, command
    for child, entry in getattr(command, "commands", {}).items():
        yield from verbs(entry, f"{name} {child}")


def test_every_verb_and_option_is_explained(site: dict[str, Page]) -> None:
    page = site["commands.html"]
    for name, command in verbs(typer.main.get_command(app)):
        (section,) = (part for part in re.split(r"<h[2345]>", page.html) if part.startswith(f"{name}<"))
        text = " ".join(re.sub(r"<[^>]+>", "", section).split())
        for parameter in command.params if not hasattr(command, "commands") else []:
            word = parameter.opts[0]
            assert word in text or str(parameter.metavar) in text or word.upper() in text, f"{name}: {word}"


def sections(model: type[Section], prefix: str = "") -> Iterator[str]:
    """List every section of the configuration."""
    for name, field in model.model_fields.items():
        default = field.get_default(call_default_factory=True)
        if isinstance(default, Section):
            yield f"{prefix}{name}"
            yield from sections(type(default), f"{prefix}{name}.")


def test_every_section_of_the_configuration_can_be_linked_to(site: dict[str, Page]) -> None:
    anchors = site["configuration.html"].anchors
    for name in sections(Config):
        assert {name.replace(".", ""), name.replace(".", "-").replace("_", "-")} & anchors, name


def test_every_link_inside_the_site_leads_somewhere(site: dict[str, Page]) -> None:
    broken = []
    root = next(iter(site.values())).path.parents[0]
    for name, page in site.items():
        for target in page.links + page.fetched:
            parts = urlsplit(target)
            if parts.scheme or target.startswith("data:"):
                continue
            path = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
            other = site.get(path.relative_to(root).as_posix()) if path.is_relative_to(root) else None
            anchored = other is None or not parts.fragment or unquote(parts.fragment) in other.anchors
            if not path.exists() or not anchored:
                broken.append(f"{name}: {target}")
    assert broken == []


def test_pages_fetch_nothing_from_elsewhere(site: dict[str, Page]) -> None:
    fetched = {target for page in site.values() for target in page.fetched}
    assert {target for target in fetched if urlsplit(target).netloc} == set()


def test_search_knows_every_page(site: dict[str, Page]) -> None:
    index = (next(iter(site.values())).path.parent / "searchindex.js").read_text(encoding="utf-8")
    listed = re.search(r'"?docnames"?:\s*\[(.*?)\]', index)
    assert listed
    pages = {path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md")}
    assert pages <= set(re.findall(r'"([^"]+)"', listed[1]))


def test_links_between_the_repositorys_own_pages_lead_somewhere() -> None:
    broken = []
    for page in [ROOT / "README.md", *DOCS.rglob("*.md")]:
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            path = urlsplit(target).path
            if not urlsplit(target).scheme and path and not (page.parent / path).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert broken == []


def test_the_readme_is_read_in_three_minutes() -> None:
    text = (ROOT / "README.md").read_bytes()
    assert text.count(b"\n") <= 150
    assert len(text) <= 9_000
