"""What the papers claim, what we measured, and a verdict by a fixed rule."""

from whichtask.claims.report import summary, write
from whichtask.claims.verdicts import evaluate, verdict_of, verdict_over
from whichtask.plan.claims import load_claims

__all__ = ["evaluate", "load_claims", "summary", "verdict_of", "verdict_over", "write"]
