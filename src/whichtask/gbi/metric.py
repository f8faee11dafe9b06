"""The metric of the reconstruction error decides what one step can do."""

from typing import Any

import pandas as pd
import torch

from whichtask.config.gbi import MetricJob
from whichtask.data import ImageSet
from whichtask.gbi.gated.study import Study
from whichtask.training.live import LiveState


def compare_metrics(data: ImageSet, job: MetricJob, device: torch.device, live: LiveState) -> pd.DataFrame:
    """Infer one of about a hundred classes where the squared error of each principal component is weighted.

    The weight is the component's variance to the power -p. In each metric the network, the pure generative model and
    class means minimise the same error; networks begin with the same weights and see the same batches in all of them.

    Args:
        data: CIFAR-100, or factors32, whose images get 96 classes.
        job: settings.
        device: where networks are.
        live: where finished and half-finished networks are kept.

    Returns:
        One row a metric (``power``) and method; class means in whitened pixels, p = 1, are beside them.
    """
    settings = job.metric
    study = Study(data, settings, "gbi.metric", (job.seed, job.repeat), device, live)
    rows: list[dict[str, Any]] = []
    for power in settings.powers:
        facts = {"power": power}
        rows += study.class_means(facts, "class mean", study.labels, power)
        rows += study.generative(facts, "classes", study.labels, settings.other_fit, power)
        rows += study.gated(facts, "classes", study.labels, settings.fit, power)
    if 1 not in settings.powers:
        rows += study.class_means({"power": 1.0}, "class mean", study.labels, 1)
    return pd.DataFrame([study.about | {"classes": len(study.class_names)} | row for row in rows])
