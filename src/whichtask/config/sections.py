"""The sections of the configuration that say what is measured: one class a section, one sentence a field.

Threads, memory, time, GPUs and partitions are not here: they belong to the workflow's rules and profiles.
"""

import os
import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from whichtask.config.base import KNOWN_DATA, RESERVED_NAMES, PathPart, PathText, Section

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0, le=1)]
Precision = Literal["auto", "fp32", "bf16"]


class DataSettings(Section):
    """Which images, and how its training part is divided."""

    name: PathText = Field(
        "fashion_mnist",
        description="A known data set, an ImageFolder, or an .npz with x_train, y_train, x_test, y_test.",
    )
    image_size: Count = Field(
        32, description="Side in pixels that the images of a folder are resized to; other data keep their own size."
    )
    target: str = Field("Blond_Hair", description="Attribute that is the class, when the folder is CelebA's.")
    generated_images: tuple[Count, Count] = Field(
        (50_000, 10_000),
        description="Training and test images to draw when the data set is a generated one (factors32).",
    )
    train_images: Count | None = Field(
        20_000, description="Training images that networks and tasks may learn from; null takes all that are left."
    )
    heldout_images: Count = Field(
        5_000, description="Training images set aside on which agreement is scored (the paper: 5,000 of CIFAR-10)."
    )
    discovery_heldout_images: Count = Field(
        5_000, description="Further images set aside for the agreement batches inside the meta-optimisation."
    )
    split_seed: int = Field(42, description="Seed of this division (42 in the authors' data module).")

    @field_validator("name")
    @classmethod
    def _exists(cls, name: str) -> str:
        path = Path(name)
        if name in KNOWN_DATA:
            return name
        if path.is_dir() or (path.suffix.lower() == ".npz" and path.is_file()):
            if _slug(path) in RESERVED_NAMES:
                raise ValueError(f"{name!r} would be kept under a name that another data set has; rename it")
            return str(path)
        raise ValueError(
            f"{name!r} is no known data set ({', '.join(KNOWN_DATA)}) and no existing folder or .npz file either"
        )

    @property
    def shape(self) -> tuple[int, int, int] | None:
        """Height, width and channels of one image, as far as they are known before the data are read.

        A folder may turn out to be grey; no network cares.
        """
        if self.name in KNOWN_DATA:
            return KNOWN_DATA[self.name].shape
        return (self.image_size, self.image_size, 3) if Path(self.name).is_dir() else None

    @property
    def slug(self) -> str:
        """The name used in result paths: the data set's own, or the last part of a path without odd characters."""
        return self.name if self.name in KNOWN_DATA else _slug(Path(self.name))


def _slug(path: Path) -> str:
    # A cluster's submit command holds this name, not always in quotes that stand every character.
    return re.sub(r"[^\w.-]+", "_", Path(os.path.abspath(path)).stem).lstrip(".") or "images"  # noqa: PTH100  # links keep their names


class TaskSettings(Section):
    """Which labellings are scored beside the discovered ones."""

    random: Count = Field(6, description="How many random labellings (a fair coin for each image).")
    human: Literal["core", "all"] = Field(
        "core",
        description="Human tasks: the core set of mutually dissimilar class partitions, or all balanced partitions.",
    )
    human_limit: Count | None = Field(None, description="At most this many human tasks; null takes all of them.")
    baseline: Count = Field(
        3, description="How many tasks of each baseline kind: random networks, k-means, principal components, features."
    )
    user: PathText | None = Field(
        None, description="A CSV of your own tasks: column image (index), then one 0/1 column a task; null for none."
    )


