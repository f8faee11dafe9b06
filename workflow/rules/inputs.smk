# What every figure is drawn from. Figure: input name: files. And what the claims are read from.

import yaml


def data_path(data=DATA):
    return f"{RESULTS}/data/{data}.npz"


def tasks_path(name, data=DATA):
    return f"{RESULTS}/tasks/{data}/{name}.npz"


def agreement_path(name, network=MAIN, protocol=None):
    """Return the table of one task set and network: of the main protocol, or of another one."""
    folder = f"{protocol}/" if protocol else ""
    return f"{RESULTS}/agreement/{DATA}/{network}/{folder}{name}.csv"


def similarity_path(name):
    return f"{RESULTS}/similarity/{DATA}/{name}.csv"


def discovery_path(search, name):
    return f"{RESULTS}/discovery/{DATA}/{search}/{name}"


def at_images(name, network, images):
    """Return the table of a comparison; the main one where it already holds so many images."""
    main = images in (None, SETTINGS.agreement.images)
    return agreement_path(name, network, None if main else f"images-{images}")


def as_in_studies(name, network):
    """Return a table with as many training images as in the studies, of the comparison of networks where it fits."""
    images = SETTINGS.plan.network_images
    if images == SETTINGS.studies.images and network in SETTINGS.plan.networks:
        return at_images(name, network, images)
    return agreement_path(name, network, "studies")


def of_studies(*prefixes):
    """List the searches that vary what a prefix names, the unchanged one first, with all seeds."""
    return [
        name
        for name in SEARCHES[DATA]
        if name != "discovered" and name.startswith((BASE, *prefixes))
    ]


def study(searches, names=("tables", "similarities", "configs")):
    """Return the inputs of a figure of studies."""
    files = {
        "tables": lambda search: agreement_path(search, MAIN, "studies"),
        "similarities": similarity_path,
        "configs": lambda search: discovery_path(search, "config.yaml"),
        "histories": lambda search: discovery_path(search, "history.csv"),
    }
    return {name: [files[name](search) for search in searches] for name in names}


def joined(*inputs):
    """Join inputs of one figure by name."""
    return {
        name: [path for one in inputs for path in one.get(name, [])]
        for name in dict.fromkeys(name for one in inputs for name in one)
    }


def gallery(search):
    return {
        "data": [data_path()],
        "logits": [discovery_path(search, "logits.npz")],
        "tasks": [tasks_path(search)],
    }


BY_SOURCE = [agreement_path(name) for name in SETS]
BY_NETWORK = [
    at_images(name, network, SETTINGS.plan.network_images)
    for network in SETTINGS.plan.networks
    for name in ("random", "human")
]
# The main table holds the scores at agreement.images already, so the sweep does not measure them again.
BY_IMAGES = [
    at_images(name, MAIN, n)
    for n in SETTINGS.plan.image_sweep
    for name in ("random", "human")
]
SIMILARITIES = [similarity_path(name) for name in SETS]
REFERENCE = {
    "tables": [agreement_path(name, MAIN, "studies") for name in ("human", "random")],
    "similarities": [similarity_path(name) for name in ("human", "random")],
}
SWITCHED = of_studies("faithful-")
CROSSED = [MAIN, *(name for name in SETTINGS.studies.networks if name != MAIN)]

