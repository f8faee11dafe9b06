"""The report of an audit: one page that opens without a network, with everything in it."""

import base64
from importlib import resources
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from whichtask.artifacts import printable
from whichtask.auditing.explain import ClassRow, classes_of, conflicts
from whichtask.auditing.grades import EVIDENCE, NEAR_LABEL, RELIANCE
from whichtask.auditing.run import MOST_CANDIDATES, Audit, Finding
from whichtask.site.build import percent
from whichtask.site.sheets import Sheet, make_sheet

CLASSES, TILES, CONFLICTS = 8, 8, 16
"""Shown of a finding: classes, images of each on either side, and images that conflict most."""
BIGGEST = 200  # files that are listed


class Page:
    """Keeps pictures inside the page."""

    def __init__(self) -> None:
        self.sheets: dict[str, Any] = {}

    def write(self, name: str, content: bytes) -> str:
        """Return the content as an address of its own."""
        kind = name.rsplit(".", 1)[1]
        return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


class Shown(NamedTuple):
    """One finding on the page."""

    name: str
    facts: dict[str, Any]
    """As in ``findings.json``."""
    sheet: Sheet
    rows: list[tuple[ClassRow, list[int], list[int]]]
    """Classes with images on their side and on the other, as places in the sheet."""
    against: list[tuple[int, str]]
    """Images that conflict most, and their files."""
    split: bool
    """Whether there is an adversarial split by it."""
    heat: list[list[float]] | None
    """0 to 1: how far a patch moves the cut."""


def render(audit: Audit, names: list[str], content: dict[str, Any]) -> str:
    """Return the page.

    Args:
        audit: what was found.
        names: of its findings.
        content: of ``findings.json``.
    """
    page = Page()
    facts = {one["name"]: one for one in content["findings"]}
    shown = [
        _shown(audit, one, facts[name], page) for name, one in zip(names, audit.findings, strict=True) if name in facts
    ]
    environment = Environment(
        loader=ChoiceLoader([PackageLoader("whichtask.auditing"), PackageLoader("whichtask.site")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = percent
    style = resources.files("whichtask.site").joinpath("static", "site.css").read_text(encoding="utf-8")
    return environment.get_template("report.html").render(
        style=Markup(style),  # noqa: S704  # the project's own
        audit=audit,
        content=content,
        shown=shown,
        sheets=list(page.sheets.values()),
        rule={"evidence": EVIDENCE, "reliance": RELIANCE, "near": NEAR_LABEL, "most": MOST_CANDIDATES},
        biggest=BIGGEST,
    )


def _shown(audit: Audit, one: Finding, facts: dict[str, Any], page: Page) -> Shown:
    given = audit.given
    n = len(given.labels)
    sureness = one.cut.sureness[:n]
    chosen = sorted(classes_of(audit, one), key=lambda row: -row.images)[:CLASSES]
    picked: list[tuple[ClassRow, npt.NDArray[np.int64], npt.NDArray[np.int64]]] = []
    for row in chosen:
        own = np.flatnonzero(given.labels == given.class_names.index(row.name))
        towards = own[np.argsort(-sureness[own], kind="stable")]
        sides = [towards[::-1][sureness[towards[::-1]] < 0][:TILES], towards[sureness[towards] > 0][:TILES]]
        picked.append((row, sides[row.side], sides[1 - row.side]))
    against = conflicts(audit, one)[:CONFLICTS]
    needed = np.concatenate([against, *(part for _, first, second in picked for part in (first, second))])
    sheet = make_sheet(page, facts["name"], given.images, needed)
    heat = None
    if one.occlusion is not None:
        heat = (one.occlusion / max(float(one.occlusion.max()), 1e-12)).tolist()
    return Shown(
        facts["name"],
        facts,
        sheet,
        [(row, sheet.at(first), sheet.at(second)) for row, first, second in picked],
        [(sheet.slots[int(k)], printable(given.files[k])) for k in against],
        one.split is not None,
        heat,
    )
