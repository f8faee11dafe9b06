"""The sections beyond the headline results: ablations, regulated discovery, ground truth, ImageNet."""

from typing import Annotated, Literal

from pydantic import Field

from whichtask.config.base import PathText, Section
from whichtask.config.sections import Count, DataSettings, Positive, Share


class SimclrSettings(Section):
    """SimCLR: two augmented views of an image get embeddings that are alike (Chen et al. 2020); regulates tasks."""

    epochs: Count = Field(40, description="Passes over the training images.")
    batch_size: Annotated[int, Field(ge=2)] = Field(256, description="Images in a batch, two views each.")
    optimizer: Literal["adamw", "lars"] = Field("adamw", description="AdamW, or LARS for very large batches.")
    learning_rate: Positive = Field(1e-3, description="Largest step size; linear warm-up, then a cosine to 0.")
    weight_decay: Annotated[float, Field(ge=0)] = Field(1e-4, description="Weight decay.")
    warmup: Annotated[float, Field(ge=0, lt=1)] = Field(0.1, description="Share of the steps that warm up.")
    temperature: Positive = Field(0.5, description="Temperature of the NT-Xent loss.")
    projection: Count = Field(64, description="Dimensions in which the views are compared.")
    crop: Share = Field(0.2, description="Least share of the image's area that a random crop keeps.")
    colour: Annotated[float, Field(ge=0, le=1)] = Field(0.5, description="Strength of the colour jitter.")


class StudySettings(Section):
    """Ablations: discovery with one key changed at a time, at a smaller budget than the main search."""

    seeds: list[int] = Field([0], min_length=1, description="Seeds of the searches; each variant is run with each.")
    outer_steps: Count = Field(40, description="Updates of the encoder in each variant.")
    inner_batch_size: Annotated[int, Field(ge=2)] = Field(128, description="Images in an inner batch.")
    images: Count | None = Field(
        1_000, description="Training images of the networks that score the variants' tasks; null takes all."
    )
    pairs: Count = Field(1, description="Pairs of networks that score each of them.")
    uniformity_weights: list[Annotated[float, Field(ge=0)]] = Field(
        [0.0, 0.05, 1.0, 5.0], description="Other values of discovery.uniformity_weight."
    )
    sizes: list[tuple[Count, Count]] = Field(
        [(4, 4), (16, 16), (16, 8)], description="Other values of discovery.dimensions and discovery.tasks (d, K)."
    )
    networks: list[str] = Field(
        ["mlp", "vit"], description="Other networks to discover tasks with; all score each other's tasks."
    )
    objectives: list[Literal["xas", "foxas", "train_loss", "none", "mutual_information"]] = Field(
        ["xas", "foxas", "train_loss", "none", "mutual_information"],
        description="Other objectives, and the other diversity loss, each with the compute of the main one.",
    )
    faithful: list[
        Literal[
            "fixed_initialisations",
            "fixed_agreement_batch",
            "halved_batch",
            "batch_statistics_labels",
            "shared_heldout",
        ]
    ] = Field(
        [
            "fixed_initialisations",
            "fixed_agreement_batch",
            "halved_batch",
            "batch_statistics_labels",
            "shared_heldout",
        ],
        description="Switches of discovery.faithful to turn, one at a time.",
    )
    classes: list[Annotated[int, Field(ge=3)]] = Field([3], description="Other values of discovery.classes.")
    human_tasks: list[Count] = Field([3], description="Other values of discovery.human_tasks.")
    linear_steps: Count = Field(20, description="Updates of one direction in search of the worst and best linear task.")
    proxy_steps: list[Count] = Field(
        [1, 2, 5, 10, 20, 50], min_length=1, description="Numbers of inner steps after which the proxy is measured."
    )
    proxy_tasks: Count = Field(3, description="Tasks of each kind whose proxy is measured.")


class GroundTruthSettings(Section):
    """Images whose generating factors are known: which of them does discovery find?"""

    data: DataSettings = Field(
        DataSettings(
            name="factors32",
            generated_images=(14_000, 2_000),
            train_images=10_000,
            heldout_images=2_000,
            discovery_heldout_images=2_000,
        ),
        description="The images; a data set with known factors.",
    )
    networks: list[str] = Field(["cnn", "mlp"], min_length=1, description="Networks to discover tasks with.")
    uniformity_weights: list[Annotated[float, Field(ge=0)]] = Field(
        [0.25, 1.0], min_length=1, description="Values of discovery.uniformity_weight."
    )
    tasks: Count = Field(16, description="Tasks of each search; the embedding has as many dimensions.")
    outer_steps: Count = Field(100, description="Updates of the encoder in each search.")
    inner_batch_size: Annotated[int, Field(ge=2)] = Field(128, description="Images in an inner batch.")
    permutations: Count = Field(1_000, description="Shuffles behind the null distribution of the best match.")
    split_images: Count = Field(6_000, description="Images of the attribute splits (about half of them train).")


class AuditSettings(Section):
    """Audits of your own images: which shortcuts a network will find in them."""

    images: dict[str, PathText] = Field(
        {}, description="Folders, .npz or .csv files of labelled images by name; the target audit audits each."
    )
    network: str = Field("cnn", description="Which of the networks of the laptop scale: cnn, mlp, resnet18 or vit.")
    minutes: Positive = Field(10.0, description="Minutes that an audit may take.")
    image_size: Annotated[int, Field(ge=8)] | None = Field(
        None, description="Side in pixels that files are brought to; null: their own up to 64, or 32."
    )


class ImageNetSettings(Section):
    """A random-network split of a real ImageNet folder, trained with torchvision's ResNet-50."""

    folder: PathText | None = Field(
        None, description="ImageFolder with train/CLASS/*; null leaves this experiment out."
    )
    network: Literal["resnet18", "resnet50"] = Field("resnet50", description="Network of torchvision.")
    epochs: Count = Field(90, description="Passes over the training side; the step size falls tenfold in each third.")
    batch_size: Count = Field(256, description="Images in a batch.")
    learning_rate: Positive = Field(0.1, description="First step size of SGD with momentum 0.9 and weight decay 1e-4.")
    image_size: Count = Field(224, description="Side of the central crop, of an image resized to 256/224 of it.")
