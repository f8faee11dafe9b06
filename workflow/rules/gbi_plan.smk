# The experiments of Gradient-Based Inference: one job for each seed, and what their figures are drawn from.


class GbiPlan(NamedTuple):
    """What the rule of an experiment needs to know."""

    job: type
    """Class of its job in whichtask.config.gbi."""
    seeds: list
    files: list
    """What it writes into its folder, besides config.yaml."""
    data: dict = {}
    """Options of the verb that name files, and these files."""
    resumes: bool = True
    """Whether it keeps live state."""


def data_file(name):
    return f"{RESULTS}/data/{name}.npz"


GBI = SETTINGS.gbi
MNIST = {"data": data_file("mnist"), "outside": data_file("fashion_mnist")}
GBI_PLANS = {
    "toy-learning": GbiPlan(
        ToyLearningJob,
        GBI.toy.seeds,
        [
            "curves.csv",
            "contexts.csv",
            "modules.csv",
            "stream.csv",
            "weights.safetensors",
        ],
    ),
    "toy": GbiPlan(
        ToyJob,
        GBI.toy.seeds,
        [
            "one_step.csv",
            "by_observation.csv",
            "filters.csv",
            "switches.csv",
            "generalisation.csv",
            "rates.csv",
            "curves.csv",
            "contexts.csv",
        ],
        {"weights": f"{RESULTS}/gbi/toy-learning/{{repeat}}/weights.safetensors"},
    ),
    "images": GbiPlan(
        ImagesJob,
        GBI.images.seeds,
        [
            "mnist_table.csv",
            "ood.csv",
            "tau.csv",
            "confidence.csv",
            "networks.csv",
            "generations.npz",
            "posteriors.npz",
        ],
        MNIST,
    ),
    "images-more": GbiPlan(
        ImagesMoreJob,
        GBI.images.seeds,
        ["bottleneck.csv", "iterations.csv", "ensembles.csv"],
        MNIST,
    ),
    "language": GbiPlan(
        LanguageJob,
        GBI.language.seeds,
        [
            "learning.csv",
            "test.csv",
            "context.csv",
            "recognition.csv",
            "following.csv",
            "novel.csv",
            "novel_z.csv",
        ],
        {"data": data_file("text")},
    ),
    "cifar100": GbiPlan(
        Cifar100Job,
        GBI.cifar100.seeds,
        ["accuracy.csv", "reliance.csv"],
        {"data": data_file("hundred")},
    ),
    "richer": GbiPlan(
        RicherJob,
        GBI.richer.seeds,
        ["accuracy.csv", "loss.csv"],
        {"data": data_file("factors32")},
    ),
    "continual": GbiPlan(
        ContinualJob,
        GBI.continual.seeds,
        ["accuracy.csv", "summary.csv"],
        {"data": data_file("mnist")},
    ),
    "unsupervised": GbiPlan(
        UnsupervisedJob,
        GBI.unsupervised.seeds,
        ["unsupervised.csv"],
    ),
    "compute": GbiPlan(
        ComputeJob,
        GBI.compute.seeds,
        ["compute.csv"],
        resumes=False,
    ),
}


def gbi_files(experiment, name):
    """List one file of all repeats of an experiment."""
    return [
        f"{RESULTS}/gbi/{experiment}/{repeat}/{name}"
        for repeat in GBI_PLANS[experiment].seeds
    ]


def gbi_job(experiment):
    """Return the function that gives the rule of an experiment its job as JSON."""
    kind = GBI_PLANS[experiment].job
    return lambda wildcards: kind.of(SETTINGS, int(wildcards.repeat)).model_dump_json()


def gbi_options(wildcards, input):
    """Return the options that name the images or the text of an experiment."""
    return [f"--{name}={path}" for name, path in input.items() if name != "code"]


def gbi_tables(experiment, *names):
    """Return the inputs of a figure that are called like the tables of an experiment."""
    return {name: gbi_files(experiment, f"{name}.csv") for name in names}


GBI_HEADLINE_INPUTS = {
    "gbi_diagram": {},
    "gbi_toy_learning": gbi_tables("toy-learning", "curves"),
    "gbi_mnist_table": gbi_tables("images", "mnist_table"),
    "gbi_ood_table": gbi_tables("images", "ood"),
    "gbi_language_learning": gbi_tables("language", "learning", "test"),
    "gbi_language_novel": gbi_tables("language", "novel", "novel_z"),
}
GBI_OTHER_INPUTS = {
    "gbi_concavity": {},
    "gbi_toy_modules": gbi_tables("toy-learning", "modules"),
    "gbi_toy_forgetting": {
        "contexts": gbi_files("toy-learning", "contexts.csv")
        + gbi_files("toy", "contexts.csv")
    },
    "gbi_toy_generalisation": gbi_tables("toy", "generalisation"),
    "gbi_toy_gradients": gbi_tables("toy", "by_observation", "one_step"),
    "gbi_toy_bayes": gbi_tables("toy", "switches", "filters"),
    "gbi_iterations": gbi_tables("images-more", "iterations"),
    "gbi_bottleneck": gbi_tables("images-more", "bottleneck"),
    "gbi_images_generations": {"generations": gbi_files("images", "generations.npz")},
    "gbi_ood_tau": gbi_tables("images", "tau"),
    "gbi_confidence_histograms": gbi_tables("images", "confidence"),
    "gbi_language_context": gbi_tables(
        "language", "context", "recognition", "following"
    ),
    "gbi_posterior_kl": {"posteriors": gbi_files("images", "posteriors.npz")},
    "gbi_compute": gbi_tables("compute", "compute"),
    "gbi_cifar100_table": gbi_tables("cifar100", "accuracy"),
    "gbi_z_reliance": gbi_tables("cifar100", "reliance"),
    "gbi_richer": gbi_tables("richer", "accuracy", "loss"),
    "gbi_continual": gbi_tables("continual", "summary"),
    "gbi_ensembles": gbi_tables("images-more", "ensembles"),
    "gbi_unsupervised": gbi_tables("unsupervised", "unsupervised"),
}
