"""About a hundred classes: the factors of factors32 as 96 classes, and the coarse classes above the fine ones."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from whichtask.data.factors32 import FACTORS
from whichtask.data.factors32_shapes import SHAPES
from whichtask.data.imageset import Factors, ImageSet, Labels
from whichtask.errors import WhichtaskError

PARTS = ("shape", "hue", "outline")
"""The factors whose 6 x 8 x 2 combinations are the 96 classes, from slow to fast."""
_OUTLINES = ("no outline", "outline")

CIFAR100_COARSE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "aquatic_mammals": ("beaver", "dolphin", "otter", "seal", "whale"),
        "fish": ("aquarium_fish", "flatfish", "ray", "shark", "trout"),
        "flowers": ("orchid", "poppy", "rose", "sunflower", "tulip"),
        "food_containers": ("bottle", "bowl", "can", "cup", "plate"),
        "fruit_and_vegetables": ("apple", "mushroom", "orange", "pear", "sweet_pepper"),
        "household_electrical_devices": ("clock", "keyboard", "lamp", "telephone", "television"),
        "household_furniture": ("bed", "chair", "couch", "table", "wardrobe"),
        "insects": ("bee", "beetle", "butterfly", "caterpillar", "cockroach"),
        "large_carnivores": ("bear", "leopard", "lion", "tiger", "wolf"),
        "large_man-made_outdoor_things": ("bridge", "castle", "house", "road", "skyscraper"),
        "large_natural_outdoor_scenes": ("cloud", "forest", "mountain", "plain", "sea"),
        "large_omnivores_and_herbivores": ("camel", "cattle", "chimpanzee", "elephant", "kangaroo"),
        "medium_mammals": ("fox", "porcupine", "possum", "raccoon", "skunk"),
        "non-insect_invertebrates": ("crab", "lobster", "snail", "spider", "worm"),
        "people": ("baby", "boy", "girl", "man", "woman"),
        "reptiles": ("crocodile", "dinosaur", "lizard", "snake", "turtle"),
        "small_mammals": ("hamster", "mouse", "rabbit", "shrew", "squirrel"),
        "trees": ("maple_tree", "oak_tree", "palm_tree", "pine_tree", "willow_tree"),
        "vehicles_1": ("bicycle", "bus", "motorcycle", "pickup_truck", "train"),
        "vehicles_2": ("lawn_mower", "rocket", "streetcar", "tank", "tractor"),
    }
)
"""The 20 superclasses of CIFAR-100, each of five classes (Krizhevsky 2009)."""


def factors32_hundred(images: ImageSet) -> ImageSet:
    """Give factors32 images the 96 classes shape x hue x outline.

    Stands in for CIFAR-100 where that cannot be had: about as many classes, large nuisance, and the same image size.

    Args:
        images: with the factors shape, hue and outline.

    Returns:
        The same images; class names such as "heart, hue 3, outline".

    Raises:
        WhichtaskError: the images lack these factors, or hold values that factors32 has not.
    """
    missing = [name for name in PARTS if name not in images.factor_names]
    if missing or images.factors_train is None or images.factors_test is None:
        raise WhichtaskError(
            f"data set {images.name!r} has no factor {', '.join(missing)}; 96 classes need {', '.join(PARTS)} "
            "as in factors32"
        )
    sizes = [FACTORS[name] for name in PARTS]
    columns = [images.factor_names.index(name) for name in PARTS]

    def labels(factors: Factors) -> Labels:
        values = factors[:, columns].astype(np.int64)
        if (values < 0).any() or (values >= sizes).any():
            raise WhichtaskError(
                f"data set {images.name!r}: {', '.join(PARTS)} must be below {', '.join(map(str, sizes))}"
            )
        return np.asarray(np.ravel_multi_index(tuple(values.T), tuple(sizes)), np.int64)

    names = tuple(f"{shape}, hue {hue}, {line}" for shape in SHAPES for hue in range(sizes[1]) for line in _OUTLINES)
    return replace(
        images,
        name=f"{images.name}_96",
        y_train=labels(images.factors_train),
        y_test=labels(images.factors_test),
        class_names=names,
        provenance={**images.provenance, "classes": " x ".join(PARTS)},
    )


def coarse(class_names: tuple[str, ...]) -> tuple[tuple[str, ...], Labels] | None:
    """Return the coarse classes above the given fine ones: superclasses of CIFAR-100, or shapes of the 96 classes.

    Args:
        class_names: of the fine classes.

    Returns:
        Names of the coarse classes and int64 [fine classes], the coarse class of each; None where none is known.
    """
    above = {fine: name for name, members in CIFAR100_COARSE.items() for fine in members}
    if not set(class_names) <= set(above):
        above = {name: name.split(",")[0] for name in class_names if name.split(",")[0] in SHAPES and "," in name}
    if not set(class_names) <= set(above):
        return None
    groups = tuple(dict.fromkeys(above[name] for name in class_names))
    return groups, np.array([groups.index(above[name]) for name in class_names], np.int64)
