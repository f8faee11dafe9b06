"""Marks in the Markdown pages, `<!-- claims -->` and the like, become what the repository holds when the site is built.

On the repository's own web page the marks are invisible; nothing that exists elsewhere is copied into the pages.
"""

import re
from pathlib import Path
from typing import Any

import site_claims
import site_commands
import site_figures
from site_repository import Repository
from sphinx.application import Sphinx

MARK = re.compile(r"^<!-- (claims|commands|figures) -->$", re.MULTILINE)


def expand(app: Sphinx, docname: str, source: list[str]) -> None:
    """Replace the marks of one page; ``source`` holds its text and takes the new one."""
    # A page in a folder reaches the repository over one folder more.
    repository = Repository(Path(app.srcdir).parent, "../" * (1 + docname.count("/")))
    blocks = {"claims": site_claims.page, "commands": site_commands.page, "figures": site_figures.index}
    text = site_figures.expand(source[0], repository)
    source[0] = MARK.sub(lambda mark: blocks[mark[1]](repository), text)


def escape(app: Sphinx, what: str, name: str, item: object, options: object, lines: list[str]) -> None:
    """Keep ``|x|`` in docstrings, an absolute value, from being read as a substitution, and ``F.`` as a numbering."""
    marked = (line if "``" in line else line.replace("|", "\\|") for line in lines)
    lines[:] = [re.sub(r"^( +)([A-Z]\.)$", r"\1\\\2", line) for line in marked]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("source-read", expand)
    app.connect("autodoc-process-docstring", escape)
    return {"version": "1", "parallel_read_safe": True}
