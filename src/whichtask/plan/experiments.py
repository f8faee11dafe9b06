"""Cards of the experiments whose verb and rule are made from them, by their verb.

Verbs and rules of data, tasks, agreement, searches, splits and ImageNet are written out (``whichtask.cli``,
``workflow/rules``): they have options or inputs of their own kind.
"""

from collections.abc import Callable, Mapping
from typing import Any

from whichtask.config import (
    BASE,
    MAIN,
    REGULATED,
    BridgeBitsJob,
    BridgeJob,
    Config,
    DynamicsJob,
    FeatureJob,
    GroundTruthJob,
    LinearJob,
    ProxyJob,
    RegulationJob,
    SimclrJob,
)
from whichtask.config.base import Job
from whichtask.config.gbi import (
    Cifar100Job,
    ComputeJob,
    ContinualJob,
    ImagesJob,
    ImagesMoreJob,
    LanguageJob,
    MetricJob,
    RicherJob,
    ToyJob,
    ToyLearningJob,
    UnsupervisedJob,
)
from whichtask.plan.cards import Experiment, Read, Wildcards
from whichtask.plan.plan import BASELINES, TRUTH, Plan

IMAGES = {"data": Read("images", "data/{data}.npz")}
DIGITS = {
    "data": Read("images", "data/mnist.npz"),
    "outside": Read("images", "data/fashion_mnist.npz", "Images of the same size that are out of distribution."),
}
HUNDRED = {"data": Read("images", "data/hundred.npz", "CIFAR-100, or factors32, whose images get 96 classes.")}


def of_data(plan: Plan, wildcards: Wildcards) -> Config:
    """Return the configuration of an image set."""
    return plan.settings_of[wildcards["data"]]


def search(name: str | None = None) -> Callable[[Plan, Wildcards], Config]:
    """Return the configuration of a search, by its name or by a wildcard."""
    return lambda plan, wildcards: plan.searches[wildcards["data"]][name or wildcards["search"]]


def task_sets(*names: str) -> Read:
    """Read several sets of tasks of the same images."""
    return Read("task sets", lambda plan, wildcards: [plan.tasks(name, wildcards["data"]) for name in names])


def of_searches(name: str) -> Callable[[Plan, Wildcards], list[str]]:
    """Return the function that lists a file of the searches whose embeddings are probed."""
    return lambda plan, _: [plan.search(search, name) for search in (MAIN, REGULATED)]


def explained(plan: Plan, wildcards: Wildcards) -> list[str]:
    """List the sets of tasks that simple features are asked to predict."""
    data = wildcards["data"]
    names = ["random", "human", MAIN, REGULATED] if data == plan.data else list(plan.searches[data])
    return [plan.tasks(name, data) for name in names]


def matched(plan: Plan, _: Wildcards) -> list[str]:
    """List the sets of tasks that are matched with true factors."""
    return [plan.tasks(name, TRUTH) for name in (*plan.searches[TRUTH], "random", *BASELINES)]


def found_tasks(plan: Plan, wildcards: Wildcards) -> list[str]:
    """List the set of tasks that the bridge takes."""
    return [plan.tasks(plan.found(wildcards["data"]), wildcards["data"])]


def of_gbi(
    verb: str, job: type[Job], function: str, *writes: str, reads: Mapping[str, Read] | None = None, **changes: Any
) -> dict[str, Experiment]:
    """Make the card of an experiment of Gradient-Based Inference: one job for each seed."""
    out, message = f"gbi/{verb}/{{repeat}}/", f"GBI {verb}, seed {{wildcards.repeat}}"
    same: dict[str, Any] = {"mem_mb": 3_000, "runtime": 720, "priority": 80}
    card = Experiment(
        job, f"whichtask.gbi.{function}", out, message, reads=reads or {}, writes=writes, **same | changes
    )
    return {f"gbi {verb}": card}


