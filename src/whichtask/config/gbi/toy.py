"""Toy sequences: block-switching Gaussian streams."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from whichtask.config.base import Section
from whichtask.config.sections import Count, Positive, Share

NotNegative = Annotated[float, Field(ge=0)]


class GaussianTask(Section):
    """A stream whose blocks are drawn from one of K Gaussians each."""

    means: list[float] = Field([0.2, 0.8], min_length=2, description="Mean of the observations in each context.")
    stds: list[Positive] = Field([0.3, 0.3], description="Their standard deviations, one for each mean.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.means) != len(self.stds):
            raise ValueError(f"there are {len(self.means)} means but {len(self.stds)} stds; give one std for each mean")
        if len(set(self.means)) < len(self.means):
            raise ValueError(f"two of the means {self.means} are equal; a network cannot tell such contexts apart")
        return self


class BlockSettings(Section):
    """How long the blocks of a stream are."""

    switch_probability: Share = Field(0.05, description="Of the geometric distribution of block lengths.")
    shortest: Count = Field(20, description="Least steps in a block; shorter draws are lengthened to it.")
    longest: Count = Field(50, description="Most steps in a block; longer draws are cut to it.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.shortest > self.longest:
            raise ValueError(f"shortest = {self.shortest} must be at most longest = {self.longest}")
        return self


class OnlineSettings(Section):
    """The recurrent network and how it learns online, one observation at a time."""

    hidden: Count = Field(100, description="Units of the input layer and of the LSTM.")
    window: Annotated[int, Field(ge=2)] = Field(5, description="Observations that each update goes back over.")
    learning_rate: Positive = Field(1e-3, description="Of Adam on the weights.")


class IterationGrid(Section):
    """Values tried for iterating Z; each network takes what does best on validation streams."""

    learning_rates: list[Positive] = Field([0.1, 0.2, 0.5, 1.0, 2.0], min_length=1, description="Step sizes of SGD.")
    momenta: list[Annotated[float, Field(ge=0, lt=1)]] = Field([0.0, 0.5], min_length=1, description="Momentum of SGD.")
    observations: list[Count] = Field([3, 5], min_length=1, description="Last observations whose error is summed.")
    l2: list[NotNegative] = Field([0.0, 1e-2, 1e-1], description="Weights of half the squared norm of the logits.")
    entropy: list[Positive] = Field([1e-2], description="Weights of the entropy of Z in place of that norm.")

    @model_validator(mode="after")
    def _regularised(self) -> Self:
        if not self.l2 and not self.entropy:
            raise ValueError("l2 and entropy are both empty; at least one weight is needed, 0 for none")
        return self


class ToyLearningSettings(Section):
    """Learning of the headline stream, and what is measured on the way."""

    seeds: list[int] = Field(
        [0, 1, 2, 3, 4, 5, 6, 7], min_length=1, description="Seeds of the repeats; each is one job."
    )
    task: GaussianTask = Field(GaussianTask(), description="The stream of the headline figures.")
    block: BlockSettings = Field(BlockSettings(), description="Lengths of blocks.")
    network: OnlineSettings = Field(OnlineSettings(), description="The network and its online learning.")
    blocks: Annotated[int, Field(ge=2)] = Field(200, description="Blocks that every network learns from, in order.")
    early_blocks: Count = Field(
        60, description="Blocks after which weights are kept too: the generalisation test has an early and a late row."
    )
    checkpoint_blocks: Count = Field(10, description="Blocks between two measurements with frozen weights.")
    test_sequences: Count = Field(40, description="Fresh sequences of each context at each measurement.")
    test_length: Count = Field(50, description="Observations in each of them.")
    active_shares: list[Share] = Field(
        [0.05, 0.1, 0.2],
        min_length=1,
        description="A unit is active in a context whose variance is at least this share of its largest.",
    )
    active_variance: Positive = Field(1e-4, description="And at least this.")

    @model_validator(mode="after")
    def _learns(self) -> Self:
        self._longer_than_window("test_length", self.test_length)
        self._longer_than_window("block.shortest * blocks", self.block.shortest * self.blocks)
        for key in ("checkpoint_blocks", "early_blocks"):
            if getattr(self, key) > self.blocks:
                raise ValueError(f"{key} = {getattr(self, key)} must be at most blocks = {self.blocks}")
        return self

    def _longer_than_window(self, key: str, length: int) -> None:
        if length <= self.network.window:
            raise ValueError(
                f"{key} = {length} must be above network.window = {self.network.window}, or nothing is predicted"
            )


class ToySettings(ToyLearningSettings):
    """Toy sequences: block-switching Gaussian streams."""

    noise: list[Positive] = Field([0.5], description="Other standard deviations of the same stream, for Table 1.")
    stress: dict[str, GaussianTask] = Field(
        {
            # Neighbours are two standard deviations apart, as in the stream of the headline figures.
            "three": GaussianTask(means=[0.2, 0.5, 0.8], stds=[0.15] * 3),
            "four": GaussianTask(means=[0.2, 0.4, 0.6, 0.8], stds=[0.1] * 4),
            "unequal": GaussianTask(means=[0.2, 0.8], stds=[0.15, 0.45]),
        },
        description="Streams on which one step cannot be exact: more contexts, or unequal variances.",
    )
    validation_steps: Count = Field(1_000, description="Steps of the stream that tau is fitted on.")
    stream_steps: Count = Field(2_000, description="Steps of the stream that inference is judged on.")
    tested_means: list[float] = Field(
        [round(-0.2 + 0.1 * step, 1) for step in range(15)],
        min_length=1,
        description="Means of the generalisation test, inside and outside the training range.",
    )
    tested_std: Positive = Field(0.1, description="Standard deviation of the generalisation test.")
    tested_sequences: Count = Field(8, description="Sequences of each tested mean.")
    tested_length: Count = Field(100, description="Observations in each.")
    tested_last: Count = Field(20, description="Last observations that are scored (the first author's score).")
    tuning_means: list[float] = Field(
        [-0.15, 0.05, 0.275, 0.425, 0.575, 0.725, 0.95, 1.15],
        min_length=1,
        description="Means of the sequences on which the rate of iterating is chosen for that test; none is tested.",
    )
    tuning_sequences: Count = Field(3, description="Sequences of each of them.")
    grid: IterationGrid = Field(IterationGrid(), description="What is tried when iterating Z.")

    @property
    def learning(self) -> ToyLearningSettings:
        """What learning needs to know: without the keys of what is measured afterwards."""
        return ToyLearningSettings(**{name: getattr(self, name) for name in ToyLearningSettings.model_fields})

    @model_validator(mode="after")
    def _infers(self) -> Self:
        window = self.network.window
        self._longer_than_window("validation_steps", self.validation_steps)
        self._longer_than_window("stream_steps", self.stream_steps)
        self._longer_than_window("tested_length", self.tested_length)
        if self.tested_last > self.tested_length - window:
            raise ValueError(
                f"tested_last = {self.tested_last} must be at most tested_length - network.window = "
                f"{self.tested_length - window}"
            )
        if max(self.grid.observations) > window:
            raise ValueError(f"grid.observations has {max(self.grid.observations)}; network.window is {window}")
        reused = set(self.tuning_means) & set(self.tested_means)
        if reused:
            raise ValueError(f"tuning_means has {sorted(reused)}, which are also tested; choose others")
        return self
