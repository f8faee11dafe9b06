"""Which rules a cluster treats how: what takes a GPU, and what is short and shares submissions."""

from whichtask.plan.experiments import EXPERIMENTS, rule_of
from whichtask.plan.figures import FIGURES

# Rules that are written out, and whether they take a GPU; the others are made from cards.
_WRITTEN = {
    **dict.fromkeys(("agreement", "agreement_comparison", "discover", "splits"), True),
    **dict.fromkeys(("imagenet_split", "imagenet_train"), True),
    **dict.fromkeys(
        ("data", "hundred", "text", "tasks", "similarity", "similarity_to", "splits_export", "audit_images"), False
    ),
    **dict.fromkeys(("claims", "metrics", "site", "whole_site"), False),
}
_GPU = _WRITTEN | {rule_of(verb): card.gpu for verb, card in EXPERIMENTS.items()}
TRAINING = sorted(rule for rule, gpu in _GPU.items() if gpu)
DRAWING = sorted(FIGURES)
OTHERS = sorted({*_GPU, *FIGURES} - set(TRAINING))
