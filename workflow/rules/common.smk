# What a configuration comes to, and what the rules share.

from functools import cache, partial

from whichtask.config import (
    MAIN,
    AgreementJob,
    DataJob,
    DiscoveryJob,
    ImageNetJob,
    SplitJob,
    TaskJob,
)
from whichtask.config.gbi import HundredJob, TextJob
from whichtask.data.classes import count_classes
from whichtask.data.listing import listing_digest
from whichtask.paths import require_past, require_writable
from whichtask.plan.cards import options
from whichtask.plan.checks import check_cards
from whichtask.plan.claims import check_rows
from whichtask.plan.drawn import Drawn
from whichtask.plan.experiments import EXPERIMENTS, rule_of
from whichtask.plan.figures import paper_of
from whichtask.plan.headlines import HEADLINE_FIGURES
from whichtask.plan.helpers import as_it_is, constraints, discovery_extras, own_file, split_sets
from whichtask.plan.imports import source_files
from whichtask.plan.plan import Plan
from whichtask.tasks import human_partitions

CLAIMS = HERE / "config" / "claims.yaml"
try:
    # As many human tasks as there are, which depends on the number of classes.
    human = human_partitions(count_classes(SETTINGS.data.name), SETTINGS.tasks.human, SETTINGS.tasks.human_limit)
    PLAN = Plan(SETTINGS, len(human))
    DRAWN = Drawn(PLAN, CLAIMS)
    if workflow.is_main_process:  # once a run, not once a job
        check_cards(PLAN)
        require_writable(Path(RESULTS))
        require_past(Path(RESULTS))
        check_rows(DRAWN.claims, HERE, SETTINGS)
except WhichtaskError as error:
    raise WorkflowError(str(error)) from None

# Lists the source files that functions of the package stand on, as inputs.
code = partial(source_files, HERE)
# Documents the software of every rule; used with --software-deployment-method conda only.
ENVIRONMENT = "../../environment.yml"


@cache
def listing(name):
    """Return what tells whether a folder of the user's has changed anywhere below: Snakemake sees its own time only."""
    return listing_digest(Path(name)) if own_file(name) and Path(name).is_dir() else ""


def audited(wildcards):
    """List what the audits leave, or say that there is nothing to audit."""
    if not SETTINGS.audit.images:
        raise WorkflowError("audit.images is empty; it names folders, .npz or .csv files of labelled images")
    return expand("<results>/audit/{own}/findings.json", own=SETTINGS.audit.images)


wildcard_constraints:
    **constraints(PLAN),