HEADLINE_INPUTS = {
    "td_examples": {
        "data": [data_path()],
        "human": [tasks_path("human")],
        "random": [tasks_path("random")],
    },
    "td_as_by_network": {"tables": BY_NETWORK},
    "td_as_by_source": {"tables": BY_SOURCE},
    "td_as_by_images": {"tables": BY_IMAGES},
    "td_dynamics": {
        "data": [data_path()],
        "dynamics": [discovery_path("dynamics", "dynamics.npz")],
        "tables": [agreement_path("dynamics")],
    },
    "td_gallery_discovered": gallery("discovered"),
    "td_similarity": {"tables": SIMILARITIES},
    "td_splits_table": {"tables": split_files("accuracies.csv", "discovered")},
    "td_split_classes": {
        "tables": split_files("accuracies.csv", "discovered"),
        "predictions": split_files("predictions.npz", "discovered"),
    },
    "td_split_gallery": {
        "data": [data_path()],
        "tables": split_files("accuracies.csv", "discovered"),
        "predictions": split_files("predictions.npz", "discovered"),
    },
    "td_diagram_concept": {},
    "td_diagram_agreement": {},
    "td_diagram_search": {},
    "td_diagram_split": {},
}
OTHER_INPUTS = {
    "td_gallery_regulated": gallery(REGULATED),
    "td_regulation": {
        "regulation": [
            f"{RESULTS}/regulation/{DATA}/{name}.csv"
            for name in (BASE, REGULATED, "discovered")
        ]
    },
    "td_regulation_factors": {
        "regulation": [
            f"{RESULTS}/regulation/{TRUTH}/{name}.csv"
            for name in (next(iter(SEARCHES[TRUTH])), REGULATED)
        ]
    },
    "td_gallery_uninterpretable": gallery("discovered")
    | {"explain": [f"{RESULTS}/explain/{DATA}.csv"], "tables": BY_SOURCE},
    "td_explain": {
        "explain": [f"{RESULTS}/explain/{DATA}.csv"],
        "tables": BY_SOURCE,
    },
    "td_split_sources": {
        "tables": split_files("accuracies.csv", *SPLIT_SOURCES),
    },
    "td_tradeoff": joined(study(of_studies("lambda-")), REFERENCE),
    "td_dimension": study(of_studies("size-")),
    "td_cross_network": {
        "tables": [
            agreement_path(name, network, "studies")
            for network in CROSSED
            for name in of_studies("network-")
        ]
        + [
            as_in_studies(name, network)
            for network in CROSSED
            for name in ("human", "random")
        ],
        "configs": [
            discovery_path(name, "config.yaml") for name in of_studies("network-")
        ],
    },
    "td_estimators": study(
        of_studies("objective-", "diversity-"),
        ("tables", "similarities", "configs", "histories"),
    ),
    "td_faithful": study(SWITCHED),
    "td_kway": study(of_studies("classes-"), ("tables", "configs")),
    "td_human_included": study(of_studies("human-"))
    | {
        "cross": [
            f"{RESULTS}/similarity/{DATA}/to-human/{name}.csv"
            for name in of_studies("human-")
        ]
    },
    "td_data_size": {
        "tables": BY_IMAGES
        + [at_images("discovered", MAIN, n) for n in SETTINGS.plan.image_sweep]
    },
    "td_as_vs_accuracy": {
        "tables": sorted(
            {
                *BY_SOURCE,
                *BY_NETWORK,
                *(agreement_path(name, MAIN, "studies") for name in of_studies("")),
            }
        )
    },
    "td_proxy": {"proxy": [f"{RESULTS}/proxy/{DATA}.csv"], "tables": BY_SOURCE},
    "td_stochasticity": {
        "tables": [
            agreement_path(name, MAIN, protocol)
            for protocol in ("studies", "order", "both")
            for name in ("random", "human", "discovered")
        ]
    },
    "td_linear": {"tables": [agreement_path("linear", MAIN, "studies")]},
    "td_baselines": {
        "tables": BY_SOURCE + [agreement_path(name) for name in BASELINES]
    },
    "td_coverage": {"coverage": [f"{RESULTS}/coverage/{DATA}.csv"]},
    "td_factors": {
        "factors": [f"{RESULTS}/ground_truth/factors.csv"],
        "summary": [f"{RESULTS}/ground_truth/summary.csv"],
    },
}
if SETTINGS.imagenet.folder:
    OTHER_INPUTS["td_imagenet"] = {
        "tables": [
            f"{RESULTS}/imagenet/{control}/accuracies.csv"
            for control in ("adversarial", "random")
        ]
    }
HEADLINE_INPUTS |= GBI_HEADLINE_INPUTS
OTHER_INPUTS |= GBI_OTHER_INPUTS
FIGURE_INPUTS = HEADLINE_INPUTS | OTHER_INPUTS
for figure in SETTINGS.figures.own:
    if figure not in FIGURE_INPUTS:
        raise WorkflowError(
            f"figures.own: no figure {figure!r}; allowed: {', '.join(FIGURE_INPUTS)}"
        )

