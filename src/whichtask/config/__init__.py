"""The typed configuration: everything scientific that can be chosen, checked before any work is done."""

from whichtask.config.base import KNOWN_DATA, DataFacts, Section
from whichtask.config.jobs import AgreementJob, DataJob, DiscoveryJob, DynamicsJob, SplitJob, TaskJob
from whichtask.config.model import Config, load_config, parse
from whichtask.config.networks import CnnSpec, MlpSpec, NetworkSpec, ResNetSpec, VitSpec
from whichtask.config.sections import (
    AgreementSettings,
    DataSettings,
    DiscoverySettings,
    DynamicsSettings,
    FaithfulSettings,
    FigureSettings,
    PlanSettings,
    SplitSettings,
    TaskSettings,
)

__all__ = [
    "KNOWN_DATA",
    "AgreementJob",
    "AgreementSettings",
    "CnnSpec",
    "Config",
    "DataFacts",
    "DataJob",
    "DataSettings",
    "DiscoveryJob",
    "DiscoverySettings",
    "DynamicsJob",
    "DynamicsSettings",
    "FaithfulSettings",
    "FigureSettings",
    "MlpSpec",
    "NetworkSpec",
    "PlanSettings",
    "ResNetSpec",
    "Section",
    "SplitJob",
    "SplitSettings",
    "TaskJob",
    "TaskSettings",
    "VitSpec",
    "load_config",
    "parse",
]
