"""Many networks trained at once, in two ways that give the same numbers: a loop, or stacked through vmap.

Which is faster depends on the device: see ``benchmarks/``. Both keep their whole state in named tensors, so that a run
can be stopped and continued bit for bit.
"""

from collections.abc import Sequence
from typing import Literal, Protocol

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap
from torch.nn import functional as F

from whichtask.config import Precision
from whichtask.training.adam import State, adam_state, load_adam, start_adam
from whichtask.training.optimizers import Adam

EVAL_BATCH = 1_000


class Trainer(Protocol):
    """M networks of one architecture, each with its own Adam."""

    def step(self, images: Tensor, labels: Tensor) -> Tensor:
        """Take one Adam step on the cross-entropy of each network.

        Args:
            images: float [M, B, C, H, W], one batch for each network.
            labels: int64 [M, B].

        Returns:
            int64 [M], how many images each network had right before the step, in training mode.
        """
        ...

    def predict(self, images: Tensor) -> Tensor:
        """Return the predicted classes, int64 [M, N], of float images [N, C, H, W] in evaluation mode."""
        ...

    def keep(self, members: Sequence[int]) -> None:
        """Forget all networks but these, in this order."""
        ...

    def state(self) -> State:
        """Return weights, buffers and optimiser state as named tensors."""
        ...

    def load(self, state: State) -> None:
        """Take back what ``state`` returned."""
        ...


def resolve_precision(precision: Precision, device: torch.device) -> Literal["fp32", "bf16"]:
    """Return the arithmetic of the forward pass: for ``auto`` bf16 on a processor made for it, else fp32."""
    if precision != "auto":
        return precision
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    able = torch.cpu.get_capabilities()
    return "bf16" if able.get("avx512_bf16") or able.get("amx_bf16") else "fp32"


def _autocast(device: torch.device, precision: Literal["fp32", "bf16"]) -> torch.autocast:
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16")


def _full(logits: Tensor) -> Tensor:
    """Return logits at full precision: the loss is never taken in bf16."""
    return logits.float() if logits.dtype == torch.bfloat16 else logits


class LoopTrainer:
    """Networks trained one after another within each step."""

    def __init__(
        self,
        networks: Sequence[nn.Module],
        *,
        learning_rate: float,
        weight_decay: float = 0.0,
        precision: Precision = "fp32",
    ):
        self.networks = list(networks)
        self.precision = resolve_precision(precision, next(networks[0].parameters()).device)
        self.optimizers = [
            Adam(network.parameters(), lr=learning_rate, weight_decay=weight_decay, fused=True)
            for network in self.networks
        ]
        for optimizer in self.optimizers:
            start_adam(optimizer)

    def step(self, images: Tensor, labels: Tensor) -> Tensor:
        """See ``Trainer.step``."""
        right = []
        for network, optimizer, x, y in zip(self.networks, self.optimizers, images, labels, strict=True):
            network.train()
            optimizer.zero_grad()
            with _autocast(x.device, self.precision):
                logits = network(x)
            F.cross_entropy(_full(logits), y).backward()
            optimizer.step()
            right.append((logits.detach().argmax(1) == y).sum())
        return torch.stack(right)

    @torch.no_grad()
    def predict(self, images: Tensor) -> Tensor:
        """See ``Trainer.predict``."""
        predictions = []
        for network in self.networks:
            network.eval()
            with _autocast(images.device, self.precision):
                predictions.append(torch.cat([network(part).argmax(1) for part in images.split(EVAL_BATCH)]))
        return torch.stack(predictions)

    def keep(self, members: Sequence[int]) -> None:
        """See ``Trainer.keep``."""
        self.networks = [self.networks[m] for m in members]
        self.optimizers = [self.optimizers[m] for m in members]

    def state(self) -> State:
        """See ``Trainer.state``."""
        state: State = {}
        for m, (network, optimizer) in enumerate(zip(self.networks, self.optimizers, strict=True)):
            state |= {f"{m}/network/{name}": tensor for name, tensor in network.state_dict().items()}
            state |= adam_state(optimizer, f"{m}/adam")
        return state

    def load(self, state: State) -> None:
        """See ``Trainer.load``."""
        for m, (network, optimizer) in enumerate(zip(self.networks, self.optimizers, strict=True)):
            prefix = f"{m}/network/"
            network.load_state_dict({k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)})
            load_adam(optimizer, state, f"{m}/adam")


class BatchedTrainer:
    """Networks stacked along a new first axis and run together through vmap."""

    def __init__(
        self,
        networks: Sequence[nn.Module],
        *,
        learning_rate: float,
        weight_decay: float = 0.0,
        precision: Precision = "fp32",
    ):
        self.skeleton = networks[0]
        self.precision = resolve_precision(precision, next(networks[0].parameters()).device)
        parameters, buffers = stack_module_state(list(networks))
        self.parameters: State = {name: value.detach().requires_grad_() for name, value in parameters.items()}
        self.buffers: State = dict(buffers)
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        self._renew_adam()

    def _renew_adam(self) -> None:
        self.optimizer = Adam(
            self.parameters.values(), lr=self.learning_rate, weight_decay=self.weight_decay, fused=True
        )
        start_adam(self.optimizer)

    def _logits(self, parameters: State, buffers: State, images: Tensor) -> Tensor:
        return functional_call(self.skeleton, (parameters, buffers), (images,))  # type: ignore[no-any-return]

    def step(self, images: Tensor, labels: Tensor) -> Tensor:
        """See ``Trainer.step``."""
        self.skeleton.train()
        self.optimizer.zero_grad()
        with _autocast(images.device, self.precision):
            logits = vmap(self._logits, randomness="error")(self.parameters, self.buffers, images)
        # The sum over networks gives each its own gradient: no network's loss depends on another's weights.
        losses = F.cross_entropy(_full(logits).flatten(0, 1), labels.flatten(), reduction="none")
        losses.reshape(labels.shape).mean(1).sum().backward()
        self.optimizer.step()
        return (logits.detach().argmax(2) == labels).sum(1)

    @torch.no_grad()
    def predict(self, images: Tensor) -> Tensor:
        """See ``Trainer.predict``."""
        self.skeleton.eval()
        with _autocast(images.device, self.precision):
            run = vmap(self._logits, in_dims=(0, 0, None))
            parts = [run(self.parameters, self.buffers, part).argmax(2) for part in images.split(EVAL_BATCH)]
        return torch.cat(parts, dim=1)

    def keep(self, members: Sequence[int]) -> None:
        """See ``Trainer.keep``."""
        adam = adam_state(self.optimizer, "adam")
        chosen = torch.as_tensor(list(members), device=next(iter(self.parameters.values())).device)
        self.parameters = {k: v.detach()[chosen].requires_grad_() for k, v in self.parameters.items()}
        self.buffers = {k: v[chosen] for k, v in self.buffers.items()}
        self._renew_adam()
        load_adam(self.optimizer, {k: v if k.endswith("/step") else v[chosen] for k, v in adam.items()}, "adam")

    def state(self) -> State:
        """See ``Trainer.state``."""
        network = {f"network/{name}": value for name, value in (self.parameters | self.buffers).items()}
        return network | adam_state(self.optimizer, "adam")

    @torch.no_grad()
    def load(self, state: State) -> None:
        """See ``Trainer.load``."""
        for name, value in (self.parameters | self.buffers).items():
            value.copy_(state[f"network/{name}"])
        load_adam(self.optimizer, state, "adam")
