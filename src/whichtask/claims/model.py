"""What a claim of the paper is: a statement, where an estimate must lie to agree with it, and how it is measured."""

import math
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import Field, model_validator

from whichtask.config import Section
from whichtask.config.model import parse
from whichtask.errors import WhichtaskError
from whichtask.plan.figures import FIGURES

Kind = Literal["number", "effect", "fact"]
EACH = "each"
SPLIT_STATISTICS = ("split_accuracy", "split_drop")


class Source(Section):
    """Where a claim was found."""

    tag: Literal["C", "R", "W", "S", "A", "V", "P", "I", "M"] = Field(
        description="C the authors' code, R its README, W the web page, S abstract and introduction or a summary of "
        "the paper, A computed from the authors' files, V a published review that quotes the paper, P code that the "
        "first author wrote before, I inference, M memory of the paper."
    )
    where: str = Field(min_length=1, description="Place in that source.")


class Needs(Section):
    """What must hold, besides the scale, before a measurement is compared."""

    data: list[str] | None = Field(None, description="Data sets; null takes any.")
    tasks: int | None = Field(None, ge=1, description="Number of tasks behind the estimate; null takes any.")


class Measure(Section):
    """A statistic of the tables; tasks, or targets and attacking tasks, are the independent units of its interval."""

    statistic: Literal["mean", "difference", "share_above", "similarity", "split_accuracy", "split_drop"] = Field(
        description="Mean of column; that minus the mean over against, task by task where both are one set; share of "
        "tasks of the set above all tasks of against; mean pairwise similarity; mean test accuracy on one kind of "
        "train-test split; that on adversarial splits minus that on their random ones."
    )
    set: str = Field("", description="Kind of tasks; none for train-test splits.")
    network: str = Field(EACH, description="One network, or each: a verdict for every network that has the sets.")
    against: str | None = Field(None, description="The other kind of tasks, for difference and share_above.")
    against_network: str | None = Field(None, description="Its network, where that is another one.")
    column: Literal["agreement", "agreement_above_chance", "train_accuracy"] = Field(
        "agreement", description="Column of the agreement tables; above chance: minus chance_agreement."
    )
    kind: Literal["binary", "classes", "attribute"] | None = Field(
        None, description="Kind of targets, for train-test splits."
    )
    source: Literal["discovered", "random_network", "attribute"] = Field(
        "discovered", description="What attacks the targets, for train-test splits."
    )
    split: Literal["random", "class_matched", "adversarial"] | None = Field(
        None, description="Kind of split, for split_accuracy."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        splits = self.statistic in SPLIT_STATISTICS
        if splits == bool(self.set) or splits != (self.kind is not None):
            raise ValueError(f"kind goes with the statistics {' and '.join(SPLIT_STATISTICS)}, set with all others")
        if (self.statistic == "split_accuracy") != (self.split is not None):
            raise ValueError("split goes with the statistic split_accuracy, and with no other")
        if not splits and "source" in self.model_fields_set:
            raise ValueError(f"source goes with the statistics {' and '.join(SPLIT_STATISTICS)}, and with no other")
        if splits and (self.source == "attribute") != (self.kind == "attribute"):
            raise ValueError("the kind attribute goes with the source attribute, and with no other")
        if splits and "column" in self.model_fields_set:
            raise ValueError(f"column does not go with the statistics {' and '.join(SPLIT_STATISTICS)}")
        compares = self.statistic in ("difference", "share_above")
        if compares != (self.against is not None):
            raise ValueError("against goes with the statistics difference and share_above, and with no other")
        if self.against_network and (not compares or self.network == EACH):
            raise ValueError("against_network goes with against and with a named network")
        return self


class Drawn(Section):
    """The mean of some rows of the CSV of the claim's figure, which holds exactly the numbers that the figure shows."""

    value: str = Field(min_length=1, description="Column of the values.")
    rows: dict[str, str] = Field(min_length=1, description="Columns and what they must hold in these rows.")
    against: dict[str, str] | None = Field(None, description="Other rows, whose mean is subtracted.")
    times: float = Field(1.0, description="Factor on the mean that is subtracted.")
    paired: bool = Field(False, description="Whether both sides share their units, such as seeds: units are compared.")
    data: str | None = Field(None, description="The data, where the figure's table has no column that names them.")
    unit: str = Field("task", description="Column that names the independent units of the interval.")
    train_accuracy: str | None = Field(None, description="Column of the train accuracy, where networks were trained.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.paired and self.against is None:
            raise ValueError("paired goes with against")
        return self


class Claim(Section):
    """One statement of the paper that the tables can support or contradict."""

    id: str = Field(pattern=r"^[a-z0-9_]+$", description="Unique name.")
    statement: str = Field(min_length=1, description="What is claimed, in one sentence.")
    paper: Literal["Task Discovery", "GBI"] = Field("Task Discovery", description="Which paper claims it.")
    figure: str = Field(description="ID of our figure that shows it.")
    kind: Kind = Field(description="Decides at which scales it is comparable.")
    paper_value: float | None = Field(None, description="The paper's number; null for orderings.")
    paper_sd: float | None = Field(None, description="Its standard deviation over tasks, where known.")
    paper_n: int | None = Field(None, description="Number of tasks behind it, where known.")
    paper_low: float | None = Field(None, description="Least value that agrees, for orderings.")
    paper_high: float | None = Field(None, description="Largest value that agrees, for orderings.")
    tolerance: float = Field(ge=0, description="How far beyond that still agrees; fixed before measuring.")
    unit: str = Field(min_length=1, description="Unit of all these values.")
    source: Source = Field(description="Where the claim was found.")
    certainty: Literal["certain", "inferred", "from_memory"] = Field(description="How sure it is that this is claimed.")
    needs: Needs = Field(Needs(), description="What must hold before it is compared.")
    measure: Measure | None = Field(None, description="How it is measured here: from the tables of scores.")
    drawn: Drawn | None = Field(None, description="Or from the numbers of its figure.")
    note: str = Field("", description="What a reader must know beside the verdict.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.figure not in FIGURES:
            raise ValueError(f"figure is {self.figure!r}; allowed: {', '.join(FIGURES)}")
        ordering = self.paper_low is not None or self.paper_high is not None
        if ordering == (self.paper_value is not None):
            raise ValueError("give either paper_value, or paper_low or paper_high or both")
        if (self.measure is None) == (self.drawn is None):
            raise ValueError("give either measure or drawn")
        if (self.source.tag == "M") != (self.certainty == "from_memory"):
            raise ValueError("certainty from_memory goes with the source tag M, and with no other")
        return self

    def accepted(self) -> tuple[float, float]:
        """Return the ends of the region in which an estimate agrees."""
        low = self.paper_low if self.paper_value is None else self.paper_value
        high = self.paper_high if self.paper_value is None else self.paper_value
        return (
            -math.inf if low is None else low - self.tolerance,
            math.inf if high is None else high + self.tolerance,
        )


def load_claims(path: Path) -> list[Claim]:
    """Read and check the claims.

    Raises:
        WhichtaskError: the file is no YAML list of claims, a claim is wrong (its id and key are named), or an id is
            used twice.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise WhichtaskError(f"cannot read the claims {path}: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get("claims"), list):
        raise WhichtaskError(f"{path}: the file must hold one key, 'claims', with a list of claims")
    claims = [_load_claim(entry, index, path) for index, entry in enumerate(content["claims"])]
    seen: set[str] = set()
    for claim in claims:
        if claim.id in seen:
            raise WhichtaskError(f"{path}: the id {claim.id!r} is used by two claims")
        seen.add(claim.id)
    return claims


def _load_claim(entry: Any, index: int, path: Path) -> Claim:
    if not isinstance(entry, dict):
        raise WhichtaskError(f"{path}: claim {index} is no mapping of keys to values")
    return parse(Claim, entry, f"claim {entry.get('id', index)!r} of {path}")
