"""The sections of Gradient-Based Inference: how Z is inferred, each experiment's settings, and their jobs."""

from whichtask.config.gbi.cifar100 import Cifar100Settings, MetricSettings
from whichtask.config.gbi.compute import ComputeSettings
from whichtask.config.gbi.continual import ContinualSettings
from whichtask.config.gbi.images import ImagesSettings
from whichtask.config.gbi.inference import AutoencoderSettings, FitSettings, InferenceSettings
from whichtask.config.gbi.jobs import (
    Cifar100Job,
    ComputeJob,
    ContinualJob,
    HundredJob,
    ImagesJob,
    ImagesMoreJob,
    LanguageJob,
    MetricJob,
    RepeatedJob,
    RicherJob,
    TextJob,
    ToyJob,
    ToyLearningJob,
    UnsupervisedJob,
)
from whichtask.config.gbi.language import LanguageSettings
from whichtask.config.gbi.model import GbiSettings
from whichtask.config.gbi.richer import RicherSettings
from whichtask.config.gbi.toy import ToySettings
from whichtask.config.gbi.unsupervised import UnsupervisedSettings

__all__ = [
    "AutoencoderSettings",
    "Cifar100Job",
    "Cifar100Settings",
    "ComputeJob",
    "ComputeSettings",
    "ContinualJob",
    "ContinualSettings",
    "FitSettings",
    "GbiSettings",
    "HundredJob",
    "ImagesJob",
    "ImagesMoreJob",
    "ImagesSettings",
    "InferenceSettings",
    "LanguageJob",
    "LanguageSettings",
    "MetricJob",
    "MetricSettings",
    "RepeatedJob",
    "RicherJob",
    "RicherSettings",
    "TextJob",
    "ToyJob",
    "ToyLearningJob",
    "ToySettings",
    "UnsupervisedJob",
    "UnsupervisedSettings",
]
