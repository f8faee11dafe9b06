"""Language models with the text's domain as Z."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from whichtask.config.base import PathText, Section
from whichtask.config.gbi.inference import InferenceSettings
from whichtask.config.sections import Count, Positive


class LanguageSettings(Section):
    """Language models with the text's domain as Z."""

    seeds: list[int] = Field([0, 1, 2, 3, 4], min_length=1, description="Seeds of the repeats; each is one job.")
    folder: PathText | None = Field(
        None, description="Folder with one text file a domain, such as BabyLM's; null gets free texts from packages."
    )
    characters: Count = Field(1_200_000, description="Most characters of a domain that are kept.")
    held_out: list[str] = Field(
        ["moby_dick", "perl_docs"],
        min_length=1,
        description="Domains that no network is trained on, to which Z is then adapted.",
    )
    tokens: Literal["characters", "bpe"] = Field(
        "characters", description="Tokens: 96 characters, or byte pair encoding learned on the training domains."
    )
    vocabulary: Annotated[int, Field(ge=128, le=65_536)] = Field(8192, description="Tokens of byte pair encoding.")
    embedding: Count = Field(32, description="Dimensions of a token's embedding.")
    hidden: Count = Field(128, description="Units of an LSTM layer.")
    layers: Count = Field(1, description="LSTM layers.")
    dropout: Annotated[float, Field(ge=0, lt=1)] = Field(0.0, description="Share of outputs dropped while training.")
    window: Annotated[int, Field(ge=2)] = Field(40, description="Tokens that a training sequence predicts.")
    batch_size: Count = Field(32, description="Sequences in a batch, each of a random domain.")
    learning_rate: Positive = Field(
        1e-2, description="Step size of Adam; of 0.003, 0.006 and 0.01 the best on validation text, with Z and without."
    )
    train_tokens: Count = Field(2_400_000, description="Tokens that each network predicts in training.")
    checkpoints: Count = Field(10, description="Times at which validation loss is measured, equal factors apart.")
    validation_windows: Count = Field(60, description="Sequences a domain on which it is measured.")
    test_windows: Count = Field(400, description="Sequences a domain on which final losses are measured.")
    contexts: list[Count] = Field(
        [5, 10, 20, 40, 80], min_length=1, description="Numbers of tokens from which the domain is recognised."
    )
    following: Count = Field(20, description="Tokens after these on which the loss with inferred Z is measured.")
    recognition_windows: Count = Field(30, description="Sequences a domain that are recognised.")
    recognition: InferenceSettings = Field(
        InferenceSettings(learning_rate=0.3, steps=10, regulariser="entropy", weight=1.5),
        description="Iterative recognition, chosen on validation text; without the entropy it is as often right and "
        "far too sure.",
    )
    novel_sequences: Count = Field(64, description="Sequences of a held-out domain on which one Z is optimised.")
    novel: InferenceSettings = Field(
        InferenceSettings(learning_rate=0.1, steps=50), description="How Z is optimised on a held-out domain."
    )
    novel_steps: list[Annotated[int, Field(ge=0)]] = Field(
        [0, 1, 2, 5, 10, 20, 50], min_length=2, description="Steps at which other text of that domain is judged."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name in ("contexts", "novel_steps"):
            values = getattr(self, name)
            if values != sorted(set(values)):
                raise ValueError(f"{name} is {values}; allowed are different numbers in increasing order")
        if self.novel_steps[0] != 0 or self.novel_steps[-1] > self.novel.steps:
            raise ValueError(f"novel_steps is {self.novel_steps}; allowed is 0 and then up to novel.steps")
        if len(set(self.held_out)) < len(self.held_out):
            raise ValueError(f"held_out is {self.held_out}; it names a domain twice")
        if self.train_tokens < self.window * self.batch_size:
            raise ValueError(
                f"train_tokens is {self.train_tokens}; one batch has window x batch_size = "
                f"{self.window * self.batch_size}"
            )
        return self
