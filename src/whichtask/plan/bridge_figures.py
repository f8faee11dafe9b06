"""Cards of the figures of the bridge between the two papers."""

from collections.abc import Callable
from typing import Any

from whichtask.plan.cards import FigureCard, Labels
from whichtask.plan.plan import Plan, joined

SEEDS = "{{ counted(bridge.seeds|length, 'seed') }} as the units of intervals"
KEYS = "seed, data, networks, discovery, ground_truth, bridge"


def bridge_labels(plan: Plan) -> Labels:
    """Return the labels of the figures of the bridge."""
    return ", ".join(plan.bridged), "autoencoder"


def _card(code: str, inputs: Callable[[Plan], Any], n: str, keys: str = KEYS) -> FigureCard:
    paper = "in neither: GBI's open question, asked of the tasks of Task Discovery"
    return FigureCard(f"bridge.{code}", inputs, paper=paper, n=f"{SEEDS}; {n}", keys=keys, labels=bridge_labels)


BRIDGE_FIGURES: dict[str, FigureCard] = {
    "bridge_as_vs_inference": _card(
        "inference",
        lambda plan: joined(plan.bridge("bits"), {"scores": plan.bridge_scores}),
        "{{ counted(bridge.bits, 'bit') }} of each source; {{ counted(bridge.test_images, 'test image') }}; "
        "{{ counted(bridge.agreement_pairs, 'pair') }} of networks a bit",
        keys=f"{KEYS}, agreement",
    ),
    "bridge_reliance": _card(
        "reliance",
        lambda plan: plan.bridge("networks"),
        "{{ counted(bridge.test_images, 'test image') }}, {{ counted(bridge.enumerated_images, 'image') }} of them "
        "with all combinations",
    ),
    "bridge_readout": _card(
        "readout", lambda plan: plan.bridge("readout"), "{{ counted(bridge.test_images, 'test image') }}"
    ),
    "bridge_recomposition": _card(
        "recomposition",
        lambda plan: plan.bridge("compositions"),
        "{{ counted(bridge.compositions, 'labelling') }} of each kind; "
        "{{ counted(bridge.iterated_images, 'test image') }}",
    ),
}
