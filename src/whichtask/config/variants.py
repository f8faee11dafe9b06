"""The searches of a run by name: the main one, one for each ablated key, and those on ground truth.

A name becomes a folder and a file name, and the set of tasks that the search finds is called by it.
"""

from typing import Any

from whichtask.config.model import Config

MAIN = "discovered"
BASE = "base"
REGULATED = "regulated"


def of_network(name: str) -> str:
    """Return the name of the main search with a further network."""
    return f"{MAIN}-{name}"


def variants(config: Config) -> dict[str, Config]:
    """Return the configuration of every search on the main data: ``discovered``, ``base`` and one for each change.

    ``discovered-NAME`` is the main search with a further network of ``plan.searches``.
    Each change of ``studies`` is made to ``base``, which is the main search at the budget of the studies. A further
    seed s of the studies gives the same names with ``.s`` and the seed at their end.
    """
    found = {MAIN: config}
    for name in config.plan.searches:
        found[of_network(name)] = _changed(config, config.seed, {"encoder": name, "network": name})
    budget = {name: getattr(config.studies, name) for name in ("outer_steps", "inner_batch_size")}
    for seed in config.studies.seeds:
        ending = "" if seed == config.studies.seeds[0] else f".s{seed}"
        for name, change in changes(config).items():
            found[name + ending] = _changed(config, seed, budget | change)
    return found


def changes(config: Config) -> dict[str, dict[str, Any]]:
    """Return what each study changes in ``discovery``: new values by key, by the name of the study."""
    studies, faithful = config.studies, config.discovery.faithful
    made: dict[str, dict[str, Any]] = {BASE: {}}
    made |= {f"lambda-{weight:g}": {"uniformity_weight": weight} for weight in studies.uniformity_weights}
    made |= {f"size-{d}-{k}": {"dimensions": d, "tasks": k} for d, k in studies.sizes}
    made |= {f"network-{name}": {"encoder": name, "network": name} for name in studies.networks}
    for objective in studies.objectives:
        key = "diversity" if objective == "mutual_information" else "objective"
        made[f"{key}-{objective}"] = {key: objective}
    for switch in studies.faithful:
        turned = faithful.model_copy(update={switch: not getattr(faithful, switch)})
        made[f"faithful-{switch}"] = {"faithful": turned}
    made |= {f"classes-{count}": {"classes": count} for count in studies.classes}
    made |= {f"human-{count}": {"human_tasks": count} for count in studies.human_tasks}
    made[REGULATED] = {"pretraining": "simclr", "freeze_backbone": True}
    return made


def ground_truth(config: Config) -> dict[str, Config]:
    """Return the configuration of every search on data with known factors.

    One for each network and weight of diversity, and the first of them again as regulated discovery.
    """
    truth = config.ground_truth
    budget = {name: getattr(truth, name) for name in ("outer_steps", "inner_batch_size", "tasks")}
    splits = config.splits.model_copy(update={"images": truth.split_images})
    whole = config.model_copy(update={"data": truth.data, "splits": splits})
    changes = {
        f"{network}-{weight:g}": {"encoder": network, "network": network, "uniformity_weight": weight}
        for network in truth.networks
        for weight in truth.uniformity_weights
    }
    first = next(iter(changes.values()))
    changes[REGULATED] = first | {"pretraining": "simclr", "freeze_backbone": True}
    return {
        name: _changed(whole, config.seed, budget | {"dimensions": truth.tasks} | change)
        for name, change in changes.items()
    }


def _changed(config: Config, seed: int, discovery: dict[str, Any]) -> Config:
    # Checked again: a change may not fit the rest (more tasks than dimensions, say).
    section = config.discovery.model_validate(dict(config.discovery) | discovery)
    return config.model_copy(update={"seed": seed, "discovery": section})