class AgreementSettings(Section):
    """The agreement score (AS): how often two networks trained on the same labels agree on held-out images."""

    pairs: Count = Field(2, description="Independent pairs (or larger groups) of networks a task.")
    group: Annotated[int, Field(ge=2)] = Field(
        2,
        description="Networks that learn from the same batches, of which all pairs are compared; 2: separate pairs, as "
        "in the paper. One group of 3 says as much about a task as two pairs, with a network less.",
    )
    images: Count | None = Field(
        5_000, description="Training images of one network; null takes all of the training part."
    )
    epochs: Count = Field(100, description="Most passes over the training images (the paper: 100).")
    stop_train_accuracy: Share | None = Field(
        0.99,
        description="A pair (or group) stops once all its networks reach this accuracy within an epoch; null: never.",
    )
    batch_size: Count = Field(128, description="Images in a batch (the paper: 512).")
    learning_rate: Positive = Field(1e-3, description="Step size of Adam.")
    weight_decay: Annotated[float, Field(ge=0)] = Field(0.0, description="L2 penalty of Adam.")
    shared_order: bool = Field(
        True, description="The networks of a pair see the same batches in the same order, as in the paper."
    )
    shared_initialisation: bool = Field(
        False, description="The networks of a pair start from the same weights (to tell the sources of chance apart)."
    )
    execution: Literal["loop", "batched"] = Field(
        "loop", description="Train networks one after another, or stacked through vmap (see benchmarks/)."
    )
    precision: Precision = Field(
        "fp32",
        description="Arithmetic of the forward pass: fp32, bf16 autocast, or auto: bf16 on processors made for it.",
    )
    bootstrap: Count = Field(
        2_000, description="Bootstrap resamples of held-out images behind the interval of each pair."
    )


class PlanSettings(Section):
    """Which networks and how many images the agreement score is measured with."""

    networks: list[str] = Field(
        ["cnn", "mlp", "resnet18", "vit"],
        min_length=1,
        description="Networks that random and human tasks are scored with; the first scores all kinds of tasks.",
    )
    network_images: Count | None = Field(
        1_000, description="Training images when networks are compared; null takes agreement.images and all tasks."
    )
    searches: list[str] = Field(
        [],
        description="Further networks to discover tasks with, as the main search does; each scores its own tasks.",
    )
    headlines: list[str] = Field([], description="Further figures that the target headline draws.")
    image_sweep: list[Count] = Field(
        [250, 500, 1_000, 5_000],
        min_length=1,
        description="Numbers of training images for the figure of agreement against data.",
    )
    comparison_tasks: Count | None = Field(
        3, description="Tasks of each kind in both comparisons, of networks and of numbers of images; null takes all."
    )
    comparison_pairs: Count | None = Field(
        1, description="Pairs of networks for each of these tasks; null takes agreement.pairs."
    )


class FaithfulSettings(Section):
    """Where the authors' code differs from the text: each switch on does as the code does."""

    fixed_initialisations: bool = Field(
        False, description="Start the inner networks from the same two initialisations at every outer step."
    )
    fixed_agreement_batch: bool = Field(
        False, description="Measure the proxy on the same first held-out images at every outer step."
    )
    halved_batch: bool = Field(
        False, description="Split each inner batch: one half for the first network, the other for the second."
    )
    batch_statistics_labels: bool = Field(
        False, description="Label images with batch statistics, so that a label depends on its batch."
    )
    shared_heldout: bool = Field(
        False, description="Optimise the proxy on the very images on which agreement is scored afterwards."
    )


class MutualInformationSettings(Section):
    """Mutual information between tasks as the diversity loss; its heads and biases are learned."""

    marginal_weight: Annotated[float, Field(ge=0)] = Field(
        1.0, description="Weight of the divergence of each task's class frequencies from equal ones."
    )
    entropy_weight: Annotated[float, Field(ge=0)] = Field(
        0.1, description="Weight of the mean entropy of the labels, which makes them confident."
    )


