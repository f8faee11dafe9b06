"""The whole configuration, its checks across sections, and errors that a user can act on."""

import difflib
import reprlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from whichtask.config.base import KNOWN_DATA, DataFacts, PathText, Section
from whichtask.config.bridge import BridgeSettings
from whichtask.config.gbi.model import GbiSettings
from whichtask.config.kinds import Kind
from whichtask.config.networks import CnnSpec, MlpSpec, NetworkSpec, ResNetSpec, VitSpec
from whichtask.config.sections import (
    AgreementSettings,
    DataSettings,
    DiscoverySettings,
    DynamicsSettings,
    FigureSettings,
    PlanSettings,
    SplitSettings,
    TaskSettings,
)
from whichtask.config.studies import (
    AuditSettings,
    GroundTruthSettings,
    ImageNetSettings,
    SimclrSettings,
    StudySettings,
)
from whichtask.errors import WhichtaskError

T = TypeVar("T", bound=BaseModel)
_SHORT = reprlib.Repr()  # ten lines of YAML can hold lists of lists that are longer than the memory when written out
_SHORT.maxlevel, _SHORT.maxstring, _SHORT.maxother = 2, 200, 200


def _check_names(names: Iterable[str]) -> None:
    for name in names:
        if not name.replace("_", "").replace("-", "").isalnum():
            raise ValueError(f"the name {name!r} goes into file names: letters, digits, '_' and '-' only")


class Config(Section):
    """Everything scientific that can be chosen."""

    scale: Literal["smoke", "laptop", "paper"] = Field(
        "laptop",
        description="What the numbers may be compared with: nothing, the paper's effects, the paper's numbers.",
    )
    seed: int = Field(0, description="Seed of the run; every draw is hashed from it and from what the draw is for.")
    results: PathText = Field("results", min_length=1, description="Folder that everything is written to.")
    data: DataSettings = Field(DataSettings(), description="Which images.")
    networks: dict[str, NetworkSpec] = Field(
        {
            "cnn": CnnSpec(arch="cnn"),
            "mlp": MlpSpec(arch="mlp", width=0.25),
            "resnet18": ResNetSpec(arch="resnet18", width=0.0625),
            "vit": VitSpec(arch="vit", dim=64, depth=3, heads=4, head_dim=16, mlp_dim=128),
        },
        description="Networks by name: an architecture and its size each.",
    )
    tasks: TaskSettings = Field(TaskSettings(), description="Which labellings.")
    agreement: AgreementSettings = Field(AgreementSettings(), description="The agreement score.")
    plan: PlanSettings = Field(PlanSettings(), description="Which networks and how many images it is measured with.")
    discovery: DiscoverySettings = Field(DiscoverySettings(), description="Discovery of a set of tasks.")
    dynamics: DynamicsSettings = Field(DynamicsSettings(), description="Discovery of one task, recorded.")
    splits: SplitSettings = Field(SplitSettings(), description="Adversarial splits made from discovered tasks.")
    studies: StudySettings = Field(StudySettings(), description="Ablations of discovery.")
    simclr: SimclrSettings = Field(SimclrSettings(), description="Pre-training for regulated discovery.")
    ground_truth: GroundTruthSettings = Field(GroundTruthSettings(), description="Known factors.")
    imagenet: ImageNetSettings = Field(ImageNetSettings(), description="A random-network split of an ImageNet folder.")
    audit: AuditSettings = Field(AuditSettings(), description="Audits of your own images.")
    gbi: GbiSettings = Field(GbiSettings(), description="Gradient-Based Inference.")
    bridge: BridgeSettings = Field(BridgeSettings(), description="GBI on discovered tasks.")
    figures: FigureSettings = Field(FigureSettings(), description="How figures look.")

    @field_validator("networks")
    @classmethod
    def _named(cls, networks: dict[str, NetworkSpec]) -> dict[str, NetworkSpec]:
        if not networks:
            raise ValueError("at least one network is needed")
        _check_names(networks)
        return networks

    @field_validator("audit")
    @classmethod
    def _audited(cls, audit: AuditSettings) -> AuditSettings:
        _check_names(audit.images)
        return audit

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        self._check_networks()
        if self.data.shape:
            used = [*self.plan.networks, *self.plan.searches, *self.studies.networks]
            self._check_shape(self.data.name, self.data.shape, used)
        if self.ground_truth.data.shape:
            name = f"{self.ground_truth.data.name} (ground_truth.data.name)"
            self._check_shape(name, self.ground_truth.data.shape, self.ground_truth.networks)
        train_images = self.data.train_images
        facts = KNOWN_DATA.get(self.data.name)
        if facts:
            left = self._check_data("data", self.data, facts)
            train_images = train_images or left
        for place, other in enumerate(self.bridge.other_data):
            key = f"bridge.other_data.{place}"
            if other.shape:
                self._check_shape(f"{other.name} ({key}.name)", other.shape, self.plan.networks[:1])
            if other.name in KNOWN_DATA:
                self._check_data(key, other, KNOWN_DATA[other.name])
        if train_images is not None:
            self._check_images(train_images)
        return self

    def _check_networks(self) -> None:
        used = {
            "discovery.encoder": [self.discovery.encoder],
            "discovery.network": [self.discovery.network],
            "plan.networks": self.plan.networks,
            "plan.searches": self.plan.searches,
            "studies.networks": self.studies.networks,
            "ground_truth.networks": self.ground_truth.networks,
        }
        for key, names in used.items():
            for name in names:
                if name not in self.networks:
                    raise ValueError(f"{key}: unknown network {name!r}; networks has {', '.join(self.networks)}")

    def _check_shape(self, data: str, shape: tuple[int, int, int], used: Sequence[str]) -> None:
        for name in dict.fromkeys([self.discovery.encoder, self.discovery.network, *used]):
            try:
                self.networks[name].check_image(shape)
            except WhichtaskError as error:
                raise ValueError(f"networks.{name}: {error} (data.name is {data})") from None

    @staticmethod
    def _check_data(key: str, data: DataSettings, facts: DataFacts) -> int:
        """Check the division of a known data set; return how many training images the held-out parts leave."""
        available = data.generated_images[0] if data.name == "factors32" else facts.train_images
        asked = (data.train_images or 1) + data.heldout_images + data.discovery_heldout_images
        if asked > available:
            raise ValueError(
                f"{key}: train_images + heldout_images + discovery_heldout_images = {asked}, "
                f"but {data.name} has only {available} training images"
            )
        return available - data.heldout_images - data.discovery_heldout_images

    def _check_images(self, train_images: int) -> None:
        most = {
            "agreement.images": self.agreement.images or 1,
            "plan.image_sweep": max(self.plan.image_sweep),
            "plan.network_images": self.plan.network_images or 1,
            "discovery.inner_batch_size": self.discovery.inner_batch_size,
            "dynamics.images": self.dynamics.images,
            "splits.images": self.splits.images or 1,
            "studies.images": self.studies.images or 1,
            "studies.inner_batch_size": self.studies.inner_batch_size,
        }
        for key, images in most.items():
            if images > train_images:
                raise ValueError(f"{key} = {images} must be at most data.train_images = {train_images}")
        networks = self.plan.network_images or train_images
        least = (networks, self.studies.images or train_images, *self.plan.image_sweep)
        smallest = min(self.agreement.images or train_images, *least)
        if self.agreement.batch_size > smallest:
            raise ValueError(
                f"agreement.batch_size = {self.agreement.batch_size} must be at most the smallest number of "
                f"training images, {smallest} (agreement.images, plan.image_sweep, plan.network_images, studies.images)"
            )
        if self.discovery.agreement_batch_size > self.data.discovery_heldout_images:
            raise ValueError(
                f"discovery.agreement_batch_size = {self.discovery.agreement_batch_size} must be at most "
                f"data.discovery_heldout_images = {self.data.discovery_heldout_images}"
            )


