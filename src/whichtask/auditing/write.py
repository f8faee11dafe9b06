"""What an audit leaves: findings for programs, tables, splits ready for training, and the report."""

import json
import shutil
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from whichtask.artifacts import one_line, printable, write_csv, write_text
from whichtask.auditing.explain import (
    advise,
    classes_of,
    conflicts,
    describe,
    features_of,
    names_of,
    number,
    predictors,
)
from whichtask.auditing.grades import FAILING, GRADES
from whichtask.auditing.report import render
from whichtask.auditing.run import Audit, Finding
from whichtask.errors import WhichtaskError

FINDINGS = "findings.json"
SCHEMA = 1
SAME_SHARE = 0.15
"""Mean difference of the classes' shares up to which a finding of the same family is one of the baseline's."""


def verdict(audit: Audit) -> str:
    """Say in one sentence what was found."""
    counts = {grade: sum(one.grade == grade for one in audit.findings) for grade in FAILING}
    found = [f"{count} {grade}" for grade, count in counts.items() if count]
    near = sum(one.grade == "label" for one in audit.findings)
    also = f" {near} cut{'s' if near > 1 else ''} nearly equal the labels." if near else ""
    if not found:
        return f"No shortcut was found.{also}"
    worst = min((one for one in audit.findings if one.grade in FAILING), key=lambda one: GRADES.index(one.grade))
    total = sum(counts.values())
    what = f"{total} possible shortcut{'s' if total > 1 else ''} ({', '.join(found)})"
    return f"{what}; the worst is read from {describe(worst)}.{also}"


def summary(audit: Audit, digest: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Return all that ``findings.json`` holds; ``findings.schema.json`` says what each key means."""
    given = audit.given
    features = features_of(audit)
    findings = []
    for name, one in zip(names_of(audit.findings), audit.findings, strict=True):
        if one.grade == "none":
            continue
        findings.append(
            {
                "name": name,
                "source": one.cut.source,
                "what": describe(one),
                "grade": one.grade,
                "evidence_nats": round(one.cut.evidence, 4),
                "association": {**(number(one.association.v) or {}), "null_95": round(one.association.null, 4)},
                "reliance": number(one.reliance),
                "agreement": number(one.agreement, share=True),
                "accuracy_class_matched": number(one.matched, share=True),
                "accuracy_adversarial": number(one.adversarial, share=True),
                "damage": number(one.damage),
                "classes": [row._asdict() for row in classes_of(audit, one)],
                "features": [{"name": key, "correlation": round(value, 4)} for key, value in predictors(one, features)],
                "conflicting_files": [printable(given.files[k]) for k in conflicts(audit, one)],
                "advice": advise(one),
            }
        )
    counts = np.bincount(given.labels, minlength=len(given.class_names)).tolist()
    return {
        "schema": SCHEMA,
        "whichtask": metadata.version("whichtask"),
        "input": {
            "name": given.name,
            "sha256": digest,
            "images": len(given.labels),
            "held_out": len(audit.held_out),
            "shape": list(given.images.shape[1:]),
            "classes": dict(zip(given.class_names, counts, strict=True)),
        },
        "settings": settings,
        "seconds": round(audit.seconds, 1),
        "verdict": verdict(audit),
        "accuracy": number(audit.accuracy, share=True),
        "findings": findings,
        "troubles": {
            "exact_copies": audit.exact_copies,
            "near_copies": audit.near_copies,
            "skipped_files": [{"file": printable(name), "why": why} for name, why in given.unreadable],
        },
        "sources": audit.sources,
        "left_out": audit.left_out,
    }


def write_audit(audit: Audit, out: Path, content: dict[str, Any]) -> None:
    """Write everything into a folder, ``findings.json`` last: where it is, the rest is."""
    shutil.rmtree(out / "splits", ignore_errors=True)  # an earlier audit's
    given, n = audit.given, len(audit.given.labels)
    names = names_of(audit.findings)
    files = [printable(name) for name in given.files]
    labels = [given.class_names[k] for k in given.labels]
    cuts = {name: one.cut.labels[:n].astype(int) for name, one in zip(names, audit.findings, strict=True)}
    write_csv(out / "tasks.csv", pd.DataFrame({"file": files, "label": labels, **cuts}))
    write_csv(out / "scores.csv", pd.DataFrame([_row(*pair) for pair in zip(names, audit.findings, strict=True)]))
    for name, one in zip(names, audit.findings, strict=True):
        if one.split is not None:
            for kind, in_train in (("adversarial", one.split.adversarial), ("class_matched", one.split.matched)):
                rows = {
                    "file": [files[k] for k in one.split.pool],
                    "label": [labels[k] for k in one.split.pool],
                    "split": np.where(in_train, "train", "test"),
                }
                write_csv(out / "splits" / f"{name}_{kind}.csv", pd.DataFrame(rows))
    write_text(out / "report.html", render(audit, names, content))
    write_text(out / FINDINGS, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def _row(name: str, one: Finding) -> dict[str, Any]:
    measures = {
        "association": one.association.v,
        "reliance": one.reliance,
        "agreement": one.agreement,
        "accuracy_class_matched": one.matched,
        "accuracy_adversarial": one.adversarial,
        "damage": one.damage,
    }
    row: dict[str, Any] = {
        "name": name,
        "source": one.cut.source,
        "grade": one.grade,
        "evidence_nats": one.cut.evidence,
    }
    for key, estimate in measures.items():
        row |= estimate.named(key)
    return row | {"association_null_95": one.association.null, "positive_rate": float(one.cut.labels.mean())}


def schema() -> dict[str, Any]:
    """Return the JSON schema of ``findings.json``."""
    text = resources.files("whichtask.auditing").joinpath("findings.schema.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def read_findings(path: Path) -> dict[str, Any]:
    """Read a ``findings.json``.

    Raises:
        WhichtaskError: it is missing, damaged or of another version.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        known = content["schema"] == SCHEMA and isinstance(content["findings"], list)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WhichtaskError(f"cannot read {path} as the findings of an audit: {one_line(error)}") from error
    if not known:
        raise WhichtaskError(f"{path} is of another version of whichtask audit; make it anew")
    return content


def failing(content: dict[str, Any], grade: str, baseline: dict[str, Any] | None = None) -> list[str]:
    """Return the names of findings of this grade or a worse one, without those that a baseline has too."""
    worse = FAILING[: FAILING.index(grade) + 1]
    known = baseline["findings"] if baseline else []
    return [
        one["name"]
        for one in content["findings"]
        if one["grade"] in worse and not any(_same(one, other) for other in known)
    ]


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    shares = [{row["name"]: row["share"] for row in finding["classes"]} for finding in (one, other)]
    if one["source"] != other["source"] or shares[0].keys() != shares[1].keys():
        return False
    first, second = (np.array([part[name] for name in shares[0]]) for part in shares)
    return bool(min(np.abs(first - second).mean(), np.abs(first - 1 + second).mean()) <= SAME_SHARE)
