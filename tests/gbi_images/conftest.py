"""Small images of four classes, divided, and settings with which networks train in a moment."""

import numpy as np
import pytest

from whichtask.config.gbi.images import ImagesLearningSettings, ImagesMoreSettings, ImagesSettings
from whichtask.config.gbi.inference import AutoencoderSettings, FitSettings, InferenceSettings
from whichtask.data import ImageSet
from whichtask.gbi.images.data import Parts, divide_images


@pytest.fixture(scope="session")
def foreign_images() -> ImageSet:
    """60 + 60 grey 8x8 images of noise without quadrants."""
    pixels = np.random.default_rng(1).integers(0, 256, (120, 8, 8, 1)).astype(np.uint8)
    labels = np.zeros(60, np.int64)
    return ImageSet("noise", pixels[:60], labels, pixels[60:], labels, ("noise",))


@pytest.fixture(scope="session")
def quick_settings() -> ImagesSettings:
    """Settings with which every network is tiny, but the autoencoder learns something."""
    once = FitSettings(epochs=1, batch_size=50)
    looks = ImagesLearningSettings(train_images=[100, 300], seen_images=300, checks=2)
    return ImagesSettings(
        seeds=[0],
        train_images=300,
        validation_images=50,
        test_images=40,
        autoencoder=AutoencoderSettings(channels=[4, 4], code=2),
        fit=FitSettings(epochs=3, batch_size=10, learning_rate=1e-2),
        iterative=InferenceSettings(steps=3),
        matched_accuracy=0.3,
        classifier=once,
        members=2,
        draws=2,
        generative=FitSettings(epochs=3, batch_size=10, learning_rate=1e-2),
        vae_latent=3,
        vae=once,
        regret_images=10,
        regret_steps=3,
        tau_points=3,
        shown_images=5,
        more=ImagesMoreSettings(
            train_images=200, codes=[0, 2], iterated_images=20, steps=[1, 3], members=2, draws=2, learning=looks
        ),
    )


@pytest.fixture(scope="session")
def parts(small_images: ImageSet, foreign_images: ImageSet) -> Parts:
    """The raw arm's images."""
    return divide_images(small_images, foreign_images, 300, 50, 40, (0, 0))
