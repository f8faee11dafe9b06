"""The augmentations: torchvision's, image by image, from named draws; and what each may not change."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from kornia.augmentation import ColorJitter, RandomResizedCrop
from torch import Tensor, nn

from whichtask.config import SimclrSettings
from whichtask.data import ImageSet
from whichtask.data.torchvision_shim import v2
from whichtask.errors import WhichtaskError
from whichtask.seeding import seeded, torch_generator
from whichtask.training import ImageBank
from whichtask.training.augment import ALL, SINGLE, augmentation, augmented, names_for

SETTINGS = SimclrSettings(colour=0.6, crop=0.3)
GREY_WEIGHTS = 1.5e-4
"""How far greys may differ: the weight of red is 0.2989 in torchvision and 0.299 in kornia."""


def images(channels: int, size: tuple[int, int] = (12, 12), count: int = 40) -> Tensor:
    return torch.rand(count, channels, *size, generator=torch_generator("test images", channels))


def drawn(name: str, batch: Tensor, chosen: SimclrSettings = SETTINGS) -> tuple[Tensor, dict[str, Any], nn.Module]:
    """Return the augmented batch, the parameters it was augmented with and the module."""
    channels, height, width = batch.shape[1:]
    module = augmentation(name, chosen, (height, width, channels))
    with seeded("test", name):
        views: Tensor = module(batch)
    return views, getattr(module, "_params", {}), module


@pytest.mark.parametrize("channels", [1, 3])
def test_a_crop_is_torchvisions_resized_crop_of_a_box_within_the_limits(channels: int) -> None:
    batch = images(channels, (12, 16), 200)
    views, params, module = drawn("crop", batch)
    assert isinstance(module, RandomResizedCrop)
    corners = params["src"].long()
    left, top = corners[:, 0].T
    right, bottom = corners[:, 2].T
    widths, heights = right - left + 1, bottom - top + 1
    for i, view in enumerate(views):
        box = [int(part[i]) for part in (top, left, heights, widths)]
        expected = v2.functional.resized_crop(batch[i], *box, size=[12, 16], antialias=False)
        torch.testing.assert_close(view, expected, atol=1e-5, rtol=0)
    shares = widths * heights / (12 * 16)
    assert 0.25 < shares.min() < 0.4  # at least 0.3, up to the rounding of the sides
    assert shares.max() > 0.8
    assert len(corners.unique(dim=0)) > 100, "each image has a box of its own"


OPERATIONS = (
    ("brightness_factor", v2.functional.adjust_brightness),
    ("contrast_factor", v2.functional.adjust_contrast),
    ("saturation_factor", v2.functional.adjust_saturation),
    ("hue_factor", v2.functional.adjust_hue),
)


@pytest.mark.parametrize("channels", [1, 3])
def test_jitter_is_torchvisions_with_factors_of_the_asked_strength(channels: int) -> None:
    batch = images(channels, count=300)
    views, params, module = drawn("colour_jitter", batch)
    assert isinstance(module, ColorJitter)
    for i in range(40):
        expected = batch[i]
        for place in params["order"].tolist():
            name, change = OPERATIONS[place]
            if channels == 3 or place < 2:
                expected = change(expected, float(params[name][i]))
        torch.testing.assert_close(views[i], expected, atol=2 * GREY_WEIGHTS, rtol=0)
    spans = {"brightness_factor": (0.52, 1.48), "contrast_factor": (0.52, 1.48)}  # 1 -+ 0.8 x 0.6
    if channels == 3:
        spans |= {"saturation_factor": (0.52, 1.48), "hue_factor": (-0.12, 0.12)}  # 0.2 x 0.6
    for name, (low, high) in spans.items():
        factors = params[name]
        assert low <= factors.min() < low + 0.05 * (high - low)
        assert high - 0.05 * (high - low) < factors.max() <= high + 1e-6
    if channels == 1:
        assert (params["saturation_factor"] == 1).all()
        assert (params["hue_factor"] == 0).all()


def test_flip_and_grey_are_torchvisions() -> None:
    batch = images(3)
    torch.testing.assert_close(drawn("flip", batch)[0], v2.functional.horizontal_flip(batch))
    grey = v2.functional.rgb_to_grayscale(batch, num_output_channels=3)
    torch.testing.assert_close(drawn("grey", batch)[0], grey, atol=GREY_WEIGHTS, rtol=0)
    assert torch.equal(drawn("grey", images(1))[0], images(1))


def test_the_full_set_flips_half_and_greys_a_fifth() -> None:
    batch = images(3, count=2_000)
    views, _, module = drawn(ALL, batch, SimclrSettings(crop=1.0, colour=0.0))  # what is left is flip and grey
    assert isinstance(module, nn.Sequential)
    grey = (views - views.mean(1, keepdim=True)).abs().amax((1, 2, 3)) < 1e-6
    assert grey.double().mean().item() == pytest.approx(0.2, abs=0.03)
    same, turned = ((views[~grey] - other[~grey]).abs().amax((1, 2, 3)) < 1e-5 for other in (batch, batch.flip(3)))
    whole = same | turned  # a crop of all the area may be a pixel narrower
    assert whole.double().mean() > 0.5
    assert turned[whole].double().mean().item() == pytest.approx(0.5, abs=0.05)


def test_the_full_set_jitters_four_fifths() -> None:
    black = torch.zeros(2_000, 1, 8, 8)
    black[:, :, ::2] = 0.5
    module = augmentation(ALL, SimclrSettings(crop=1.0, colour=0.5), (8, 8, 1))
    with seeded("test"):
        views = module(black)
    jittered = (views.amax((1, 2, 3)) - 0.5).abs() > 1e-4
    assert jittered.double().mean().item() == pytest.approx(0.8, abs=0.03)


@settings(deadline=None, max_examples=25)
@given(
    name=st.sampled_from([*SINGLE, ALL]),
    channels=st.sampled_from([1, 3]),
    size=st.tuples(st.integers(4, 12), st.integers(4, 12)),
    colour=st.floats(0, 1),
)
def test_images_keep_size_and_range_and_only_crops_are_of_other_sizes(
    name: str, channels: int, size: tuple[int, int], colour: float
) -> None:
    batch = images(channels, size, 6)
    views = drawn(name, batch, SimclrSettings(colour=colour))[0]
    assert views.shape == batch.shape
    assert views.min() >= -1e-5
    assert views.max() <= 1 + 1e-5


def test_views_depend_on_the_named_seed_only(small_images: ImageSet) -> None:
    bank = ImageBank.of(small_images)
    module = augmentation(ALL, SETTINGS, bank.shape)
    indices = torch.arange(30)
    first = augmented(bank, indices, module, ("a", 0))
    torch.rand(3)
    assert torch.equal(augmented(bank, indices, module, ("a", 0)), first)
    assert not torch.equal(augmented(bank, indices, module, ("a", 1)), first)


def test_an_unchanged_view_is_normalised_as_the_plain_image(small_images: ImageSet) -> None:
    bank = ImageBank.of(small_images)
    indices = torch.arange(30)
    nothing = augmentation("grey", SETTINGS, bank.shape)
    torch.testing.assert_close(augmented(bank, indices, nothing, ("a",)), bank.batch(indices), atol=1e-5, rtol=1e-5)


def test_names_and_an_unknown_one() -> None:
    assert names_for(3) == ("crop", "flip", "colour_jitter", "grey", "all")
    assert names_for(1) == ("crop", "flip", "colour_jitter", "all")
    with pytest.raises(WhichtaskError, match="crop, flip, colour_jitter, grey, all"):
        augmentation("blur", SETTINGS, (8, 8, 1))
