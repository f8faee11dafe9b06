"""Typed settings of the networks (temporary forward)."""

from whichtask.networks.spec import CnnSpec, MlpSpec, NetworkSpec, ResNetSpec, VitSpec

__all__ = ["CnnSpec", "MlpSpec", "NetworkSpec", "ResNetSpec", "VitSpec"]
