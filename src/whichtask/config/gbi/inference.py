"""How Z is inferred by iterating, and how autoencoders are trained: what sections of several experiments share."""

from typing import Annotated, Literal

from pydantic import Field

from whichtask.config.base import Section
from whichtask.config.sections import Count, Positive


class InferenceSettings(Section):
    """Iterative optimisation of Z with frozen weights, from the maximum-entropy point."""

    optimizer: Literal["sgd", "adam", "exponentiated"] = Field(
        "adam", description="SGD or Adam on the logits of Z, or exponentiated gradient: a mirror step on Z itself."
    )
    learning_rate: Positive = Field(0.1, description="Step size.")
    momentum: Annotated[float, Field(ge=0, lt=1)] = Field(0.0, description="Momentum of SGD.")
    steps: Count = Field(50, description="Steps, one forward and one backward pass each.")
    regulariser: Literal["l2", "entropy"] = Field(
        "l2", description="Half the squared norm of the logits (the paper's surrogate), or minus the entropy of Z."
    )
    weight: Annotated[float, Field(ge=0)] = Field(1e-3, description="Weight of the regulariser.")


class AutoencoderSettings(Section):
    """A convolutional autoencoder whose decoder takes Z."""

    channels: list[Count] = Field(
        [16, 32], min_length=1, description="Channels of the encoder's layers, each of which halves the image's sides."
    )
    code: Annotated[int, Field(ge=0)] = Field(4, description="Width of the image's code; 0: the decoder sees Z only.")
    hidden: Annotated[int, Field(ge=0)] = Field(
        0, description="Width of the decoder's first layer, into which Z enters; 0: Z enters beside the code itself."
    )
    entry: Literal["concatenated", "additive", "multiplicative", "bernoulli"] = Field(
        "concatenated", description="How Z enters: beside the features, added, or as gates (learned, or a fixed mask)."
    )
    noise: Annotated[float, Field(ge=0)] = Field(0.0, description="Standard deviation of training noise on the code.")


class FitSettings(Section):
    """How a network of the image experiments is trained, by Adam."""

    epochs: Count = Field(10, description="Passes over the training images.")
    batch_size: Count = Field(128, description="Images in a batch.")
    learning_rate: Positive = Field(1e-3, description="Step size of Adam, in the first epoch where it decays.")
    schedule: Literal["constant", "cosine"] = Field(
        "constant", description="Step size of later epochs: the same, or half a cosine that reaches 0 after the last."
    )
