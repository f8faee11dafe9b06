"""Layers of configurations: named things come and go, everything else is merged key by key."""

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from whichtask.config import Config, read_config
from whichtask.config.kinds import Kind
from whichtask.config.merging import Layers
from whichtask.errors import WhichtaskError

ROOT = Path(__file__).parents[2]
LAPTOP = Config().model_dump(mode="json")
PRESETS = [read_config([ROOT / "config" / f"{name}.yaml"]).model_dump(mode="json") for name in ("smoke", "paper")]
NEW: dict[str, Any] = {"networks": {"arch": "cnn", "width": 3}, "stress": {"means": [0, 1], "stds": [1, 1]}}
Layer = dict[str, Any]


def overrides(kind: Kind, values: list[Any], name: str = "", *, plain: bool) -> st.SearchStrategy[Any]:
    """Draw a part of a section from the values of several configurations; not plain: entries also come and go."""
    keys = list(dict.fromkeys(key for value in values for key in value))
    parts = {key: value(kind, key, [one[key] for one in values if key in one], plain=plain) for key in keys}
    if kind.entries is not None and not plain:
        parts = {key: part | st.none() for key, part in parts.items()} | {"replace": st.booleans()}
        if name in NEW:
            parts["new"] = st.just(NEW[name])
    if plain and kind.tag:
        parts.pop(kind.tag)
    return st.fixed_dictionaries({}, optional=parts)


def value(kind: Kind, key: str, values: list[Any], *, plain: bool) -> st.SearchStrategy[Any]:
    inner = kind.of_key(key) if not kind.tag else Kind()
    if inner.is_mapping and all(isinstance(one, Mapping) for one in values):
        return overrides(inner, values, key, plain=plain)
    return st.sampled_from(values)


def laid(*layers: Mapping[str, Any], on: Mapping[str, Any] = LAPTOP) -> Mapping[str, Any]:
    layered = Layers(Config, on)
    for number, layer in enumerate(layers):
        layered.add(layer, f"layer {number}")
    return layered.content


ANY = overrides(Kind.of(Config), [LAPTOP, *PRESETS], plain=False)
PLAIN = overrides(Kind.of(Config), [LAPTOP, *PRESETS], plain=True)


def mappings(kind: Kind, path: str = "") -> set[str]:
    """Return the paths of all mappings of named things."""
    if kind.entries is not None:
        return {path} | mappings(Kind.of(kind.entries), f"{path}.*")
    return {
        found
        for section in kind.sections
        for key in section.model_fields
        for found in mappings(Kind((section,)).of_key(key), f"{path}.{key}".lstrip("."))
    }


def test_named_things_are_found_from_the_model() -> None:
    found = mappings(Kind.of(Config))
    assert {"networks", "gbi.toy.stress", "gbi.unsupervised.tasks", "figures.rc", "figures.own"} <= found
    documented = (ROOT / "docs" / "configuration.md").read_text()
    assert all(f"`{path}`" in documented for path in found if "*" not in path)


@settings(max_examples=50, deadline=None)
@given(ANY)
def test_laying_a_layer_twice_changes_nothing_more(layer: Layer) -> None:
    before = deepcopy(layer)
    once = laid(layer)
    assert laid(layer, layer) == once
    assert layer == before
    assert Config().model_dump(mode="json") == LAPTOP


@settings(max_examples=50, deadline=None)
@given(PLAIN, PLAIN, PLAIN)
def test_layers_without_null_and_replace_may_be_merged_in_any_grouping(a: Layer, b: Layer, c: Layer) -> None:
    assert laid(a, b, c) == laid(laid(b, c, on=a)) == laid(a, laid(c, on=b))


@settings(max_examples=50, deadline=None)
@given(ANY, ANY)
def test_the_laptop_file_at_the_bottom_changes_nothing(first: Layer, second: Layer) -> None:
    """Snakemake starts with config/config.yaml, a verb without it."""
    laptop = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    assert laid(laptop, first, second) == laid(first, second)


def outcome(folder: Path, *layers: Layer) -> Config | list[str]:
    """Return the configuration of some files, or what is wrong with it."""
    files = [folder / f"{number}.yaml" for number in range(len(layers))]
    for file, layer in zip(files, layers, strict=True):
        file.write_text(yaml.safe_dump(layer, sort_keys=False))
    try:
        return read_config(files)
    except WhichtaskError as error:
        return str(error).splitlines()[1:]


@settings(max_examples=25, deadline=None)
@given(first=ANY, second=ANY)
def test_files_and_their_merged_content_are_one_configuration(
    tmp_path_factory: pytest.TempPathFactory, first: Layer, second: Layer
) -> None:
    folder = tmp_path_factory.mktemp("files")
    merged = dict(laid(first, second))
    merged["networks"] = {"replace": True} | merged["networks"]
    for section, name in (("toy", "stress"), ("unsupervised", "tasks")):
        named = {"replace": True} | merged["gbi"][section][name]
        merged["gbi"] = merged["gbi"] | {section: merged["gbi"][section] | {name: named}}
    assert outcome(folder, first, second) == outcome(folder, merged)


@settings(max_examples=50, deadline=None)
@given(ANY)
def test_what_is_replaced_is_forgotten_and_what_is_null_is_dropped(layer: Layer) -> None:
    entry = {"means": [0.0, 1.0], "stds": [1.0, 1.0]}
    stress = {"gbi": {"toy": {"stress": {"replace": True, "two": entry}}}}
    assert laid(layer, stress)["gbi"]["toy"]["stress"] == {"two": entry}
    networks = laid(layer)["networks"]
    for name in networks:
        assert laid(layer, {"networks": {name: None}})["networks"] == {
            other: spec for other, spec in networks.items() if other != name
        }
    fresh = {"replace": True, "arch": "vit"}
    assert laid(layer, {"networks": {"vit": fresh}})["networks"]["vit"] == {"arch": "vit"}


def test_a_network_is_changed_in_part_until_it_gets_another_arch() -> None:
    vit = LAPTOP["networks"]["vit"]
    assert laid({"networks": {"vit": {"patch": 14}}})["networks"]["vit"] == vit | {"patch": 14}
    assert laid({"networks": {"vit": {"arch": "vit", "dim": 8}}})["networks"]["vit"] == vit | {"dim": 8}
    assert laid({"networks": {"vit": {"arch": "cnn"}}}, {"networks": {"vit": {"width": 2}}})["networks"]["vit"] == {
        "arch": "cnn",
        "width": 2,
    }


def test_an_empty_section_takes_what_is_below_it() -> None:
    empty = {
        "agreement": None,
        "networks": None,
        "gbi": {"toy": None},
        "figures": {"rc": None, "own": {"td_x": {"rc": None}}},
    }
    content = laid(empty)
    assert {**content, "figures": None} == {**LAPTOP, "figures": None}
    assert content["figures"]["own"] == {"td_x": {}}
    assert laid({"agreement": {"images": None}})["agreement"]["images"] is None, (
        "null is a value where the model says so"
    )


def test_values_of_different_kinds_name_both_layers() -> None:
    with pytest.raises(WhichtaskError, match="agreement is a mapping in layer 0 and a single value in layer 1"):
        laid({"agreement": {"pairs": 1}}, {"agreement": 5})
    with pytest.raises(WhichtaskError, match="plan.image_sweep is a list in layer 0 and a single value in layer 1"):
        laid({"plan": {"image_sweep": [1]}}, {"plan": {"image_sweep": 1}})
    laid({"seed": 1}, {"seed": "2"})
