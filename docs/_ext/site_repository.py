"""What the pages are made of: pictures, tables, claims and captions of the repository, with links to them."""

import re
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

SPECIAL = re.compile(r"([\\*_\[\]<>#|$])")


def plain(text: str) -> str:
    """Return text as Markdown that shows it as it is, code in backquotes excepted."""
    parts = text.replace("``", "`").split("`")
    return "`".join(part if index % 2 else SPECIAL.sub(r"\\\1", part) for index, part in enumerate(parts))


class Repository:
    """The project's folder, seen from one page.

    Args:
        root: the folder.
        up: relative link from the page to it, with a slash at its end.
    """

    def __init__(self, root: Path, up: str):
        self.root = root
        self.up = up
        self.reference = root / "results" / "reference" / "laptop"

    def link(self, path: Path) -> str:
        """Return a link from the page to a file of the repository."""
        return self.up + path.relative_to(self.root).as_posix()

    def page(self, name: str) -> str:
        """Return a link from the page to a page, given from the site's top."""
        return self.up.removeprefix("../") + name

    @cached_property
    def claims(self) -> pd.DataFrame:
        """The claims with their verdicts at laptop scale."""
        return pd.read_csv(self.reference / "claims.csv").fillna(dict.fromkeys(("note", "network", "case"), ""))

    @cached_property
    def settings(self) -> dict[str, Any]:
        """The configuration of the run that the pictures are of."""
        content: dict[str, Any] = yaml.safe_load((self.reference / "config.yaml").read_text(encoding="utf-8"))
        return content
