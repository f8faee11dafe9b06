"""What is measured of the trained networks: loss by context, the domain from the first tokens, new domains."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from whichtask.config.gbi import LanguageJob
from whichtask.data.text import Part
from whichtask.gbi.abstraction import maximum_entropy, one_hot
from whichtask.gbi.inference import enumerate_losses, exact_posterior, gradient_at, iterate, one_step, predict
from whichtask.gbi.language.corpus import Corpus
from whichtask.gbi.language.network import LanguageModel, token_losses
from whichtask.gbi.language.train import CHUNK, Arm, Row, draw_sequences, losses_of, modes_of
from whichtask.gbi.scores import fit_tau
from whichtask.seeding import torch_generator

Networks = Mapping[Arm, LanguageModel]


def measure_test(corpus: Corpus, networks: Networks, job: LanguageJob, device: torch.device) -> list[Row]:
    """Return the loss of every arm on test text at the training window, one row for each domain and Z."""
    settings = job.language
    test = draw_sequences(corpus, "test", settings.test_windows, settings.window, job, device)
    rows = []
    for arm, network in networks.items():
        for mode, z in modes_of(arm, test.labels, len(corpus.domains)).items():
            losses = losses_of(network, test.windows, z).double().mean(dim=1)
            for number, domain in enumerate(corpus.domains):
                loss = losses[test.labels.cpu() == number].mean().item()
                rows.append({"arm": arm, "z": mode, "domain": domain, "loss_nats_per_token": loss})
    return rows


def measure_context(corpus: Corpus, networks: Networks, job: LanguageJob, device: torch.device) -> list[Row]:
    """Return the loss of the token after exactly n tokens of context, for every n up to the longest context."""
    settings = job.language
    test = draw_sequences(corpus, "test", settings.test_windows, max(settings.contexts), job, device)
    rows = []
    for arm, network in networks.items():
        for mode, z in modes_of(arm, test.labels, len(corpus.domains)).items():
            for place, loss in enumerate(losses_of(network, test.windows, z).double().mean(dim=0).tolist(), start=1):
                rows.append({"arm": arm, "z": mode, "context_tokens": place, "loss_nats_per_token": loss})
    return rows


def recognise(network: LanguageModel, windows: Tensor, job: LanguageJob) -> dict[str, Tensor]:
    """Infer the domain of each window in three ways.

    Args:
        network: trained with Z given.
        windows: int64 [N, n + 1]; the loss is the sum over the n tokens that are predicted.
        job: settings of the iterations.

    Returns:
        float32 [N, K] on the CPU each: ``one_step``, gradients at the maximum-entropy point; ``exact``, losses of
        every domain; ``iterative``, Z itself.
    """
    domains = network.domains
    found: dict[str, list[Tensor]] = {"one_step": [], "exact": [], "iterative": []}
    for chunk in windows.split(CHUNK):

        def loss(z: Tensor, chunk: Tensor = chunk) -> Tensor:
            return token_losses(network, chunk, z).sum(dim=1)

        start = maximum_entropy(len(chunk), domains, device=chunk.device)
        found["one_step"].append(gradient_at(loss, start)[1].cpu())
        found["exact"].append(enumerate_losses(loss, len(chunk), domains, start).cpu())
        settings = job.language.recognition
        found["iterative"].append(iterate(loss, torch.zeros_like(start), settings)[settings.steps].cpu())
    return {method: torch.cat(parts) for method, parts in found.items()}


def measure_recognition(
    corpus: Corpus, networks: Networks, job: LanguageJob, device: torch.device
) -> tuple[list[Row], list[Row]]:
    """Recognise the domain from the first n tokens, and judge the tokens that follow with the inferred Z.

    Temperatures are fitted on validation text, for each n and method.

    Returns:
        Rows of accuracy (``context_tokens``, ``method``, ``domains``, ``accuracy``, ``tau_nats``, ``log_loss_nats``),
        and rows of loss on the following tokens (``context_tokens``, ``arm``, ``z``, ``loss_nats_per_token``).
    """
    settings, network = job.language, networks["gbi"]
    length = max(settings.contexts) + settings.following
    count, domains = settings.recognition_windows, len(corpus.domains)
    validation = draw_sequences(corpus, "validation", count, length, job, device)
    test = draw_sequences(corpus, "test", count, length, job, device)
    accuracies: list[Row] = []
    following: list[Row] = []
    for n in settings.contexts:
        known = recognise(network, validation.windows[:, : n + 1], job)
        new = recognise(network, test.windows[:, : n + 1], job)
        posteriors: dict[str, tuple[Tensor, float | None]] = {"iterative": (new["iterative"], None)}
        for method, infer in (("one_step", one_step), ("exact", exact_posterior)):
            tau = fit_tau(known[method], validation.labels.cpu())
            posteriors[method] = (infer(new[method], tau), tau)
        labels = test.labels.cpu()
        for method, (posterior, fitted) in posteriors.items():
            right = (predict(posterior) == labels).double().mean().item()
            log_loss = -posterior.double().clamp(min=1e-12).log()[torch.arange(len(labels)), labels].mean().item()
            row = {"context_tokens": n, "method": method, "domains": domains, "accuracy": right}
            accuracies.append(row | {"tau_nats": fitted, "log_loss_nats": log_loss})
        given = {method: z for method, (z, _) in posteriors.items()}
        given |= {"given": one_hot(labels, domains), "uniform": maximum_entropy(len(labels), domains)}
        windows = test.windows[:, : n + settings.following + 1]
        arms: dict[Arm, dict[str, Tensor]] = {"gbi": given, "lstm": {"uniform": given["uniform"]}}
        for arm, z_of in arms.items():
            for mode, z in z_of.items():
                losses = losses_of(networks[arm], windows, z.to(device))[:, n:]
                following.append(
                    {"context_tokens": n, "arm": arm, "z": mode, "loss_nats_per_token": losses.double().mean().item()}
                )
    return accuracies, following


def measure_novel(
    corpus: Corpus, networks: Networks, job: LanguageJob, device: torch.device
) -> tuple[list[Row], list[Row]]:
    """Optimise one Z for each held-out domain on some of its sequences, and judge it on other text of that domain.

    Returns:
        Rows of loss (``domain``, ``arm``, ``step``, ``adapted_nats_per_token`` on the sequences that Z was optimised
        on, ``loss_nats_per_token`` on the others), and rows of the last Z (``domain``, ``arm``, ``entry``, ``value``).
    """
    settings = job.language
    losses: list[Row] = []
    entries: list[Row] = []
    for number, domain in enumerate(corpus.novel["train"].names):
        counts: dict[Part, int] = {"train": settings.novel_sequences, "test": settings.test_windows}
        sequences = {}
        for part, count in counts.items():
            labels = torch.full((count,), number)
            generator = torch_generator("language novel", job.seed, job.repeat, domain, part)
            sequences[part] = corpus.novel[part].draw(labels, settings.window + 1, generator).to(device)
        for arm, network in networks.items():
            kept = adapt(network, sequences["train"], job)
            for step, z in kept.items():
                row: dict[str, Any] = {"domain": domain, "arm": arm, "step": step}
                for name, windows in (("adapted", sequences["train"]), ("loss", sequences["test"])):
                    found = losses_of(network, windows, z.expand(len(windows), -1)).double().mean().item()
                    row[f"{name}_nats_per_token"] = found
                losses.append(row)
            last = kept[max(kept)][0].tolist()
            for entry, value in zip(corpus.domains, last, strict=True):
                entries.append({"domain": domain, "arm": arm, "entry": entry, "value": value})
    return losses, entries


def adapt(network: LanguageModel, windows: Tensor, job: LanguageJob) -> dict[int, Tensor]:
    """Optimise one Z for all windows [N, T + 1] from the maximum-entropy point; return Z [1, K] at recorded steps."""
    settings = job.language

    def loss(z: Tensor) -> Tensor:
        return token_losses(network, windows, z.expand(len(windows), -1)).mean()[None]

    start = torch.zeros(1, network.domains, device=windows.device)
    return iterate(loss, start, settings.novel, record=settings.novel_steps)