class DiscoverySettings(Section):
    """Meta-optimisation of the agreement score over a set of tasks that share an encoder."""

    encoder: str = Field("cnn", description="Network (a key of networks) whose features carry the tasks.")
    network: str = Field("cnn", description="Network (a key of networks) that the tasks are to suit.")
    tasks: Count = Field(8, description="Tasks to find (K): frozen orthogonal directions in the embedding.")
    dimensions: Count = Field(8, description="Dimensions of the embedding (d), at least the number of tasks.")
    gain: bool = Field(
        True, description="Batch norm of the embedding has a learned gain (authors), or none; never a bias."
    )
    temperature: Positive = Field(5.0, description="Sharpness of the soft labels: logit gap = 2 * temperature * w.e.")
    uniformity_weight: Annotated[float, Field(ge=0)] = Field(
        0.25, description="Weight of the loss that keeps the tasks apart (lambda)."
    )
    diversity: Literal["uniformity", "mutual_information"] = Field(
        "uniformity", description="That loss: uniform embeddings with frozen heads (paper), or mutual information."
    )
    mutual_information: MutualInformationSettings = Field(
        MutualInformationSettings(), description="Settings of mutual information as that loss."
    )
    uniformity_temperature: Positive = Field(
        2.0, description="Temperature of the uniformity loss (tau; 2 in the authors' code)."
    )
    inner_steps: Count = Field(
        10, description="SGD steps of the two networks before their agreement is measured (paper: 50)."
    )
    inner_learning_rate: Positive = Field(0.1, description="Step size of that SGD on the mean of the two losses.")
    inner_batch_size: Annotated[int, Field(ge=2)] = Field(256, description="Images in an inner batch (paper: 512).")
    agreement_batch_size: Annotated[int, Field(ge=2)] = Field(
        256, description="Held-out images on which the proxy is measured."
    )
    classes: Annotated[int, Field(ge=2)] = Field(
        2, description="Classes of a task: with more than two, equally spaced directions in one plane each."
    )
    human_tasks: Annotated[int, Field(ge=0)] = Field(
        0, description="Human tasks that the embedding has to predict as well, so that found tasks differ from them."
    )
    human_weight: Annotated[float, Field(ge=0)] = Field(1.0, description="Weight of their cross-entropy.")
    pretraining: Literal["none", "simclr"] = Field(
        "none", description="Start the encoder's backbone from random weights, or from SimCLR (regulated discovery)."
    )
    freeze_backbone: bool = Field(
        False, description="Learn the projection and its norm only; the backbone keeps its weights and statistics."
    )
    outer_steps: Count = Field(150, description="Updates of the encoder.")
    outer_learning_rate: Positive = Field(1e-3, description="Step size of Adam on the encoder.")
    tasks_per_step: Count = Field(1, description="Tasks in one update of the encoder (1 in the authors' code).")
    objective: Literal["agreement", "xas", "foxas", "train_loss", "none"] = Field(
        "agreement",
        description="What is optimised: agreement after the inner steps; on each next batch (XAS); that to first order "
        "(FOXAS); the training loss, which is low for tasks that are learned fast; or none, a control.",
    )
    estimator: Literal["unrolled", "mixed", "plain", "auto"] = Field(
        "unrolled",
        description="Meta-gradient: checkpointed reverse, forward over reverse, one graph, or one graph of as many "
        "steps as fit into graph_mib; equal up to rounding.",
    )
    graph_mib: Count = Field(1_000, description="Memory for the graph of inner steps with estimator auto, in MiB.")
    faithful: FaithfulSettings = Field(FaithfulSettings(), description="Where the authors' code differs from the text.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.tasks > self.dimensions:
            raise ValueError(
                f"tasks = {self.tasks} orthogonal directions do not fit into dimensions = {self.dimensions}: "
                "tasks must be at most dimensions"
            )
        if self.tasks_per_step > self.tasks:
            raise ValueError(f"tasks_per_step = {self.tasks_per_step} must be at most tasks = {self.tasks}")
        if self.classes > 2 and self.diversity == "mutual_information":
            raise ValueError("diversity = mutual_information is for tasks of two classes only")
        if self.classes > 2 and self.dimensions < 2:
            raise ValueError(f"classes = {self.classes} needs a plane: dimensions must be at least 2")
        if self.freeze_backbone and self.pretraining == "none":
            raise ValueError("freeze_backbone = true keeps random weights; it goes with pretraining: simclr")
        return self


class DynamicsSettings(Section):
    """One task alone, from labels that no network generalises on to labels that it does; all else as in discovery."""

    start: Literal["random_labels", "random_network"] = Field(
        "random_labels",
        description="Begin at memorised random labels (as in the paper's video) or at a randomly drawn task network.",
    )
    start_epochs: Count = Field(60, description="Most passes over the training images to memorise random labels.")
    images: Count = Field(
        5_000,
        description="Training images of this task: their random labels are memorised and inner networks learn them.",
    )
    outer_steps: Count = Field(60, description="Updates of the task network.")
    outer_learning_rate: Positive = Field(
        3e-4, description="Step size of Adam on the task network; small, so that the way can be seen."
    )
    record_every: Count = Field(1, description="Outer steps between two records.")
    shown_images: Count = Field(24, description="Held-out images whose labels are followed.")


class SplitSettings(Section):
    """Adversarial train-test splits, each beside random ones; networks are trained as for the agreement score."""

    images: Count | None = Field(
        12_000, description="Images that are split (about half of them train); null takes all of the training part."
    )
    attackers: PathPart = Field("discovered", description="Search whose tasks attack: the main one, or one of studies.")
    targets: Count = Field(3, description="Human tasks to attack: each as a binary target and as a class partition.")
    tasks: Count = Field(
        3,
        description="Discovered tasks to attack each of them with. With two of either, an interval over both says "
        "next to nothing.",
    )
    pairs: Count = Field(1, description="Pairs of networks trained on each split.")
    random_networks: Count = Field(
        2, description="Randomly initialised networks that attack a class partition without any search."
    )
    attribute_targets: list[PathPart] = Field(
        ["shape_0-1-2", "fill_0-1"],
        description="Factor tasks (on ground truth data) to attack as a binary attribute, as hair on CelebA.",
    )


RC_GROUPS = (
    "axes",
    "errorbar",
    "figure",
    "font",
    "grid",
    "hatch",
    "legend",
    "lines",
    "mathtext",
    "patch",
    "xtick",
    "ytick",
)
"""Of matplotlib's settings, those that say how things look; others name programs to run or files to read."""


def _known_to_matplotlib(rc: dict[str, float | bool | str]) -> dict[str, float | bool | str]:
    if rc:
        import matplotlib as mpl  # noqa: PLC0415  # half a second, for those who change something

        for key, value in rc.items():
            if key.split(".")[0] not in RC_GROUPS or key == "figure.hooks":  # these are functions to call
                raise ValueError(f"{key!r} is not allowed here; allowed are settings of {', '.join(RC_GROUPS)}")
            try:
                mpl.RcParams({key: value})
            except KeyError as error:
                raise ValueError(error.args[0]) from None
    return rc


Rc = Annotated[dict[str, float | bool | str], AfterValidator(_known_to_matplotlib)]
"""Settings of matplotlib by name."""


class FigureStyle(Section):
    """How one figure looks where it differs from the others."""

    dpi: Count | None = Field(None, description="Pixels per inch of its PNG file; null: as all figures.")
    rc: Rc = Field({}, description="matplotlib settings for it, on top of those of all.")


class FigureSettings(Section):
    """How figures look; a change here trains nothing."""

    dpi: Count = Field(150, description="Pixels per inch of the PNG files.")
    rc: Rc = Field({}, description="matplotlib settings on top of the project's style, such as {font.size: 11}.")
    own: dict[str, FigureStyle] = Field(
        {},
        description="Style of single figures by ID, such as {td_similarity: {dpi: 300}}; only these are drawn again.",
    )
    gallery_images: Count = Field(12, description="Most confident images shown for each side of a task.")
    example_images: Count = Field(10, description="Images shown in the figure of example tasks.")
    gif_milliseconds: Count = Field(150, description="Time that one frame of an animation is shown.")

    def of(self, figure: str) -> "FigureSettings":
        """Return what one figure uses: its own style merged in, keys that it does not use at their defaults."""
        own = self.own.get(figure, FigureStyle())
        style = {"dpi": own.dpi or self.dpi, "rc": self.rc | own.rc}
        if figure == ANIMATED:
            style["gif_milliseconds"] = self.gif_milliseconds
        return self.content_of(figure).model_copy(update=style)

    def content_of(self, *figures: str) -> "FigureSettings":
        """Return what decides the content of these figures: all else, style too, at its default."""
        used = {
            name: getattr(self, name)
            for name, prefix in USED_BY.items()
            if any(figure.startswith(prefix) for figure in figures)
        }
        return FigureSettings(**used)


ANIMATED = "td_dynamics"
USED_BY = {"gallery_images": "td_gallery_", "example_images": "td_examples"}
"""Keys that only some figures use, and how the IDs of these begin."""
