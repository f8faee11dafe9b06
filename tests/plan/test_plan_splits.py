"""What attacks the targets of adversarial splits: the main search, or one of the studies, as at paper scale."""

import pytest
from projects import ROOT

from whichtask.config import Config, SplitJob, read_config
from whichtask.errors import WhichtaskError
from whichtask.plan.helpers import split_sets
from whichtask.plan.plan import Plan


def attackers(settings: Config) -> list[str]:
    plan = Plan(settings, 7)
    return split_sets(plan, "attackers", {"data": plan.data, "source": "discovered"})


def test_the_main_search_attacks_unless_another_is_named() -> None:
    assert attackers(Config()) == ["results/tasks/fashion_mnist/discovered.npz"]
    named = read_config([], {"splits": {"attackers": "lambda-1"}})
    assert attackers(named) == ["results/tasks/fashion_mnist/lambda-1.npz"]
    # Which search it is decides the input, not what the job does with it.
    assert SplitJob.of(named, "cnn") == SplitJob.of(Config(), "cnn")


def test_at_paper_scale_the_search_with_eight_dimensions_attacks_all_images() -> None:
    paper = read_config([ROOT / "config" / "paper.yaml"])
    assert attackers(paper) == ["results/paper/tasks/cifar10/size-8-8.npz"]
    search = Plan(paper, 7).searches["cifar10"]["size-8-8"].discovery
    assert (search.dimensions, search.tasks, search.network) == (8, 8, "resnet18")
    assert (paper.splits.images, paper.splits.targets, paper.splits.tasks) == (None, 7, 8)


def test_a_search_that_is_not_there_is_one_clear_error() -> None:
    with pytest.raises(
        WhichtaskError, match="splits.attackers is 'size-9-9', but there is no such search; allowed: dis"
    ):
        Plan(read_config([], {"splits": {"attackers": "size-9-9"}}), 7)
