"""Figures by ID. Each reads tables and arrays and draws them; none trains or loads a network."""

from pathlib import Path

from whichtask.config import FigureSettings
from whichtask.errors import WhichtaskError
from whichtask.figures.gbi.cifar100 import draw_cifar100_table, draw_z_reliance
from whichtask.figures.gbi.compute import draw_compute
from whichtask.figures.gbi.continual import draw_continual
from whichtask.figures.gbi.diagram import draw_concavity, draw_method
from whichtask.figures.gbi.ensembles import draw_ensembles
from whichtask.figures.gbi.images_curves import draw_bottleneck, draw_iterations
from whichtask.figures.gbi.images_generations import draw_generations
from whichtask.figures.gbi.images_table import draw_mnist_table
from whichtask.figures.gbi.language import draw_language_learning
from whichtask.figures.gbi.language_context import draw_language_context
from whichtask.figures.gbi.language_novel import draw_language_novel
from whichtask.figures.gbi.ood import draw_ood_table, draw_ood_tau
from whichtask.figures.gbi.ood_confidence import draw_confidence_histograms
from whichtask.figures.gbi.posterior import draw_posterior_kl
from whichtask.figures.gbi.richer import draw_richer
from whichtask.figures.gbi.toy_bayes import draw_toy_bayes
from whichtask.figures.gbi.toy_forgetting import draw_toy_forgetting
from whichtask.figures.gbi.toy_generalisation import draw_toy_generalisation
from whichtask.figures.gbi.toy_gradients import draw_toy_gradients
from whichtask.figures.gbi.toy_learning import draw_toy_learning
from whichtask.figures.gbi.toy_modules import draw_toy_modules
from whichtask.figures.gbi.unsupervised import draw_unsupervised
from whichtask.figures.inputs import Draw, Inputs
from whichtask.figures.style import wanting
from whichtask.figures.td.accuracy import draw_as_vs_accuracy
from whichtask.figures.td.coverage import draw_coverage
from whichtask.figures.td.cross_network import draw_cross_network
from whichtask.figures.td.diagrams import draw_agreement, draw_concept
from whichtask.figures.td.diagrams_method import draw_search, draw_split
from whichtask.figures.td.dynamics import draw_dynamics
from whichtask.figures.td.estimators import draw_estimators, draw_faithful
from whichtask.figures.td.examples import draw_examples
from whichtask.figures.td.explain import draw_explain, draw_uninterpretable
from whichtask.figures.td.factors import draw_factors
from whichtask.figures.td.gallery import draw_gallery
from whichtask.figures.td.imagenet import draw_imagenet
from whichtask.figures.td.linear import draw_linear
from whichtask.figures.td.proxy import draw_proxy
from whichtask.figures.td.regulation import draw_regulation
from whichtask.figures.td.scores import draw_by_images, draw_by_network, draw_by_source
from whichtask.figures.td.similarity import draw_similarity
from whichtask.figures.td.split_classes import draw_split_classes
from whichtask.figures.td.split_gallery import draw_split_gallery
from whichtask.figures.td.splits import draw_splits_table
from whichtask.figures.td.stochasticity import draw_stochasticity
from whichtask.figures.td.studies import draw_dimension, draw_human_included, draw_kway
from whichtask.figures.td.tradeoff import draw_tradeoff

FIGURES: dict[str, Draw] = {
    "td_examples": draw_examples,
    "td_as_by_network": draw_by_network,
    "td_as_by_source": draw_by_source,
    "td_as_by_images": draw_by_images,
    "td_baselines": draw_by_source,
    "td_dynamics": draw_dynamics,
    "td_gallery_discovered": draw_gallery,
    "td_similarity": draw_similarity,
    "td_splits_table": draw_splits_table,
    "td_split_sources": draw_splits_table,
    "td_split_gallery": draw_split_gallery,
    "td_split_classes": draw_split_classes,
    "td_tradeoff": draw_tradeoff,
    "td_dimension": draw_dimension,
    "td_cross_network": draw_cross_network,
    "td_estimators": draw_estimators,
    "td_faithful": draw_faithful,
    "td_kway": draw_kway,
    "td_human_included": draw_human_included,
    "td_as_vs_accuracy": draw_as_vs_accuracy,
    "td_data_size": draw_by_images,
    "td_regulation": draw_regulation,
    "td_regulation_factors": draw_regulation,
    "td_gallery_regulated": draw_gallery,
    "td_imagenet": draw_imagenet,
    "td_coverage": draw_coverage,
    "td_factors": draw_factors,
    "td_explain": draw_explain,
    "td_gallery_uninterpretable": draw_uninterpretable,
    "td_proxy": draw_proxy,
    "td_stochasticity": draw_stochasticity,
    "td_linear": draw_linear,
    "td_diagram_concept": draw_concept,
    "td_diagram_agreement": draw_agreement,
    "td_diagram_search": draw_search,
    "td_diagram_split": draw_split,
    "gbi_diagram": draw_method,
    "gbi_concavity": draw_concavity,
    "gbi_toy_learning": draw_toy_learning,
    "gbi_toy_modules": draw_toy_modules,
    "gbi_toy_forgetting": draw_toy_forgetting,
    "gbi_toy_generalisation": draw_toy_generalisation,
    "gbi_toy_gradients": draw_toy_gradients,
    "gbi_toy_bayes": draw_toy_bayes,
    "gbi_mnist_table": draw_mnist_table,
    "gbi_iterations": draw_iterations,
    "gbi_bottleneck": draw_bottleneck,
    "gbi_images_generations": draw_generations,
    "gbi_ood_table": draw_ood_table,
    "gbi_ood_tau": draw_ood_tau,
    "gbi_confidence_histograms": draw_confidence_histograms,
    "gbi_cifar100_table": draw_cifar100_table,
    "gbi_z_reliance": draw_z_reliance,
    "gbi_language_learning": draw_language_learning,
    "gbi_language_context": draw_language_context,
    "gbi_language_novel": draw_language_novel,
    "gbi_posterior_kl": draw_posterior_kl,
    "gbi_compute": draw_compute,
    "gbi_continual": draw_continual,
    "gbi_richer": draw_richer,
    "gbi_ensembles": draw_ensembles,
    "gbi_unsupervised": draw_unsupervised,
}

__all__ = ["FIGURES", "Draw", "Inputs", "draw"]


def draw(figure: str, inputs: Inputs, out: Path, settings: FigureSettings) -> None:
    """Draw one figure by its ID to ``out``, with the SVG and the CSV beside it.

    Args:
        figure: a key of ``FIGURES``.
        inputs: files by input name; each figure's own docstring lists the names.
        out: where the PNG goes, ``.../ID.png``.
        settings: how figures look.

    Raises:
        WhichtaskError: unknown figure, a missing input, or an input that does not fit.
    """
    if figure not in FIGURES:
        raise WhichtaskError(f"unknown figure {figure!r}; allowed: {', '.join(FIGURES)}")
    own = settings.of(figure)
    with wanting(own.rc):
        FIGURES[figure](inputs, out, own)
