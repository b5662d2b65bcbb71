"""What a crash, or a load that failed, has taught about the settings of the next try."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.planning.machine import Machine


@dataclass(frozen=True, slots=True)
class Bound:
    """Settings that would end the same way are passed over. Bytes; None is no bound."""

    most: int | None = None  # in main memory and on GPUs together
    plain: bool = False  # no second copy of the weights, and so none of the kernels that want one
    devices: int | None = None  # on devices beside the processor: somebody else has the rest of their memory
    without: tuple[str, ...] = ()  # devices that were planned with and not there, by the engine's names

    def on(self, machine: Machine) -> Machine:
        """The machine without those, and with no more on its devices than that, each with its part of it."""
        gpus = tuple(gpu for gpu in machine.gpus if gpu.device not in self.without)
        budgets = sum(gpu.budget for gpu in gpus)
        if self.devices is not None and self.devices < budgets:
            share = self.devices / budgets
            gpus = tuple(replace(gpu, budget=int(gpu.budget * share)) for gpu in gpus)
        return replace(machine, gpus=gpus)


UNBOUND = Bound()