TASK_DISCOVERY = {
    "simclr": Experiment(
        SimclrJob,
        "whichtask.training.simclr:simclr",
        "simclr/{data}/",
        "pre-train the encoder with SimCLR",
        reads=IMAGES,
        writes=("backbone.safetensors", "history.csv"),
        settings=search(REGULATED),
        priority=90,
    ),
    "dynamics": Experiment(
        DynamicsJob,
        "whichtask.discovery.dynamics:dynamics",
        "discovery/{data}/dynamics/",
        "discover one task and record its way",
        reads=IMAGES,
        writes=("dynamics.npz",),
        also={"tasks": "tasks/{data}/dynamics.npz"},
        settings=of_data,
        priority=50,
    ),
    "linear": Experiment(
        LinearJob,
        "whichtask.studies.linear:linear",
        "discovery/{data}/linear/",
        "search the worst and the best linear task in an embedding",
        reads=IMAGES | {"encoder": Read("encoder", f"discovery/{{data}}/{BASE}/encoder.safetensors")},
        writes=("history.csv",),
        also={"tasks": "tasks/{data}/linear.npz"},
        settings=search(BASE),
    ),
    "proxy": Experiment(
        ProxyJob,
        "whichtask.studies.proxy:measure_proxy",
        "proxy/{data}.csv",
        "measure the proxy of agreement",
        reads=IMAGES | {"tasks": task_sets("random", "human", MAIN)},
        settings=search(MAIN),
        runtime=240,
    ),
    "explain": Experiment(
        FeatureJob,
        "whichtask.studies.explain:explain_tasks",
        "explain/{data}.csv",
        "predict tasks of {wildcards.data} from simple features",
        reads=IMAGES | {"tasks": Read("task sets", explained)},
        settings=of_data,
        resumes=False,
        gpu=False,
    ),
    "coverage": Experiment(
        FeatureJob,
        "whichtask.studies.coverage:measure_coverage",
        "coverage/{data}.csv",
        "predict human tasks from embeddings",
        reads=IMAGES | {"logits": Read("searches", of_searches("logits.npz"))},
        beside=of_searches("config.yaml"),
        settings=of_data,
        resumes=False,
        gpu=False,
    ),
    "regulation": Experiment(
        RegulationJob,
        "whichtask.studies.regulation:regulation",
        "regulation/{data}/{search}.csv",
        "count labels that augmentations flip: {wildcards.search}",
        reads=IMAGES | {"encoder": Read("encoder", "discovery/{data}/{search}/encoder.safetensors")},
        words={"set_name": ("{search}", "Name of the search's task set, for the table.")},
        settings=search(),
        resumes=False,
        runtime=60,
    ),
    "factors": Experiment(
        GroundTruthJob,
        "whichtask.studies.ground_truth:factors",
        "ground_truth/factors.csv",
        "match tasks with the true factors",
        reads={"data": Read("images", f"data/{TRUTH}.npz"), "tasks": Read("task sets", matched)},
        also={"summary": "ground_truth/summary.csv"},
        resumes=False,
        gpu=False,
        mem_mb=1_000,
    ),
}
GBI = {
    **of_gbi(
        "toy-learning",
        ToyLearningJob,
        "toy.learning:learn_headline",
        *("curves.csv", "contexts.csv", "modules.csv", "stream.csv", "weights.safetensors"),
    ),
    **of_gbi(
        "toy",
        ToyJob,
        "toy.measuring:measure_learned",
        *("one_step.csv", "by_observation.csv", "filters.csv", "switches.csv", "generalisation.csv", "rates.csv"),
        *("curves.csv", "contexts.csv", "starts.csv", "stream_beliefs.csv"),
        reads={"weights": Read("weights", "gbi/toy-learning/{repeat}/weights.safetensors")},
    ),
    **of_gbi(
        "images",
        ImagesJob,
        "images.experiment:images",
        *("mnist_table.csv", "ood.csv", "tau.csv", "confidence.csv", "networks.csv"),
        *("starts.csv", "generations.npz", "posteriors.npz"),
        reads=DIGITS,
    ),
    **of_gbi(
        "images-more",
        ImagesMoreJob,
        "images.more:images_more",
        *("bottleneck.csv", "iterations.csv", "ensembles.csv", "learning.csv"),
        reads=DIGITS,
    ),
    **of_gbi(
        "language",
        LanguageJob,
        "language.run:run_language",
        *("learning.csv", "test.csv", "context.csv", "recognition.csv", "following.csv", "novel.csv", "novel_z.csv"),
        reads={"data": Read("text", "data/text.npz")},
    ),
    **of_gbi(
        "cifar100",
        Cifar100Job,
        "cifar100:infer_classes",
        *("accuracy.csv", "reliance.csv"),
        reads=HUNDRED,
    ),
    **of_gbi("metric", MetricJob, "metric:compare_metrics", "metric.csv", reads=HUNDRED),
    **of_gbi(
        "richer",
        RicherJob,
        "richer.study:study",
        *("accuracy.csv", "loss.csv"),
        reads={"data": Read("images", "data/factors32.npz", "factors32, whose classes are combinations of factors.")},
    ),
    **of_gbi(
        "continual",
        ContinualJob,
        "continual.study:study",
        *("accuracy.csv", "summary.csv"),
        reads={"data": Read("images", "data/mnist.npz")},
    ),
    **of_gbi("unsupervised", UnsupervisedJob, "unsupervised:measure_unsupervised", "unsupervised.csv"),
    **of_gbi("compute", ComputeJob, "compute:measure", "compute.csv", resumes=False),
}
BRIDGE = {
    "bridge bits": Experiment(
        BridgeBitsJob,
        "whichtask.bridge.bits:make_bits",
        "tasks/{data}/bits.npz",
        "make bits for Z of {wildcards.data}",
        reads=IMAGES | {"tasks": Read("task set", found_tasks)},
        settings=lambda plan, wildcards: plan.searches[wildcards["data"]][plan.found(wildcards["data"])],
        resumes=False,
        gpu=False,
        priority=70,
    ),
    "bridge infer": Experiment(
        BridgeJob,
        "whichtask.bridge.study:study",
        "bridge/{data}/{repeat}/",
        "infer bits of {wildcards.data}, seed {wildcards.repeat}",
        reads=IMAGES | {"tasks": Read("task set", "tasks/{data}/bits.npz", "Bits of all sources.")},
        writes=("bits.csv", "networks.csv", "readout.csv", "compositions.csv"),
        priority=60,
    ),
}
EXPERIMENTS: dict[str, Experiment] = TASK_DISCOVERY | GBI | BRIDGE


def rule_of(verb: str) -> str:
    """Return the name of the rule of an experiment."""
    return verb.replace("gbi ", "infer_").replace(" ", "_")
