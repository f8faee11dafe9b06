"""Sets of tasks that a website may have, in the order of its menu, and what is said about each."""

from typing import NamedTuple

from whichtask.config import MAIN, REGULATED
from whichtask.plan.plan import TRUTH
from whichtask.site.run import Run


class Kind(NamedTuple):
    """A set of tasks that the website may have."""

    key: str
    """In addresses."""
    title: str
    text: str
    name: str
    """Of the set's file."""
    data: str | None
    """Of the images; None: the main ones."""
    make: str
    """Target of the workflow that makes the set."""
    hard: bool = False
    """Whether only the tasks that are hard to interpret are shown."""


SETS = (
    Kind(
        "discovered",
        "Discovered",
        "Nobody wrote these rules. A search looked for tasks on which networks agree, without any labels.",
        MAIN,
        None,
        "td_gallery_discovered",
    ),
    Kind(
        "regulated",
        "Regulated",
        "Discovered too, but only among tasks that ignore cropping, flipping and changes of colour: the search stands "
        "on features that were trained to ignore them (SimCLR).",
        REGULATED,
        None,
        "td_gallery_regulated",
    ),
    Kind(
        "hard",
        "Hard to interpret",
        "Discovered tasks on which networks agree about as much as on human ones, but which simple features such as "
        "brightness and edges predict worst. Can you see the rule?",
        MAIN,
        None,
        "td_gallery_uninterpretable",
        hard=True,
    ),
    Kind(
        "human",
        "Human",
        "Whole classes on each side: what people usually ask networks to learn.",
        "human",
        None,
        "td_as_by_source",
    ),
    Kind(
        "random",
        "Random",
        "A coin was tossed for each image. There is no rule to find.",
        "random",
        None,
        "td_as_by_source",
    ),
)


def kinds(run: Run) -> list[Kind]:
    """List the sets that the website of a run may have."""
    own = [Kind("user", "Your own", "From your file (tasks.user).", "user", None, "td_as_by_source")]
    return [*SETS, *(own if run.settings.tasks.user else []), *_known(run)]


def _known(run: Run) -> list[Kind]:
    """List the sets of the images whose factors are known."""
    name = run.plan.truth
    texts = {
        "truth": (
            "Discovered on",
            f"A search on {name}: generated coloured images whose factors (shape, hue, size, ...) are known.",
            run.plan.attackers,
        ),
        "truth-regulated": (
            "Regulated on",
            f"Regulated discovery on {name}: blind to crops, flips and changes of colour.",
            REGULATED,
        ),
        "factor": ("Factors of", "Images sorted by one factor that made them, such as the shape or the hue.", "factor"),
    }
    return [Kind(key, f"{title} {name}", text, own, TRUTH, "td_factors") for key, (title, text, own) in texts.items()]


def beside(run: Run, kind: Kind) -> Kind:
    """Return a set of a further run, under a key and a title of its own."""
    return kind._replace(key=f"{run.prefix}{kind.key}", title=f"{kind.title} ({run.plan.data})")
