"""The typed configuration: everything scientific that can be chosen, checked before any work is done."""

from whichtask.config.base import KNOWN_DATA, DataFacts, Section
from whichtask.config.model import Config, load_config
from whichtask.config.networks import CnnSpec, MlpSpec, NetworkSpec, ResNetSpec, VitSpec
from whichtask.config.sections import (
    AgreementSettings,
    DataSettings,
    DiscoverySettings,
    DynamicsSettings,
    FaithfulSettings,
    FigureSettings,
    TaskSettings,
)

__all__ = [
    "KNOWN_DATA",
    "AgreementSettings",
    "CnnSpec",
    "Config",
    "DataFacts",
    "DataSettings",
    "DiscoverySettings",
    "DynamicsSettings",
    "FaithfulSettings",
    "FigureSettings",
    "MlpSpec",
    "NetworkSpec",
    "ResNetSpec",
    "Section",
    "TaskSettings",
    "VitSpec",
    "load_config",
]
