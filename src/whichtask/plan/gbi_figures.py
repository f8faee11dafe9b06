"""Cards of the figures of Gradient-Based Inference."""

from whichtask.plan.cards import FigureCard, Labels, no_inputs, no_labels
from whichtask.plan.plan import Plan, joined


def toy_labels(_: Plan) -> Labels:
    """Return the labels of the toy sequences."""
    return "two Gaussians", "LSTM"


def image_labels(_: Plan) -> Labels:
    """Return the labels of most figures of images."""
    return "mnist", "autoencoder"


def image_table(plan: Plan) -> str:
    """Return a table of the same job as the arrays that some figures are drawn from."""
    return plan.gbi("images", "mnist_table.csv")[0]


GBI_FIGURES: dict[str, FigureCard] = {
    "gbi_diagram": FigureCard(
        "gbi.diagram:method",
        no_inputs,
        text="Which weights change in which phase of Gradient-Based Inference: training with Z given, one step, "
        "iterating.",
        paper="Fig. 1A (from memory) and a diagram that reviewers asked for",
        n="nothing is measured: drawn by code",
        keys="",
        headline=True,
        labels=no_labels,
    ),
    "gbi_concavity": FigureCard(
        "gbi.diagram:concavity",
        no_inputs,
        paper="Fig. 1B",
        n="nothing is measured: a formula",
        keys="",
        labels=no_labels,
    ),
    "gbi_toy_learning": FigureCard(
        "gbi.toy_learning",
        lambda plan: plan.gbi_tables("toy-learning", "curves"),
        paper="Fig. 2C-D",
        n="{{ n.units('toy') }}, 1 network of each arm a seed; {{ counted(gbi.toy.blocks, 'block') }}",
        keys="seed, gbi.toy",
        headline=True,
        labels=toy_labels,
    ),
    "gbi_toy_modules": FigureCard(
        "gbi.toy_modules",
        lambda plan: plan.gbi_tables("toy-learning", "modules"),
        paper="Fig. 2E",
        n="{{ n.units('toy') }}, 1 network of each arm a seed; {{ counted(gbi.toy.network.hidden, 'unit') }}",
        keys="seed, gbi.toy",
        labels=toy_labels,
    ),
    "gbi_toy_forgetting": FigureCard(
        "gbi.toy_forgetting",
        lambda plan: joined(plan.gbi_tables("toy-learning", "contexts"), plan.gbi_tables("toy", "contexts")),
        paper="Table 1",
        n="{{ n.units('toy') }}, 1 network of each arm a seed; {{ counted(gbi.toy.test_sequences, 'fresh sequence')"
        " }} a context",
        keys="seed, gbi.toy",
        labels=toy_labels,
    ),
    "gbi_toy_generalisation": FigureCard(
        "gbi.toy_generalisation",
        lambda plan: plan.gbi_tables("toy", "generalisation"),
        paper="Fig. 3D-E",
        n="{{ n.units('toy') }}, 1 network of each arm a seed; {{ gbi.toy.tested_means|length }} means, {{ "
        "counted(gbi.toy.tested_sequences, 'sequence') }} of each",
        keys="seed, gbi.toy",
        labels=toy_labels,
    ),
    "gbi_toy_gradients": FigureCard(
        "gbi.toy_gradients",
        lambda plan: plan.gbi_tables("toy", "by_observation", "one_step"),
        paper="Fig. 3F-H",
        n="{{ n.units('toy') }}, 1 network of each arm a seed; {{ counted(gbi.toy.stream_steps, 'step') }} of a stream",
        keys="seed, gbi.toy",
        labels=toy_labels,
    ),
    "gbi_toy_bayes": FigureCard(
        "gbi.toy_bayes",
        lambda plan: plan.gbi_tables("toy", "switches", "filters"),
        paper="supplementary figure S7",
        n="{{ n.units('toy') }}, 1 network of each arm a seed; {{ counted(gbi.toy.stream_steps, 'step') }} of a stream",
        keys="seed, gbi.toy",
        labels=toy_labels,
    ),
    "gbi_mnist_table": FigureCard(
        "gbi.images_table",
        lambda plan: plan.gbi_tables("images", "mnist_table"),
        paper="Table 2",
        n="{{ n.units('images') }}; {{ limited(gbi.images.test_images, 'test image') }}",
        keys="seed, gbi.images",
        headline=True,
        labels=image_labels,
    ),
    "gbi_iterations": FigureCard(
        "gbi.images_curves:iterations",
        lambda plan: plan.gbi_tables("images-more", "iterations"),
        paper="supplementary figure S8 (from memory)",
        n="{{ n.units('images-more') }}; {{ counted(gbi.images.more.iterated_images, 'test image') }}",
        keys="seed, gbi.images",
        labels=image_labels,
    ),
    "gbi_starts": FigureCard(
        "gbi.starts",
        lambda plan: {"images": plan.gbi("images", "starts.csv"), "toy": plan.gbi("toy", "starts.csv")},
        paper="not in it: the sentence of its section 2 that one step heavily depends on the start",
        n="{{ n.units('images') }} of digits, {{ n.seeds('toy') }} of toy sequences; "
        "{{ limited(gbi.images.test_images, 'test image') }}",
        keys="seed, gbi.images, gbi.toy",
        labels=image_labels,
        outside=True,
    ),
    "gbi_images_learning": FigureCard(
        "gbi.images_learning",
        lambda plan: plan.gbi_tables("images-more", "learning"),
        paper="not in it: its claims of better and faster learning, asked of images",
        n="{{ n.units('images-more') }}, 1 network of each arm a seed; "
        "{{ limited(gbi.images.test_images, 'test image') }}; "
        "{{ listed(gbi.images.more.learning.train_images) }} training images",
        keys="seed, gbi.images",
        labels=image_labels,
    ),
    "gbi_bottleneck": FigureCard(
        "gbi.images_curves:bottleneck",
        lambda plan: plan.gbi_tables("images-more", "bottleneck"),
        paper="not in it",
        n="{{ n.units('images-more') }}; widths {{ listed(gbi.images.more.codes) }}",
        keys="seed, gbi.images",
        labels=image_labels,
    ),
    "gbi_images_generations": FigureCard(
        "gbi.images_generations",
        lambda plan: {"generations": plan.gbi("images", "generations.npz")},
        paper="Fig. 4B (from memory)",
        n="{{ counted(gbi.images.shown_images, 'test image') }} of the first seed; nothing is averaged",
        keys="seed, gbi.images",
        gallery=True,
        labels=image_labels,
        labelled_by=image_table,
    ),
    "gbi_ood_table": FigureCard(
        "gbi.ood:table",
        lambda plan: plan.gbi_tables("images", "ood"),
        paper="Table 3",
        n="{{ n.units('images') }}; {{ limited(gbi.images.test_images, 'test image') }} of either set",
        keys="seed, gbi.images",
        headline=True,
        labels=image_labels,
        outside=True,
    ),
    "gbi_ood_tau": FigureCard(
        "gbi.ood:tau",
        lambda plan: plan.gbi_tables("images", "tau"),
        paper="not in it: what its Table 3 leaves open",
        n="{{ n.units('images') }}; {{ limited(gbi.images.test_images, 'test image') }} of either set; {{ "
        "counted(gbi.images.tau_points, 'temperature') }}",
        keys="seed, gbi.images",
        labels=image_labels,
        outside=True,
    ),
    "gbi_confidence_histograms": FigureCard(
        "gbi.ood_confidence",
        lambda plan: plan.gbi_tables("images", "confidence", "ood"),
        paper="Fig. 4C (from memory)",
        n="{{ n.units('images') }}; {{ limited(gbi.images.test_images, 'test image') }} of either set",
        keys="seed, gbi.images",
        labels=image_labels,
        outside=True,
    ),
    "gbi_cifar100_table": FigureCard(
        "gbi.cifar100:table",
        lambda plan: plan.gbi_tables("cifar100", "accuracy"),
        paper="Table 4, on CIFAR-100 (the label data says what it was here)",
        n="{{ n.units('cifar100') }}; {{ limited(gbi.cifar100.test_images, 'test image') }}",
        keys="seed, gbi.hundred, gbi.factors_images, gbi.cifar100",
        labels=image_labels,
    ),
    "gbi_z_reliance": FigureCard(
        "gbi.cifar100:reliance",
        lambda plan: plan.gbi_tables("cifar100", "reliance"),
        paper="not in it: a question of its reviewers",
        n="{{ n.units('cifar100') }}; {{ limited(gbi.cifar100.sweep.test_images, 'test image') }}",
        keys="seed, gbi.hundred, gbi.factors_images, gbi.cifar100",
        labels=image_labels,
    ),
    "gbi_cifar100_metric": FigureCard(
        "gbi.cifar100_metric",
        lambda plan: plan.gbi_tables("metric", "metric"),
        paper="not in it: what its Table 4 leaves open",
        n="{{ n.units('metric') }}; {{ limited(gbi.metric.test_images, 'test image') }}; p {{ "
        "listed(gbi.metric.powers) }}",
        keys="seed, gbi.hundred, gbi.factors_images, gbi.metric",
        labels=image_labels,
    ),
    "gbi_language_learning": FigureCard(
        "gbi.language",
        lambda plan: plan.gbi_tables("language", "learning", "test"),
        paper="Fig. 5A-C (from memory)",
        n="{{ n.units('language') }}; {{ counted(gbi.language.test_windows, 'test sequence') }} a domain",
        keys="seed, gbi.language",
        headline=True,
        labels=lambda _: ("text", "LSTM"),
    ),
    "gbi_language_context": FigureCard(
        "gbi.language_context",
        lambda plan: plan.gbi_tables("language", "context", "recognition", "following"),
        paper="Fig. 5A-C (the effect of context length, from memory)",
        n="{{ n.units('language') }}; {{ counted(gbi.language.recognition_windows, 'sequence') }} a domain are "
        "recognised",
        keys="seed, gbi.language",
        labels=lambda _: ("text", "LSTM"),
    ),
    "gbi_language_novel": FigureCard(
        "gbi.language_novel",
        lambda plan: plan.gbi_tables("language", "novel", "novel_z"),
        paper="Fig. 5D",
        n="{{ n.units('language') }}; domains {{ listed(gbi.language.held_out) }}",
        keys="seed, gbi.language",
        headline=True,
        labels=lambda _: ("text", "LSTM"),
    ),
    "gbi_posterior_kl": FigureCard(
        "gbi.posterior",
        lambda plan: {"posteriors": plan.gbi("images", "posteriors.npz")},
        paper="not in it: a question of its reviewers",
        n="{{ n.units('images') }}; {{ limited(gbi.images.test_images, 'test image') }}",
        keys="seed, gbi.images",
        labels=image_labels,
        labelled_by=image_table,
    ),
    "gbi_compute": FigureCard(
        "gbi.compute",
        lambda plan: plan.gbi_tables("compute", "compute"),
        paper="not in it: beyond the runs column of its Table 2",
        n="{{ n.seeds('compute') }}; {{ counted(gbi.compute.measurements, 'time measurement') }} of each, their "
        "median; K {{ listed(gbi.compute.tasks) }}",
        keys="seed, gbi.compute",
        labels=lambda _: ("random numbers", "decoder"),
    ),
    "gbi_continual": FigureCard(
        "gbi.continual",
        lambda plan: plan.gbi_tables("continual", "summary"),
        paper="not in it",
        n="{{ n.units('continual') }}; {{ limited(gbi.continual.test_images, 'test image') }}",
        keys="seed, gbi.continual",
        labels=image_labels,
    ),
    "gbi_richer": FigureCard(
        "gbi.richer",
        lambda plan: plan.gbi_tables("richer", "accuracy", "loss"),
        paper="not in it: one of its open questions",
        n="{{ n.units('richer') }}; {{ limited(gbi.richer.test_images, 'test image') }}",
        keys="seed, gbi.factors_images, gbi.richer",
        labels=image_labels,
    ),
    "gbi_ensembles": FigureCard(
        "gbi.ensembles",
        lambda plan: plan.gbi_tables("images-more", "ensembles"),
        paper="not in it: one of its open questions",
        n="{{ n.units('images-more') }}; {{ counted(gbi.images.more.members, 'member') }}, {{ "
        "counted(gbi.images.more.draws, 'draw') }}",
        keys="seed, gbi.images",
        labels=image_labels,
        outside=True,
    ),
    "gbi_unsupervised": FigureCard(
        "gbi.unsupervised",
        lambda plan: plan.gbi_tables("unsupervised", "unsupervised"),
        paper="not in it: one of its open questions",
        n="{{ n.units('unsupervised') }}; {{ counted(gbi.unsupervised.blocks, 'block') }}",
        keys="seed, gbi.unsupervised",
        labels=toy_labels,
    ),
}
