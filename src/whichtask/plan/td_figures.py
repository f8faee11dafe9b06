"""Cards of the figures of Task Discovery, in the order of the pages."""

from whichtask.config import BASE, MAIN, REGULATED
from whichtask.plan.cards import FigureCard, no_inputs, no_labels
from whichtask.plan.plan import BASELINES, TRUTH, joined, without

TD_FIGURES: dict[str, FigureCard] = {
    "td_examples": FigureCard(
        "td.examples",
        lambda plan: {"data": [plan.images()], "human": [plan.tasks("human")], "random": [plan.tasks("random")]},
        paper='the figure "Tasks Examples" of the web page; like the right panel of Fig. 1',
        n="1 human and 1 random task, {{ counted(figures.example_images, 'test image') }}; nothing is averaged",
        keys="seed, data, tasks, figures.example_images",
        headline=True,
        gallery=True,
    ),
    "td_as_by_network": FigureCard(
        "td.scores:by_network",
        lambda plan: {"tables": plan.by_network},
        paper='"AS across tasks and architectures" of the web page; like the centre panel of Fig. 1',
        n="{{ n.by_network }}; networks {{ listed(plan.networks) }}",
        keys="seed, data, networks, tasks, agreement, plan",
        headline=True,
    ),
    "td_as_by_source": FigureCard(
        "td.scores:by_source",
        lambda plan: {"tables": plan.by_source},
        paper="the web page's figure of human-labelled, random-labelled and discovered tasks",
        n="{{ n.kinds }}; {{ n.main }}",
        keys="seed, data, networks, tasks, agreement, discovery, plan.networks",
        headline=True,
    ),
    "td_as_by_images": FigureCard(
        "td.scores:by_images",
        lambda plan: {"tables": plan.by_images},
        paper="from memory it has a figure of data dependence, which was not at hand",
        n="{{ n.by_images }}",
        keys="seed, data, networks, tasks, agreement, plan",
        headline=True,
    ),
    "td_baselines": FigureCard(
        "td.scores:by_source",
        lambda plan: {"tables": plan.by_source + [plan.scores(name) for name in BASELINES]},
        text="Agreement score of tasks that cost no search (features, principal components, k-means, random "
        "networks) beside random, human and discovered ones.",
        paper="not in it, except random networks (from memory in an appendix)",
        n="{{ n.kinds }}, {{ counted(tasks.baseline, 'task') }} of each baseline; {{ n.main }}",
        keys="seed, data, networks, tasks, agreement, discovery, plan.networks",
    ),
    "td_dynamics": FigureCard(
        "td.dynamics",
        lambda plan: {
            "data": [plan.images()],
            "dynamics": [plan.search("dynamics", "dynamics.npz")],
            "tables": [plan.scores("dynamics")],
        },
        paper="the web page's video of one task's optimisation",
        n="1 task, {{ counted(dynamics.outer_steps, 'outer step') }}; at each measured step {{ n.main }}; "
        "intervals resample held-out images",
        keys="seed, data, networks, agreement, discovery, dynamics, plan.networks, figures.gif_milliseconds",
        headline=True,
        gallery=True,
        animated=True,
    ),
    "td_gallery_discovered": FigureCard(
        "td.gallery",
        lambda plan: plan.gallery(MAIN),
        paper="the web page's gallery of tasks discovered without regulation",
        n="{{ counted(discovery.tasks, 'task') }} of 1 search, {{ counted(figures.gallery_images, 'image') }} a "
        "side; nothing is averaged",
        keys="seed, data, networks, discovery, figures.gallery_images",
        headline=True,
        gallery=True,
    ),
    "td_similarity": FigureCard(
        "td.similarity",
        lambda plan: {"tables": plan.similarities},
        paper="it reports this similarity for its sets of tasks; its web page has no such figure",
        n="{{ n.kinds }}, all pairs within a kind",
        keys="seed, data, networks, tasks, discovery",
        headline=True,
    ),
    "td_regulated_similarity": FigureCard(
        "td.similarity",
        lambda plan: {"tables": [*plan.similarities, plan.similarity(REGULATED)]},
        text="The same with the tasks of regulated discovery.",
        paper="not in it: the similarity of the released regulated tasks is in the authors' files",
        n="{{ n.kinds }}, and {{ counted(discovery.tasks, 'regulated task') }}; all pairs within a kind",
        keys="seed, data, networks, tasks, discovery, studies, simclr",
    ),
    "td_splits_table": FigureCard(
        "td.splits",
        lambda plan: {"tables": plan.splits("accuracies.csv", MAIN)},
        paper="the table of adversarial splits (sections 6.1 and 6.2)",
        n="{{ n.splits }}",
        keys="seed, data, networks, tasks, agreement, discovery, splits, plan.networks",
        headline=True,
    ),
    "td_split_sources": FigureCard(
        "td.splits",
        lambda plan: {"tables": plan.splits("accuracies.csv", *plan.split_sources)},
        text="Test accuracy on adversarial splits made by discovered tasks, by randomly initialised networks (as "
        "on ImageNet) and on a binary attribute (as on CelebA; here a known factor of factors32), each beside "
        "its random controls.",
        paper="columns of the table of adversarial splits (section 6), on other data",
        n="{{ n.splits }}; {{ counted(splits.random_networks, 'random network') }} a target; attributes {{ "
        "listed(splits.attribute_targets) }}",
        keys="seed, data, networks, tasks, agreement, discovery, splits, ground_truth, plan.networks",
    ),
    "td_split_gallery": FigureCard(
        "td.split_gallery",
        lambda plan: {
            "data": [plan.images()],
            "tables": plan.splits("accuracies.csv", MAIN),
            "predictions": plan.splits("predictions.npz", MAIN),
        },
        paper="the web page's gallery of CIFAR-10 adversarial splits",
        n="1 split, chosen among {{ n.splits }}",
        keys="seed, data, networks, tasks, agreement, discovery, splits, plan.networks",
        headline=True,
        gallery=True,
    ),
    "td_split_classes": FigureCard(
        "td.split_classes",
        lambda plan: {
            "tables": plan.splits("accuracies.csv", MAIN),
            "predictions": plan.splits("predictions.npz", MAIN),
        },
        paper="not in it: a closer look at the table of adversarial splits",
        n="{{ n.splits }}",
        keys="seed, data, networks, tasks, agreement, discovery, splits, plan.networks",
        headline=True,
    ),
    "td_tradeoff": FigureCard(
        "td.tradeoff",
        lambda plan: joined(plan.study("lambda-"), plan.references),
        paper="the appendix on the trade-off that the web page names",
        n="{{ n.studies }}; weights {{ listed(studies.uniformity_weights) }} beside {{ discovery.uniformity_weight }}",
        keys="seed, data, networks, agreement, discovery, studies, tasks, plan.networks",
    ),
    "td_dimension": FigureCard(
        "td.studies:dimension",
        lambda plan: plan.study("size-"),
        paper="from memory it has an appendix on d and K",
        n="{{ n.studies }}",
        keys="seed, data, networks, agreement, discovery, studies, plan.networks",
    ),
    "td_cross_network": FigureCard(
        "td.cross_network",
        lambda plan: {"tables": plan.crossed, "configs": plan.study("network-")["configs"]},
        paper="from memory it has such a comparison; its numbers are not known here",
        n="{{ n.studies }}; networks {{ listed(studies.networks) }}",
        keys="seed, data, networks, agreement, discovery, studies, tasks, plan",
    ),
    "td_estimators": FigureCard(
        "td.estimators:estimators",
        lambda plan: plan.study("objective-", "diversity-", histories=True),
        paper="they are in the authors' code; no results were published",
        n="{{ n.studies }}; objectives {{ listed(studies.objectives) }}",
        keys="seed, data, networks, agreement, discovery, studies, plan.networks",
    ),
    "td_faithful": FigureCard(
        "td.estimators:faithful",
        lambda plan: plan.study("faithful-"),
        paper="not in it: its text and its code differ",
        n="{{ n.studies }}; switches {{ listed(studies.faithful) }}",
        keys="seed, data, networks, agreement, discovery, studies, plan.networks",
    ),
    "td_kway": FigureCard(
        "td.studies:kway",
        lambda plan: without(plan.study("classes-"), "similarities"),
        paper="from memory it has an appendix on tasks of more classes",
        n="{{ n.studies }}; classes {{ listed(studies.classes) }}",
        keys="seed, data, networks, agreement, discovery, studies, plan.networks",
    ),
    "td_human_included": FigureCard(
        "td.studies:human_included",
        lambda plan: (
            plan.study("human-") | {"cross": [plan.similarity(name, "to-human/") for name in plan.of_studies("human-")]}
        ),
        paper="an option of the authors' code; from memory in an appendix",
        n="{{ n.studies }}; human tasks {{ listed(studies.human_tasks) }}",
        keys="seed, data, networks, agreement, discovery, studies, tasks, plan.networks",
    ),
    "td_as_vs_accuracy": FigureCard(
        "td.accuracy",
        lambda plan: {"tables": sorted({*plan.by_source, *plan.by_network, *plan.study("")["tables"]})},
        paper="appendix G",
        n="{{ n.kinds }} with {{ n.main }}; those of studies with {{ n.study_networks }}",
        keys="seed, data, networks, tasks, agreement, discovery, studies, simclr, plan",
    ),
    "td_data_size": FigureCard(
        "td.scores:by_images",
        lambda plan: {
            "tables": plan.by_images + [plan.at_images(MAIN, plan.main, n) for n in plan.settings.plan.image_sweep]
        },
        text="Agreement score of random, human and discovered tasks against the number of training images "
        "(plan.image_sweep).",
        paper="from memory it has a figure of data dependence",
        n="{{ n.by_images }}; discovered: as many tasks, or {{ counted(discovery.tasks, 'task') }}",
        keys="seed, data, networks, tasks, agreement, discovery, plan",
    ),
    "td_regulation": FigureCard(
        "td.regulation",
        lambda plan: {
            "regulation": [plan.at(f"regulation/{plan.data}/{name}.csv") for name in (BASE, REGULATED, MAIN)]
        },
        paper="not in it: its web page says that regulated tasks look less like colour",
        n="{{ counted(discovery.tasks, 'task') }} of each search",
        keys="seed, data, networks, discovery, studies, simclr",
    ),
    "td_regulation_factors": FigureCard(
        "td.regulation",
        lambda plan: {
            "regulation": [plan.at(f"regulation/{TRUTH}/{name}.csv") for name in (plan.attackers, REGULATED)]
        },
        text="The same on factors32, whose colours are known: how often augmentations flip labels of regulated and "
        "unregulated tasks, and how much of a label mean colour explains.",
        paper="not in it",
        n="{{ counted(ground_truth.tasks, 'task') }} of each search",
        keys="seed, networks, discovery, simclr, ground_truth",
        labels=lambda plan: (plan.truth, plan.settings.ground_truth.networks[0]),
    ),
    "td_gallery_regulated": FigureCard(
        "td.gallery",
        lambda plan: plan.gallery(REGULATED),
        text="Test images that each regulated task (encoder pre-trained with SimCLR, backbone frozen) is surest about.",
        paper="the web page's gallery of regulated tasks",
        n="{{ counted(discovery.tasks, 'task') }} of 1 search, {{ counted(figures.gallery_images, 'image') }} a "
        "side; nothing is averaged",
        keys="data, networks, discovery, studies, simclr, figures.gallery_images",
        gallery=True,
    ),
    "td_imagenet": FigureCard(
        "td.imagenet",
        lambda plan: {
            "tables": [plan.at(f"imagenet/{control}/accuracies.csv") for control in ("adversarial", "random")]
        },
        paper="the ImageNet column of the table of adversarial splits (section 6)",
        n="1 split and 1 network of each kind",
        keys="seed, imagenet",
        labels=lambda plan: ("imagenet", plan.settings.imagenet.network),
        wanted=lambda settings: bool(settings.imagenet.folder),
    ),
    "td_coverage": FigureCard(
        "td.coverage",
        lambda plan: {"coverage": [plan.at(f"coverage/{plan.data}.csv")]},
        paper="measured by the authors' code; no results were published",
        n="all balanced class partitions; 1 embedding a search",
        keys="seed, data, networks, discovery, studies, simclr",
    ),
    "td_factors": FigureCard(
        "td.factors",
        lambda plan: {name: [plan.at(f"ground_truth/{name}.csv")] for name in ("factors", "summary")},
        paper="not in it",
        n="{{ n.truth }}, as many of each baseline; {{ counted(ground_truth.permutations, 'permutation') }}",
        keys="seed, networks, discovery, simclr, ground_truth",
        labels=lambda plan: (plan.truth, ", ".join(plan.settings.ground_truth.networks)),
    ),
    "td_explain": FigureCard(
        "td.explain:explain",
        lambda plan: {"explain": [plan.at(f"explain/{plan.data}.csv")], "tables": plan.by_source},
        paper="from memory it compares with mean colour",
        n="{{ n.kinds }}, and {{ counted(discovery.tasks, 'regulated task') }}; intervals resample held-out images",
        keys="seed, data, networks, tasks, agreement, discovery, studies, simclr, plan.networks",
    ),
    "td_gallery_uninterpretable": FigureCard(
        "td.explain:uninterpretable",
        lambda plan: plan.gallery(MAIN) | {"explain": [plan.at(f"explain/{plan.data}.csv")], "tables": plan.by_source},
        paper="the web page's gallery of tasks that are hard to interpret",
        n="chosen among the discovered ones of {{ n.kinds }}; {{ n.main }}",
        keys="seed, data, networks, tasks, agreement, discovery, studies, simclr, plan.networks, "
        "figures.gallery_images",
        gallery=True,
    ),
    "td_proxy": FigureCard(
        "td.proxy",
        lambda plan: {"proxy": [plan.at(f"proxy/{plan.data}.csv")], "tables": plan.by_source},
        paper="from memory it has an appendix on the length of the proxy",
        n="{{ counted(studies.proxy_tasks, 'task') }} of each kind at most; inner steps {{ "
        "listed(studies.proxy_steps) }}; full scores with {{ n.main }}",
        keys="seed, data, networks, tasks, agreement, discovery, studies, plan.networks",
    ),
    "td_stochasticity": FigureCard(
        "td.stochasticity",
        lambda plan: {
            "tables": [
                plan.scores(name, protocol=protocol)
                for protocol in ("studies", "order", "both")
                for name in ("random", "human", MAIN)
            ]
        },
        paper="from memory it has an appendix on sources of stochasticity",
        n="{{ n.kinds }}; {{ n.study_networks }}",
        keys="seed, data, networks, tasks, agreement, discovery, studies, plan.networks",
    ),
    "td_linear": FigureCard(
        "td.linear",
        lambda plan: {"tables": [plan.scores("linear", protocol="studies")]},
        paper="an option of the authors' code, which no script calls",
        n="{{ n.studies }}; {{ counted(studies.linear_steps, 'update') }} of a direction",
        keys="seed, data, networks, agreement, discovery, studies, plan.networks",
    ),
    "td_diagram_concept": FigureCard(
        "td.diagrams:concept",
        no_inputs,
        text="Drawn by code: usually the task is fixed and networks are searched; Task Discovery fixes the network "
        "and searches tasks.",
        paper="the opening figure (Fig. 1)",
        n="nothing is measured: drawn by code",
        keys="",
        headline=True,
        labels=no_labels,
    ),
    "td_diagram_agreement": FigureCard(
        "td.diagrams:agreement",
        no_inputs,
        text="Drawn by code: how the agreement score (AS) of a task is measured with two networks that start from "
        "different weights.",
        paper="the web page's diagram of the agreement score",
        n="nothing is measured: drawn by code",
        keys="",
        headline=True,
        labels=no_labels,
    ),
    "td_diagram_search": FigureCard(
        "td.diagrams_method:search",
        no_inputs,
        text="Drawn by code: tasks as directions in one embedding, and the loop that moves the encoder so that "
        "inner networks agree.",
        paper="the web page's diagrams of parametrisation and meta-optimisation",
        n="nothing is measured: drawn by code",
        keys="",
        headline=True,
        labels=no_labels,
    ),
    "td_diagram_split": FigureCard(
        "td.diagrams_method:split",
        no_inputs,
        text="Drawn by code: an adversarial split trains on the images on which target and discovered task agree "
        "and tests on the rest.",
        paper="the web page's diagram of adversarial splits",
        n="nothing is measured: drawn by code",
        keys="",
        headline=True,
        labels=no_labels,
    ),
}
