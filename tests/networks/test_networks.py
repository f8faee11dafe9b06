"""Networks: sizes, shapes, seeds and settings."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from whichtask.errors import WhichtaskError
from whichtask.networks import (
    CnnSpec,
    MlpSpec,
    NetworkSpec,
    ResNetSpec,
    VitSpec,
    build,
    parameter_count,
)

CIFAR = (32, 32, 3)
SMALL: dict[str, NetworkSpec] = {
    "cnn": CnnSpec(width=2, hidden=5),
    "mlp": MlpSpec(width=1 / 64),
    "resnet18": ResNetSpec(width=1 / 32),
    "vit": VitSpec(patch=2, dim=6, depth=2, heads=2, head_dim=3, mlp_dim=5),
    "vit-layer": VitSpec(patch=2, dim=6, depth=2, heads=2, head_dim=3, mlp_dim=5, norm="layer"),
}
small = pytest.mark.parametrize("spec", SMALL.values(), ids=SMALL)


@pytest.mark.parametrize(
    ("spec", "millions"), [(ResNetSpec(), 11.17), (MlpSpec(), 3.82), (VitSpec(patch=4), 3.19)], ids=str
)
def test_paper_sizes(spec: NetworkSpec, millions: float) -> None:
    # The numbers quoted for the authors' networks; two outputs and ten round to the same.
    for n_outputs in (2, 10):
        assert round(parameter_count(build(spec, CIFAR, n_outputs, seed=("size",))) / 1e6, 2) == millions


def test_exact_sizes() -> None:
    # By hand from the layer sizes of the authors' models/fcnet.py and models/vit.py, with two outputs.
    hidden = (3072, 1024, 512, 256, 64, 2)
    linear = sum(i * o + o for i, o in pairwise(hidden))
    assert parameter_count(build(MlpSpec(), CIFAR, 2, seed=("size",))) == linear + 2 * (1024 + 512 + 256)
    block = 256 * 3 * 384 + (384 * 256 + 256) + 2 * (256 * 256 + 256) + 2 * 2 * 256
    embedding = (48 * 256 + 256) + 65 * 256 + 256
    assert parameter_count(build(VitSpec(patch=4), CIFAR, 2, seed=("size",))) == embedding + 6 * block + 2 * 256 + 514
    assert build(ResNetSpec(), CIFAR, 2, seed=("size",)).feature_dim == 512
    assert build(CnnSpec(), (28, 28, 1), 2, seed=("size",)).feature_dim == 128


@small
@settings(max_examples=15, deadline=None)
@given(
    height=st.integers(8, 21), width=st.integers(8, 21), channels=st.sampled_from([1, 3]), n_outputs=st.integers(1, 4)
)
def test_any_size(spec: NetworkSpec, height: int, width: int, channels: int, n_outputs: int) -> None:
    if isinstance(spec, VitSpec):
        height, width = 2 * (height // 2), 2 * (width // 2)
    network = build(spec, (height, width, channels), n_outputs, seed=("any size", height))
    images = torch.randn(3, channels, height, width)
    network.eval()  # training would move the running statistics between the two calls
    features = network.features(images)
    assert features.shape == (3, network.feature_dim)
    assert network(images).shape == (3, n_outputs)
    assert torch.equal(network(images), network.head(features))


@small
def test_seeds(spec: NetworkSpec) -> None:
    state = torch.random.get_rng_state()
    first, again, wider = (build(spec, (8, 8, 1), n, seed=("weights", 0)).state_dict() for n in (2, 2, 5))
    other = build(spec, (8, 8, 1), 2, seed=("weights", 1)).state_dict()
    assert torch.equal(state, torch.random.get_rng_state())
    assert all(torch.equal(first[name], again[name]) for name in first)
    # The head is drawn last: the number of outputs does not change the backbone.
    assert all(torch.equal(first[name], wider[name]) for name in first if not name.startswith("head"))
    weights = [name for name in first if name.endswith("weight") and first[name].ndim > 1]
    assert all(not torch.equal(first[name], other[name]) for name in weights)


def test_vit_norms_differ() -> None:
    images = torch.randn(4, 1, 8, 8)
    batch, layer = (build(SMALL[name], (8, 8, 1), 2, seed=("norm",)) for name in ("vit", "vit-layer"))
    assert not torch.allclose(batch(images), layer(images))
    # Layer norm treats each image alone; batch norm in train mode does not.
    assert torch.allclose(layer(images)[:2], layer(images[:2]), atol=1e-5)
    assert not torch.allclose(batch(images)[:2], batch(images[:2]), atol=1e-5)


def test_token_batch_norm_averages_over_batch_and_tokens() -> None:
    network = build(SMALL["vit"], (8, 8, 1), 2, seed=("norm",))
    norm = network.get_submodule("blocks.0.attention.0")
    normalised = norm(3 + 2 * torch.randn(5, 17, 6))
    assert torch.allclose(normalised.mean(dim=(0, 1)), torch.zeros(6), atol=1e-5)
    assert torch.allclose(normalised.var(dim=(0, 1), unbiased=False), torch.ones(6), atol=1e-3)


@pytest.mark.parametrize(
    ("spec", "shape", "message"),
    [
        (CnnSpec(), (7, 32, 3), "image too small: 7x32 pixels for the network 'cnn', which needs at least 8x8"),
        (ResNetSpec(), (32, 4, 3), "image too small: 32x4 pixels for the network 'resnet18', .* 8x8"),
        (VitSpec(patch=4), (2, 2, 1), "image too small: 2x2 pixels for the network 'vit', .* 4x4"),
        (
            VitSpec(patch=4),
            (30, 36, 3),
            "30x36 pixels cannot be cut into patches of 4x4 .* allowed values of patch: 1, 2, 3, 6",
        ),
        (MlpSpec(), (0, 5, 3), "image too small"),
    ],
)
def test_unsuitable_images(spec: NetworkSpec, shape: tuple[int, int, int], message: str) -> None:
    with pytest.raises(WhichtaskError, match=message):
        build(spec, shape, 2, seed=("never",))


def test_smallest_images_are_admitted() -> None:
    for spec in SMALL.values():
        size = spec.minimum_size()
        assert build(spec, (size, size, 1), 2, seed=("smallest",))(torch.randn(2, 1, size, size)).isfinite().all()


def test_settings_are_strict_and_readable() -> None:
    adapter: TypeAdapter[NetworkSpec] = TypeAdapter(NetworkSpec)
    assert adapter.validate_python({"arch": "vit", "norm": "layer"}) == VitSpec(norm="layer")
    with pytest.raises(
        ValidationError, match=r"'vgg' found using 'arch' does not match any of the expected tags.*'cnn'"
    ):
        adapter.validate_python({"arch": "vgg"})
    with pytest.raises(ValidationError, match=r"widht\s+Extra inputs are not permitted"):
        adapter.validate_python({"arch": "cnn", "widht": 3})
    with pytest.raises(ValidationError, match="frozen"):
        CnnSpec().width = 3  # type: ignore[misc]
    for model in (CnnSpec, MlpSpec, ResNetSpec, VitSpec):
        assert all(field.description for field in model.model_fields.values())