def _place(model: type[BaseModel], location: Sequence[int | str]) -> tuple[list[str], Kind, Kind]:
    """Follow an error's location: names of the keys on its way, kind of what holds the last one, and its own kind."""
    names: list[str] = []
    holder = kind = Kind.of(model)
    for part in location:
        if part in kind.by_tag:  # pydantic puts the architecture into the path of a network's key
            kind = kind.by_tag[part]
        else:
            names.append(str(part))
            holder, kind = kind, kind.of_key(part)
    return names, holder, kind


def _explain(model: type[BaseModel], error: ValidationError) -> str:
    lines = []
    for problem in error.errors():
        names, holder, kind = _place(model, problem["loc"])
        message, given = problem["msg"].removeprefix("Value error, "), _SHORT.repr(problem["input"])
        match problem["type"]:
            case "value_error" | "missing":
                pass
            case "extra_forbidden":
                close = difflib.get_close_matches(names[-1], holder.keys, n=1)
                hint = f"; did you mean {close[0]!r}?" if close else ""
                message = f"unknown key{hint} Allowed here: {', '.join(holder.keys)}"
            case "union_tag_not_found" | "union_tag_invalid":
                found = problem["input"].get(kind.tag)
                names.append(str(kind.tag))
                allowed = ", ".join(repr(tag) for tag in kind.by_tag)
                message = f"{'missing' if found is None else f'unknown {_SHORT.repr(found)}'}; allowed: {allowed}"
            case "model_type" | "model_attributes_type" | "dict_type":
                message = f"must be a mapping of keys to values, not {given}"
            case _:
                message = f"{message}, not {given}"
        lines.append(f"{'.'.join(names) or 'config'}: {message}")
    return "\n".join(lines)


def parse(model: type[T], content: Mapping[str, Any], what: str = "the configuration") -> T:
    """Build a pydantic model from plain values.

    Raises:
        WhichtaskError: one line for each problem: the key's path, what is wrong and what is allowed.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise WhichtaskError(f"{what} is not valid:\n{_explain(model, error)}") from None
