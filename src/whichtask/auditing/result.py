"""An audit as a Python object, which a notebook shows as pictures and a table."""

import html
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from whichtask.auditing.explain import names_of
from whichtask.auditing.report import render
from whichtask.auditing.run import Audit
from whichtask.auditing.write import summary, write_audit

HEIGHT = 640  # pixels of the report in a notebook
MEASURES = ("association", "reliance", "agreement", "damage")


@dataclass(frozen=True)
class Result:
    """What an audit found."""

    audit: Audit
    content: dict[str, Any]
    """As in ``findings.json``."""

    @classmethod
    def of(cls, audit: Audit, digest: str, settings: dict[str, Any]) -> Self:
        """Sum up a finished audit."""
        return cls(audit, summary(audit, digest, settings))

    @property
    def verdict(self) -> str:
        """One sentence."""
        return str(self.content["verdict"])

    @property
    def findings(self) -> pd.DataFrame:
        """The findings by falling evidence, one row each, with the means of what was measured."""
        rows = [
            {key: one[key] for key in ("name", "grade", "source", "evidence_nats")}
            | {key: (one[key] or {}).get("value", np.nan) for key in MEASURES}
            for one in self.content["findings"]
        ]
        return pd.DataFrame(rows, columns=["name", "grade", "source", "evidence_nats", *MEASURES])

    def cut(self, name: str) -> npt.NDArray[np.bool_]:
        """Return a finding's cut of the images, [N]."""
        k = names_of(self.audit.findings).index(name)
        return self.audit.findings[k].cut.labels[: len(self.audit.given.labels)]

    def write(self, out: Path) -> None:
        """Write report, findings, tables and splits into a folder."""
        write_audit(self.audit, out, self.content)

    def __repr__(self) -> str:
        return f"{self.verdict}\n{self.findings.to_string(index=False, float_format='{:.3f}'.format)}"

    def _repr_html_(self) -> str:
        """Show the report in a frame of its own, so that its style and the notebook's do not mix."""
        page = html.escape(render(self.audit, names_of(self.audit.findings), self.content), quote=True)
        return f'<iframe srcdoc="{page}" style="width:100%;height:{HEIGHT}px;border:0" title="Audit"></iframe>'
