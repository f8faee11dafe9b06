"""Cards of the figures of Gradient-Based Inference."""

from whichtask.plan.cards import FigureCard, Labels, no_inputs, no_labels
from whichtask.plan.plan import Plan, joined


def toy_labels(_: Plan) -> Labels:
    """Return the labels of the toy sequences."""
    return "two Gaussians", "LSTM"


def image_labels(_: Plan) -> Labels:
    """Return the labels of most figures of images."""
    return "mnist", "autoencoder"


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
        text="The bound that inference of Z maximises, plotted for two tasks: concave, its maximum a softmax of "
        "the log-likelihoods.",
        paper="Fig. 1B",
        n="nothing is measured: a formula",
        keys="",
        labels=no_labels,
    ),
    "gbi_toy_learning": FigureCard(
        "gbi.toy_learning",
        lambda plan: plan.gbi_tables("toy-learning", "curves"),
        text="Online prediction of a stream that switches between two Gaussians: an LSTM that is told the context "
        "(GBI-LSTM) against the same LSTM that is not, controls with uninformative labels, and the best that "
        "observers who know the process can do.",
        paper="Fig. 2C-D",
        n="{{ n.seeds('toy') }} as the units of intervals, 1 network of each arm a seed; {{ "
        "counted(gbi.toy.blocks, 'block') }}",
        keys="seed, gbi.toy",
        headline=True,
        labels=toy_labels,
    ),
    "gbi_toy_modules": FigureCard(
        "gbi.toy_modules",
        lambda plan: plan.gbi_tables("toy-learning", "modules"),
        text="Units of the LSTM that are active in both contexts, as a share of the active ones, over learning and "
        "for three thresholds.",
        paper="Fig. 2E",
        n="{{ n.seeds('toy') }} as the units of intervals, 1 network of each arm a seed; {{ "
        "counted(gbi.toy.network.hidden, 'unit') }}",
        keys="seed, gbi.toy",
        labels=toy_labels,
    ),
    "gbi_toy_forgetting": FigureCard(
        "gbi.toy_forgetting",
        lambda plan: joined(plan.gbi_tables("toy-learning", "contexts"), plan.gbi_tables("toy", "contexts")),
        text="Errors of frozen networks on the contexts of the last and of the second-to-last block, under both "
        "readings of what the paper calls MSE, and with Z iterated where nobody gives it.",
        paper="Table 1",
        n="{{ n.seeds('toy') }} as the units of intervals, 1 network of each arm a seed; {{ "
        "counted(gbi.toy.test_sequences, 'fresh sequence') }} a context",
        keys="seed, gbi.toy",
        labels=toy_labels,
    ),
    "gbi_toy_generalisation": FigureCard(
        "gbi.toy_generalisation",
        lambda plan: plan.gbi_tables("toy", "generalisation"),
        text="Unseen means, inside and outside the training range: before Z moves, with Z fixed, and after "
        "iterating Z, for both ways in which labels may have entered, early and late in learning.",
        paper="Fig. 3D-E",
        n="{{ n.seeds('toy') }} as the units of intervals, 1 network of each arm a seed; {{ "
        "gbi.toy.tested_means|length }} means, {{ counted(gbi.toy.tested_sequences, 'sequence') }} of each",
        keys="seed, gbi.toy",
        labels=toy_labels,
    ),
    "gbi_toy_gradients": FigureCard(
        "gbi.toy_gradients",
        lambda plan: plan.gbi_tables("toy", "by_observation", "one_step"),
        text="One-step gradients against likelihoods and posteriors, the divergence of the one-step posterior from "
        "the exact one for two and more contexts and for unequal variances, and the divergence's bound.",
        paper="Fig. 3F-H",
        n="{{ n.seeds('toy') }} as the units of intervals, 1 network of each arm a seed; {{ "
        "counted(gbi.toy.stream_steps, 'step') }} of a stream",
        keys="seed, gbi.toy",
        labels=toy_labels,
    ),
    "gbi_toy_bayes": FigureCard(
        "gbi.toy_bayes",
        lambda plan: plan.gbi_tables("toy", "switches", "filters"),
        text="One-step posteriors in place of likelihoods in Bayes' recursion: beliefs, entropy and evidence "
        "around switches, and accuracy over a stream that was not learned from.",
        paper="supplementary figure S7",
        n="{{ n.seeds('toy') }} as the units of intervals, 1 network of each arm a seed; {{ "
        "counted(gbi.toy.stream_steps, 'step') }} of a stream",
        keys="seed, gbi.toy",
        labels=toy_labels,
    ),
    "gbi_mnist_table": FigureCard(
        "gbi.images_table",
        lambda plan: plan.gbi_tables("images", "mnist_table"),
        text="Accuracy and cost of each way to infer the class of a test digit: classifier, one gradient step "
        "(GBI), iterating, likelihood of every class, a decoder without image code, entropy- and norm-based "
        "inference. The paper's numbers, where known, are hollow marks. The figure's note names the digits it "
        "was drawn from.",
        paper="Table 2",
        n="{{ n.seeds('images') }} as the units of intervals; {{ limited(gbi.images.test_images, 'test image') }}",
        keys="seed, gbi.images",
        headline=True,
        labels=image_labels,
    ),
    "gbi_iterations": FigureCard(
        "gbi.images_curves:iterations",
        lambda plan: plan.gbi_tables("images-more", "iterations"),
        text="Accuracy and reconstruction error against the number of steps of iterative inference, with the "
        "paper's L2 penalty, with the true entropy term, and by exponentiated gradient.",
        paper="supplementary figure S8 (from memory)",
        n="{{ n.seeds('images') }} as the units of intervals; {{ counted(gbi.images.more.iterated_images, 'test "
        "image') }}",
        keys="seed, gbi.images",
        labels=image_labels,
    ),
    "gbi_bottleneck": FigureCard(
        "gbi.images_curves:bottleneck",
        lambda plan: plan.gbi_tables("images-more", "bottleneck"),
        text="Accuracy of one-step and likelihood inference, reliance on Z and reconstruction error against the "
        "width of the image's code: Z matters when the code says little.",
        paper="not in it",
        n="{{ n.seeds('images') }} as the units of intervals; widths {{ listed(gbi.images.more.codes) }}",
        keys="seed, gbi.images",
        labels=image_labels,
    ),
    "gbi_images_generations": FigureCard(
        "gbi.images_generations",
        lambda plan: {"generations": plan.gbi("images", "generations.npz")},
        text="Test digits, their reconstruction at uniform Z and with every class as Z, framed by true and "
        "inferred class.",
        paper="Fig. 4B (from memory)",
        n="{{ counted(gbi.images.shown_images, 'test image') }} of the first seed; nothing is averaged",
        keys="seed, gbi.images",
        gallery=True,
        labels=image_labels,
    ),
    "gbi_ood_table": FigureCard(
        "gbi.ood:table",
        lambda plan: plan.gbi_tables("images", "ood"),
        text="How well each method tells known from foreign images (area under the ROC curve), on raw pixels and "
        "with every image normalised to one mean and deviation. Energy, Mahalanobis, dropout and "
        "reconstruction error are added.",
        paper="Table 3",
        n="{{ n.seeds('images') }} as the units of intervals; {{ limited(gbi.images.test_images, 'test image') "
        "}} of either set",
        keys="seed, gbi.images",
        headline=True,
        labels=image_labels,
        outside=True,
    ),
    "gbi_ood_tau": FigureCard(
        "gbi.ood:tau",
        lambda plan: plan.gbi_tables("images", "tau"),
        text="Detection of foreign images by one-step GBI against the temperature of its posterior, which the "
        "paper leaves unstated, for three scores; dashed: the temperature that validation images calibrate.",
        paper="not in it: what its Table 3 leaves open",
        n="{{ n.seeds('images') }} as the units of intervals; {{ limited(gbi.images.test_images, 'test image') "
        "}} of either set; {{ counted(gbi.images.tau_points, 'temperature') }}",
        keys="seed, gbi.images",
        labels=image_labels,
        outside=True,
    ),
    "gbi_confidence_histograms": FigureCard(
        "gbi.ood_confidence",
        lambda plan: plan.gbi_tables("images", "confidence"),
        text="Histograms of the largest posterior entry of known and foreign images, for one-step GBI and for a "
        "classifier, raw and normalised.",
        paper="Fig. 4C (from memory)",
        n="{{ n.seeds('images') }} as the units of intervals; {{ limited(gbi.images.test_images, 'test image') "
        "}} of either set",
        keys="seed, gbi.images",
        labels=image_labels,
        outside=True,
    ),
    "gbi_cifar100_table": FigureCard(
        "gbi.cifar100:table",
        lambda plan: plan.gbi_tables("cifar100", "accuracy"),
        text="Which of about a hundred classes? Accuracy of one-step GBI, iterative GBI, trying all classes and "
        "the pure generative model, with a scarce, noisy image code and Z as gates of a wide decoder layer; "
        "the same for coarse classes. Class means of whitened pixels, not in the paper, show what a change of "
        "the loss alone does.",
        paper="Table 4, on CIFAR-100 (the label data says what it was here)",
        n="{{ n.seeds('cifar100') }} as the units of intervals; {{ limited(gbi.cifar100.test_images, 'test image') }}",
        keys="seed, gbi.hundred, gbi.factors_images, gbi.cifar100",
        labels=image_labels,
    ),
    "gbi_z_reliance": FigureCard(
        "gbi.cifar100:reliance",
        lambda plan: plan.gbi_tables("cifar100", "reliance"),
        text="When does the autoencoder use Z? Relative rise of its reconstruction error when Z is permuted "
        "between images, and accuracy of the inferred class, as code width, code noise, width of the gated "
        "layer and the entry of Z change one at a time.",
        paper="not in it: a question of its reviewers",
        n="{{ n.seeds('cifar100') }} as the units of intervals; {{ limited(gbi.cifar100.sweep.test_images, "
        "'test image') }}",
        keys="seed, gbi.hundred, gbi.factors_images, gbi.cifar100",
        labels=image_labels,
    ),
    "gbi_language_learning": FigureCard(
        "gbi.language",
        lambda plan: plan.gbi_tables("language", "learning", "test"),
        text="Language models that are told the domain of their text (Z), and the same networks that are not: loss "
        "against tokens seen, paired difference to the LSTM, and by domain. A conceptual replication on free "
        "texts; BabyLM itself is read from your own folder (gbi.language.folder).",
        paper="Fig. 5A-C (from memory)",
        n="{{ n.seeds('language') }} as the units of intervals; {{ counted(gbi.language.test_windows, 'test "
        "sequence') }} a domain",
        keys="seed, gbi.language",
        headline=True,
        labels=lambda _: ("text", "LSTM"),
    ),
    "gbi_language_context": FigureCard(
        "gbi.language_context",
        lambda plan: plan.gbi_tables("language", "context", "recognition", "following"),
        text="What knowing the domain is worth after so many tokens of context, how often Z inferred from the "
        "first tokens names the right domain, and the loss of the tokens that follow with the inferred Z.",
        paper="Fig. 5A-C (the effect of context length, from memory)",
        n="{{ n.seeds('language') }} as the units of intervals; {{ counted(gbi.language.recognition_windows, "
        "'sequence') }} a domain are recognised",
        keys="seed, gbi.language",
        labels=lambda _: ("text", "LSTM"),
    ),
    "gbi_language_novel": FigureCard(
        "gbi.language_novel",
        lambda plan: plan.gbi_tables("language", "novel", "novel_z"),
        text="Z optimised with frozen weights on domains that no network was trained on, judged on other text of "
        "them, from before the first step; the LSTM, whose Z never told it anything, likewise.",
        paper="Fig. 5D",
        n="{{ n.seeds('language') }} as the units of intervals; domains {{ listed(gbi.language.held_out) }}",
        keys="seed, gbi.language",
        headline=True,
        labels=lambda _: ("text", "LSTM"),
    ),
    "gbi_posterior_kl": FigureCard(
        "gbi.posterior",
        lambda plan: {"posteriors": plan.gbi("images", "posteriors.npz")},
        text="Divergence of the one-step posterior from the exact posterior over all tasks (MNIST autoencoder), "
        "with a bound that is proved for every network.",
        paper="not in it: a question of its reviewers",
        n="{{ n.seeds('images') }} as the units of intervals; {{ limited(gbi.images.test_images, 'test image') }}",
        keys="seed, gbi.images",
        labels=image_labels,
    ),
    "gbi_compute": FigureCard(
        "gbi.compute",
        lambda plan: plan.gbi_tables("compute", "compute"),
        text="What one-step, iterative and enumerated inference of Z cost: operations counted and time measured, "
        "as the number of tasks K and the decoder grow.",
        paper="not in it: beyond the runs column of its Table 2",
        n="{{ n.seeds('compute') }}; {{ counted(gbi.compute.measurements, 'time measurement') }} of each, their "
        "median; K {{ listed(gbi.compute.tasks) }}",
        keys="seed, gbi.compute",
        labels=lambda _: ("random numbers", "decoder"),
    ),
    "gbi_continual": FigureCard(
        "gbi.continual",
        lambda plan: plan.gbi_tables("continual", "summary"),
        text="Digits learned in pairs, one after the other: accuracy after the last pair and forgetting of GBI, "
        "fine-tuning, EWC, LwF, replay and joint training, of equal size and equal updates, whether or not "
        "the pair is known at test.",
        paper="not in it",
        n="{{ n.seeds('continual') }} as the units of intervals; {{ limited(gbi.continual.test_images, 'test "
        "image') }}",
        keys="seed, gbi.continual",
        labels=image_labels,
    ),
    "gbi_richer": FigureCard(
        "gbi.richer",
        lambda plan: plan.gbi_tables("richer", "accuracy", "loss"),
        text="One-hot codes, learned embeddings and one part a factor as Z: accuracy of the inferred class and of "
        "each of its factors, for combinations of factors that training showed and for those that it left "
        "out.",
        paper="not in it: one of its open questions",
        n="{{ n.seeds('richer') }} as the units of intervals; {{ limited(gbi.richer.test_images, 'test image') }}",
        keys="seed, gbi.factors_images, gbi.richer",
        labels=image_labels,
    ),
    "gbi_ensembles": FigureCard(
        "gbi.ensembles",
        lambda plan: plan.gbi_tables("images-more", "ensembles"),
        text="One-step GBI with one network, with an ensemble of autoencoders and with draws of dropout: accuracy, "
        "expected calibration error and detection of foreign images.",
        paper="not in it: one of its open questions",
        n="{{ n.seeds('images') }} as the units of intervals; {{ counted(gbi.images.more.members, 'member') }}, "
        "{{ counted(gbi.images.more.draws, 'draw') }}",
        keys="seed, gbi.images",
        labels=image_labels,
        outside=True,
    ),
    "gbi_unsupervised": FigureCard(
        "gbi.unsupervised",
        lambda plan: plan.gbi_tables("unsupervised", "unsupervised"),
        text="Z is not given but inferred while the weights are learned: adjusted Rand index of the inferred "
        "contexts, against k-means, a Bayes filter that knows the means, random Z and no Z.",
        paper="not in it: one of its open questions",
        n="{{ n.seeds('unsupervised') }} as the units of intervals; {{ counted(gbi.unsupervised.blocks, 'block') }}",
        keys="seed, gbi.unsupervised",
        labels=toy_labels,
    ),
}
