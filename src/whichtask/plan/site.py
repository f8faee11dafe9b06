"""Pages of the website, in the order of its menu, and the files that each of them reads.

A page ``NAME`` is ``whichtask/site/pages/NAME.py`` with ``collect(run)``, ``templates/NAME.html`` and, where it moves,
``static/NAME.js``, all in ``whichtask/site``. It shows what exists and says how to make the rest.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from whichtask.config import MAIN, REGULATED
from whichtask.plan.figures import FIGURES
from whichtask.plan.imports import source_files
from whichtask.plan.plan import TRUTH, Plan


class PageCard(NamedTuple):
    """One page of the website."""

    title: str
    """In the menu."""
    reads: Callable[[Plan], list[str]]
    """Files that the headline run makes."""
    also: Callable[[Plan], list[str]] = lambda _: []
    """Files that only the whole run makes."""


def headline_tasks(plan: Plan) -> list[str]:
    """List what galleries of the main sets of tasks are made from."""
    sets = [plan.tasks(name) for name in plan.sets]
    return [plan.images(), *sets, plan.search(MAIN, "logits.npz"), *plan.by_source, *plan.similarities]


def further_tasks(plan: Plan) -> list[str]:
    """List what galleries of the other sets of tasks are made from, and what explains tasks."""
    regulated = [plan.tasks(REGULATED), plan.search(REGULATED, "logits.npz"), plan.similarity(REGULATED)]
    truth = [plan.images(TRUTH), *(plan.tasks(name, TRUTH) for name in ("factor", plan.attackers, REGULATED))]
    logits = [plan.at(f"discovery/{TRUTH}/{name}/logits.npz") for name in (plan.attackers, REGULATED)]
    tables = [plan.scores(REGULATED, protocol="studies"), plan.explained, plan.matches]
    return [*regulated, *truth, *logits, *tables]


def recorded_search(plan: Plan) -> list[str]:
    """List what the film of a search is made from."""
    return [plan.images(), plan.search("dynamics", "dynamics.npz"), plan.scores("dynamics")]


def splits_of(*sources: str) -> Callable[[Plan], list[str]]:
    """Return the function that lists what splits of some sources are shown from; default: of all but the main one."""

    def reads(plan: Plan) -> list[str]:
        chosen = sources or [source for source in plan.split_sources if source != MAIN]
        images = [plan.images(plan.split_sources[source].data) for source in chosen]
        return images + [path for name in ("accuracies.csv", "predictions.npz") for path in plan.splits(name, *chosen)]

    return reads


def numbers_of(*figures: str) -> Callable[[Plan], list[str]]:
    """Return the function that lists the numbers of some figures."""
    return lambda plan: [plan.at(f"figures/{figure}.csv") for figure in figures]


def headline_inference(plan: Plan) -> list[str]:
    """List what the page of GBI is made from after the headline run: files of the first seed, and tables."""
    first = [plan.gbi("toy-learning", "stream.csv"), plan.gbi("images", "generations.npz")]
    return [paths[0] for paths in first] + numbers_of("gbi_mnist_table", "gbi_ood_table")(plan)


def further_inference(plan: Plan) -> list[str]:
    """List the rest of what it is made from."""
    figures = ("gbi_toy_bayes", "gbi_confidence_histograms", "gbi_cifar100_table")
    return plan.gbi("toy", "stream_beliefs.csv")[:1] + numbers_of(*figures)(plan)


def headline_claims(plan: Plan) -> list[str]:
    """List the claims that the headline run compares."""
    return [plan.at("claims_headline.csv")]


def drawn(*, headline: bool) -> Callable[[Plan], list[str]]:
    """Return the function that lists pictures and numbers of the headline figures, or of all others."""
    return lambda plan: [
        plan.at(f"figures/{figure}.{ending}")
        for figure, card in FIGURES.items()
        if card.headline == headline and card.wanted(plan.settings)
        for ending in ("png", "csv")
    ]


PAGES: dict[str, PageCard] = {
    "index": PageCard("Start", headline_tasks),
    "tasks": PageCard("Tasks", headline_tasks, further_tasks),
    "quiz": PageCard("Quiz", headline_tasks, further_tasks),
    "search": PageCard("Meta-optimisation", recorded_search),
    "splits": PageCard("Splits", splits_of(MAIN), splits_of()),
    "gbi": PageCard("GBI", headline_inference, further_inference),
    "claims": PageCard("Claims", headline_claims, lambda plan: [plan.at("claims.csv")]),
    "figures": PageCard("Figures", drawn(headline=True), drawn(headline=False)),
}


def site_inputs(plan: Plan, *, whole: bool) -> list[str]:
    """List the files that the website reads, once each: after the headline run, or after the whole one."""
    pages = PAGES.values()
    return sorted({path for page in pages for path in page.reads(plan) + (page.also(plan) if whole else [])})


def site_code(project: Path) -> list[str]:
    """List the source files, templates and scripts that the website is made by, below the project as seen from here."""
    own = project / "src" / "whichtask" / "site"
    pages = [str(path) for kind in ("templates", "static") for path in sorted((own / kind).iterdir())]
    return source_files(project, "whichtask.site.build", *(f"whichtask.site.pages.{name}" for name in PAGES)) + pages
