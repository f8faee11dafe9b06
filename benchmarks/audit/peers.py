"""What else one could do, on the same images: fixed statistics ranked by association, and cleanlab's Datalab."""

from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from whichtask.auditing.cuts import Cut, merged
from whichtask.auditing.grades import counts_of, cramers_v
from whichtask.auditing.measured import families
from whichtask.tasks import principal_components, simple_features

Images = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.floating[Any]]

COMPONENTS, CLUSTERS, FOLDS = 32, 8, 5


def union(images: Images, labels: Integers, first: int) -> list[Cut]:
    """Return the first cuts of a union of three sources, ranked by Cramer's V with the labels.

    Features are cut at their medians: simple ones, means and deviations of cells, bands of frequency; principal
    components; out-of-fold logits of a linear model. Clusters of k-means are cut from the rest.

    Args:
        images: uint8 [N, H, W, C].
        labels: [n] of the first images.
        first: how many cuts.
    """
    n = len(labels)
    known = np.arange(n)
    components = principal_components(images, known, COMPONENTS, 0)
    measured = families(images)
    columns = [simple_features(images).values, measured["layout"], measured["frequency"], components]
    columns.append(_logits(components, labels))
    values = np.concatenate(columns, axis=1)
    sureness = list((values - np.median(values[:n], axis=0)).T)
    clusters = KMeans(CLUSTERS, random_state=0, n_init=4).fit(components[:n]).predict(components)
    sureness += [np.where(clusters == k, 1.0, -1.0) for k in range(CLUSTERS)]
    ranked = [Cut("union", one > 0, one, cramers_v(counts_of(one[:n] > 0, labels))) for one in sureness]
    return merged(ranked, first)


def _logits(features: Floats, labels: Integers) -> Floats:
    """Return a linear model's logits [N, C or 1]: out of fold for images with labels, of all of these for others."""
    n, scale = len(labels), features[: len(labels)].std(0)
    model = LogisticRegression(C=0.1, max_iter=300)
    own = cross_val_predict(model, features[:n] / scale, labels, cv=FOLDS, method="decision_function")
    others = model.fit(features[:n] / scale, labels).decision_function(features[n:] / scale)
    return np.concatenate([own.reshape(n, -1), others.reshape(len(features) - n, -1)])


def datalab(images: Images, labels: Integers) -> list[str] | None:
    """Return the properties that cleanlab's Datalab flags as spuriously correlated; None where it is not installed.

    It looks at seven properties of an image, each alone, and names properties, not images.
    """
    if find_spec("cleanlab") is None or find_spec("cleanvision") is None:
        return None
    from cleanlab import Datalab  # noqa: PLC0415 (not a dependency)
    from cleanlab.datalab.internal.adapter.constants import DEFAULT_CLEANVISION_ISSUES  # noqa: PLC0415
    from datasets import ClassLabel, Dataset, Features  # noqa: PLC0415
    from datasets import Image as Picture  # noqa: PLC0415

    names = [str(c) for c in range(int(labels.max()) + 1)]
    pictures = [Image.fromarray(image.squeeze()) for image in images]
    columns = Features({"image": Picture(), "label": ClassLabel(names=names)})
    data = Dataset.from_dict({"image": pictures, "label": labels.tolist()}, features=columns)
    asked = {"image_issue_types": DEFAULT_CLEANVISION_ISSUES, "spurious_correlations": {}}
    lab = Datalab(data, label_name="label", image_key="image", verbosity=0)
    lab.find_issues(issue_types=asked)
    found = lab.get_info("spurious_correlations")
    table, threshold = found["correlations_df"], found["threshold"]
    return [str(row.property) for row in table.itertuples() if row.score < threshold]