CLAIMS = "config/claims.yaml"
try:
    # Figures whose numbers claims are read from; the verb checks the rest of the file.
    CLAIMED = {
        claim["figure"]: None
        for claim in yaml.safe_load(Path(CLAIMS).read_text())["claims"]
        if "drawn" in claim
    }
except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
    raise WorkflowError(f"cannot read the claims in {CLAIMS}: {error}") from None
ANIMATED = {"td_dynamics"}


def figure_files(figure):
    """Return what one figure writes, the PNG first."""
    endings = ["png", "svg", "csv", *(["gif"] if figure in ANIMATED else [])]
    return [f"{RESULTS}/figures/{figure}.{ending}" for ending in endings]


def input_options(wildcards, input):
    """Return the `--input=NAME=PATH` options of a figure, from its named inputs."""
    return [
        f"--input={name}={path}"
        for name, paths in input.items()
        if name != "code"
        for path in as_list(paths)
    ]


def tables_of(figure):
    """List the files that a figure is drawn from."""
    return [path for paths in FIGURE_INPUTS[figure].values() for path in as_list(paths)]


def claimed(wildcards):
    """List the figures whose numbers claims are read from: those of studies too, unless only headlines are wanted."""
    drawn = FIGURE_INPUTS if wildcards.claims == "claims" else GBI_HEADLINE_INPUTS
    return [figure for figure in CLAIMED if figure in drawn]


def behind_claims(wildcards):
    """List the tables that the numbers of these figures come from.

    Claims take them from the tables, not from the figures: what is only drawn again has the numbers that it had.
    """
    return sorted({path for figure in claimed(wildcards) for path in tables_of(figure)})


def claim_options(wildcards):
    """Return the `--input=FIGURE:NAME=PATH` options of the claims."""
    return [
        f"--input={figure}:{name}={path}"
        for figure in claimed(wildcards)
        for name, paths in FIGURE_INPUTS[figure].items()
        for path in as_list(paths)
    ]


TRUTH_DATA = SETTINGS.ground_truth.data.slug
# How the IDs of figures begin, and what they are drawn from where no table names data and network.
DRAWN_FROM = {
    "td_diagram": ("none", "none"),
    "td_factors": (TRUTH_DATA, ", ".join(SETTINGS.ground_truth.networks)),
    "td_regulation_factors": (TRUTH_DATA, SETTINGS.ground_truth.networks[0]),
    "td_imagenet": ("imagenet", SETTINGS.imagenet.network),
    "td_": (DATA, MAIN),
    "gbi_diagram": ("none", "none"),
    "gbi_concavity": ("none", "none"),
    "gbi_toy": ("two Gaussians", "LSTM"),
    "gbi_unsupervised": ("two Gaussians", "LSTM"),
    "gbi_language": ("text", "LSTM"),
    "gbi_compute": ("random numbers", "decoder"),
    "gbi_": ("mnist", "autoencoder"),
}
# Figures of arrays, which do not say whose they are: a table of the same job does.
TABLE_BESIDE = {
    figure: gbi_files("images", "mnist_table.csv")[0]
    for figure in ("gbi_images_generations", "gbi_posterior_kl")
}
# Figures of foreign images too.
OUTSIDE = ("gbi_ood", "gbi_confidence", "gbi_ensembles")


def figure_labels(figure):
    """Return the function that gives the labels of a figure in the report, when it has been drawn."""
    data, network = next(
        names for start, names in DRAWN_FROM.items() if figure.startswith(start)
    )
    columns = ["data", "outside"] if figure.startswith(OUTSIDE) else ["data"]
    table = Path(TABLE_BESIDE.get(figure, f"{RESULTS}/figures/{figure}.csv"))
    return lambda wildcards: {
        "figure": figure,
        "data": named_in(table, columns, data),
        # Tables of GBI call the rows of a comparison networks.
        "network": (
            named_in(table, ["network"], network)
            if figure.startswith("td_")
            else network
        ),
        "scale": SETTINGS.scale,
    }
