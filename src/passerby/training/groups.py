"""Learning rate and weight decay by the names of parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from torch import nn


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """What is particular to some parameters.

    Args:
        rate: share of the optimiser's learning rate, 0 or more.
        decay: False for no weight decay.
        optional: True where some forms of the network have no such parameter; elsewhere its absence is an error.

    Raises:
        ValueError: if rate is negative.
    """

    rate: float = 1.0
    decay: bool = True
    optional: bool = False

    def __post_init__(self) -> None:
        if not self.rate >= 0:
            raise ValueError(f"The rate of a parameter group is {self.rate}; give 0 or more.")


def parameter_groups(network: nn.Module, groups: Mapping[str, Group]) -> list[dict[str, Any]]:
    """A network's trained parameters, as a torch optimiser takes them, each group with its `rate`.

    Parameters that want no gradient are left out.

    Args:
        network: whose parameters.
        groups: pattern of parameter names, with `*` and `?`, to what is particular to them; the first that matches
            counts, and what none matches is as the optimiser has it.

    Raises:
        ValueError: if a pattern that is not optional matches no parameter.
    """
    matched: dict[str, list[nn.Parameter]] = {pattern: [] for pattern in groups}
    rest: list[nn.Parameter] = []
    used: set[str] = set()
    for name, parameter in network.named_parameters():
        found = [pattern for pattern in groups if fnmatchcase(name, pattern)]
        used |= set(found)
        if parameter.requires_grad:
            (matched[found[0]] if found else rest).append(parameter)
    idle = sorted(pattern for pattern in groups.keys() - used if not groups[pattern].optional)
    if idle:
        raise ValueError(f"groups names {idle[0]!r}, and no parameter of {type(network).__name__} is called so.")
    made: list[dict[str, Any]] = [{"params": rest, "rate": 1.0}] if rest else []
    for pattern, parameters in matched.items():
        if parameters:
            decay = {} if groups[pattern].decay else {"weight_decay": 0.0}
            made.append({"params": parameters, "rate": groups[pattern].rate, **decay})
    return made
