"""A verdict on every claim by a fixed rule, from the numbers of its figure.

A claim says where an estimate must lie to agree with the paper: from ``at_least`` to ``at_most`` (either may be open;
``paper_value`` is both), widened by ``tolerance``. The verdict on a case compares our 95 % interval with that region:

- ``agrees``: the whole interval lies inside; of an ordering, whose region is open at one end, strictly inside, so that
  no effect at all (an interval of zero width at 0) is not one;
- ``differs``: the whole interval lies outside;
- ``undecided``: the interval spans or touches an end, or there is none because only one unit was measured;
- ``not comparable at this scale``: measured, but scale, data set or number of tasks are not the claim's;
- ``not measured``: there are no such numbers;
- ``open question``: the paper asks, and the figure shows what we found.

A claim has one verdict over its cases: it agrees only if all of them agree, differs if any of them differs, and is
undecided otherwise. Cases that are not comparable or not measured are named and left out; where none remains, that is
the verdict. The rule is code, so it cannot be tuned to a result; the claims are data (``config/claims.yaml``).
"""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

import pandas as pd

from whichtask.claims.evidence import NOTHING, Evidence, evidence
from whichtask.errors import WhichtaskError
from whichtask.plan.claims import COMPARABLE_AT, Claim, load_claims
from whichtask.stats import Estimate

Verdict = Literal["agrees", "differs", "undecided", "not comparable at this scale", "not measured", "open question"]
NOT_COMPARABLE: Verdict = "not comparable at this scale"
NOT_MEASURED: Verdict = "not measured"
QUESTION: Verdict = "open question"
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
CONTROL = "control"
HYPOTHESIS = "hypothesis"
CHANCE = 0.025
"""Share of runs in which a 95 % interval lies above an effect that is not there, and as many below."""


def verdict_of(estimate: Estimate, accepted: tuple[float, float]) -> Verdict:
    """Compare an interval with the region in which it agrees; a missing interval (NaN) decides nothing."""
    low, high = accepted
    inside = estimate.low >= low and estimate.high <= high
    # A region that is open at one end is an ordering: what touches its other end is no effect.
    touches = (math.isinf(high) and estimate.low == low) or (math.isinf(low) and estimate.high == high)
    if inside and not touches:
        return "agrees"
    if estimate.high < low or estimate.low > high:
        return "differs"
    return "undecided"


def verdict_over(cases: Iterable[str]) -> Verdict:
    """Return the one verdict on a claim with these verdicts on its cases."""
    found = set(cases)
    order: tuple[Verdict, ...] = ("differs", "undecided", "agrees", NOT_COMPARABLE, QUESTION)
    return next((verdict for verdict in order if verdict in found), NOT_MEASURED)


def by_chance(table: pd.DataFrame) -> tuple[int, float]:
    """Return how many orderings were decided on or could have been, and how many would agree if none had an effect.

    With no effect a 95 % interval lies above 0 in 2.5 % of runs, and below in as many. A claim over several cases, or
    one that wants more than 0, agrees less often; so this is the most to expect.

    Args:
        table: of ``evaluate``.
    """
    judged = table[table["claim_verdict"].isin(("agrees", "differs", "undecided"))]
    judged = judged[~judged["kind"].isin((CONTROL, HYPOTHESIS))]
    orderings = judged.loc[judged["ordering"], "id"].nunique()
    return orderings, orderings * CHANCE


def evaluate(claims_yaml: Path, drawn: Mapping[str, pd.DataFrame], scale: str, data: str) -> pd.DataFrame:
    """Compare all claims with the numbers of figures.

    Args:
        claims_yaml: the claims.
        drawn: numbers of figures, by their IDs.
        scale: smoke, laptop or paper.
        data: the main data set.

    Returns:
        A row for each case of each claim, in the order of the file.

    Raises:
        WhichtaskError: an unknown scale, bad claims, a column that a figure does not have, or rows that fit nothing
            although the claim is meant for this scale and these data.
    """
    if scale not in COMPARABLE_AT["fact"]:
        raise WhichtaskError(f"unknown scale {scale!r}; allowed: {', '.join(COMPARABLE_AT['fact'])}")
    rows = []
    for claim in load_claims(claims_yaml):
        numbers = drawn.get(claim.figure)
        found = evidence(claim, numbers, strict=scale in COMPARABLE_AT[claim.kind] and _of_data(claim, numbers, data))
        rows += [_row(claim, one, scale, data) for one in found]
    table = pd.DataFrame(rows)
    return table.assign(claim_verdict=table["id"].map(table.groupby("id")["verdict"].agg(verdict_over)))


def _of_data(claim: Claim, numbers: pd.DataFrame | None, data: str) -> bool:
    """Whether a figure holds data that a claim is about."""
    own = set(numbers["data"]) if numbers is not None and "data" in numbers else {data}
    return claim.needs.data is None or not own.isdisjoint(claim.needs.data)


def _row(claim: Claim, evidence: Evidence, scale: str, data: str) -> dict[str, Any]:
    estimate = evidence.estimate
    data = evidence.data or data
    reasons = [] if estimate is None else _reasons(claim, estimate, scale, data)
    verdict = QUESTION if claim.kind == "question" else NOT_MEASURED
    if estimate is not None:
        verdict = NOT_COMPARABLE if reasons else verdict_of(estimate, claim.accepted())
    return {
        "id": claim.id,
        "case": evidence.case,
        "paper_title": claim.paper,
        "statement": claim.statement,
        "figure": claim.figure,
        "kind": claim.kind,
        "ordering": claim.ordering,
        "paper": claim.paper_value,
        "paper_sd": claim.paper_sd,
        "paper_n": claim.paper_n,
        "agrees_if": "" if claim.kind == "question" else _region(claim),
        "ours": estimate.mean if estimate else NOTHING,
        "low": estimate.low if estimate else NOTHING,
        "high": estimate.high if estimate else NOTHING,
        "n": estimate.n if estimate else 0,
        "over": claim.measured.over if claim.measured else "",
        "train_accuracy": evidence.train_accuracy,
        "images_train": evidence.images_train,
        "unit": claim.unit,
        "scale": scale,
        "data": data,
        "network": evidence.network,
        "verdict": verdict,
        "certainty": claim.certainty,
        "source": f"[{claim.source.tag}] {claim.source.where}",
        "note": " ".join(part for part in (*reasons, claim.waits, claim.note) if part),
    }


def _reasons(claim: Claim, estimate: Estimate, scale: str, data: str) -> list[str]:
    """Say why a measurement must not be compared; an empty list if it may."""
    reasons = []
    if scale not in COMPARABLE_AT[claim.kind]:
        reasons.append(f"Needs scale {' or '.join(COMPARABLE_AT[claim.kind])}.")
    if claim.needs.data is not None and data not in claim.needs.data:
        reasons.append(f"Needs data {' or '.join(claim.needs.data)}.")
    if claim.needs.tasks not in (None, estimate.n):
        reasons.append(f"Needs {claim.needs.tasks} tasks.")
    return reasons


def _region(claim: Claim) -> str:
    low, high = claim.accepted()
    if math.isinf(high):
        return f"more than {low:.4g}"
    return f"less than {high:.4g}" if math.isinf(low) else f"{low:.4g} to {high:.4g}"
