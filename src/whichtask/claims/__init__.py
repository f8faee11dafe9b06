"""What the paper claims, what we measured, and a verdict by a fixed rule."""

from whichtask.claims.model import load_claims
from whichtask.claims.verdicts import evaluate, verdict_of, write

__all__ = ["evaluate", "load_claims", "verdict_of", "write"]
