"""The sections of Gradient-Based Inference: how Z is inferred, and each experiment's settings."""

from whichtask.config.gbi.cifar100 import Cifar100Job, Cifar100Settings
from whichtask.config.gbi.compute import ComputeJob, ComputeSettings
from whichtask.config.gbi.continual import ContinualJob, ContinualSettings
from whichtask.config.gbi.images import ImagesJob, ImagesMoreJob, ImagesSettings
from whichtask.config.gbi.inference import AutoencoderSettings, FitSettings, InferenceSettings
from whichtask.config.gbi.language import LanguageJob, LanguageSettings, TextJob
from whichtask.config.gbi.model import GBI_PAPER, GBI_SMOKE, GbiSettings, HundredJob
from whichtask.config.gbi.richer import RicherJob, RicherSettings
from whichtask.config.gbi.toy import ToyJob, ToyLearningJob, ToySettings
from whichtask.config.gbi.unsupervised import UnsupervisedJob, UnsupervisedSettings

__all__ = [
    "GBI_PAPER",
    "GBI_SMOKE",
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
    "RicherJob",
    "RicherSettings",
    "TextJob",
    "ToyJob",
    "ToyLearningJob",
    "ToySettings",
    "UnsupervisedJob",
    "UnsupervisedSettings",
]
