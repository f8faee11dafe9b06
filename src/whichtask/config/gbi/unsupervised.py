"""Z not given: alternating inference of Z and learning of weights."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from whichtask.config.base import Section
from whichtask.config.gbi.toy import BlockSettings, GaussianTask
from whichtask.config.sections import Count, Positive, Share


class UnsupervisedSettings(Section):
    """Z not given: fast inference of Z and slow learning of weights, in turn (the first author's NeuraGEM)."""

    # Rate, weight of the norm and window were chosen by the adjusted Rand index on two streams that no seed draws, out
    # of rates 0.05 to 1.6, weights 0 to 0.03 and errors of the last 2 or 4 observations: the same values did well at
    # both stds. Without the norm the logits run away and one context is inferred for ever.
    seeds: list[int] = Field(
        [0, 1, 2, 3, 4, 5, 6, 7], min_length=1, description="Seeds of the repeats; each is one job."
    )
    tasks: dict[str, GaussianTask] = Field(
        {
            "std 0.1": GaussianTask(means=[0.2, 0.8], stds=[0.1, 0.1]),
            "std 0.3": GaussianTask(means=[0.2, 0.8], stds=[0.3, 0.3]),
        },
        min_length=1,
        description="Streams; 0.1 is NeuraGEM's standard deviation.",
    )
    block: BlockSettings = Field(BlockSettings(), description="Lengths of blocks.")
    blocks: Annotated[int, Field(ge=2)] = Field(200, description="Blocks that every network learns from, in order.")
    hidden: Count = Field(64, description="Units of the input layer and of the LSTM.")
    window: Annotated[int, Field(ge=2)] = Field(4, description="Observations in a window; nothing is kept between two.")
    learning_rate: Positive = Field(1e-3, description="Of Adam on the weights.")
    z_rate: Positive = Field(0.8, description="Of Adam on the logits of Z.")
    z_betas: tuple[Share, Share] = Field((0.6, 0.7), description="Decay of that Adam's two moments.")
    z_l2: Annotated[float, Field(ge=0)] = Field(3e-3, description="Weight of half the squared norm of the logits.")
    open_share: Share = Field(0.3, description="Probability that a unit is open in a context, for the fixed gates.")
    bins: Count = Field(10, description="Parts of the stream for which results are given; the second half is averaged.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        least = self.block.shortest * self.blocks
        if least <= self.window * self.bins:
            raise ValueError(
                f"block.shortest * blocks = {least} must be above window * bins = {self.window * self.bins}, so that "
                "each part of the stream is longer than a window"
            )
        if max(self.z_betas) == 1:
            raise ValueError(f"z_betas = {self.z_betas} must be below 1, or nothing new counts")
        return self
