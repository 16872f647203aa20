"""The evaluator of one of AWS's managed rules, and what it is given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from tableguard.compliance.item import ConfigurationItem
from tableguard.compliance.ruling import Ruling
from tableguard.errors import ComplianceError


@dataclass(frozen=True)
class Inventory:
    """All configuration items of an account in a region, and when they were read."""

    items: tuple[ConfigurationItem, ...]
    time: datetime

    def of(self, kind: str) -> tuple[ConfigurationItem, ...]:
        """Return the items of a resource type."""
        return tuple(item for item in self.items if item.resource_type == kind)


@dataclass(frozen=True)
class Parameters:
    """The parameters of a deployed rule, AWS's defaults among them: texts, as AWS Config keeps them."""

    rule: str
    values: Mapping[str, str]

    def text(self, name: str) -> str:
        """Return a parameter, empty where it is neither given nor has a default."""
        return self.values.get(name, "")

    def listed(self, name: str) -> tuple[str, ...]:
        """Return a parameter of type CSV."""
        return tuple(part.strip() for part in self.text(name).split(",") if part.strip())

    def flag(self, name: str) -> bool:
        """Return whether a parameter says true."""
        return self.text(name).lower() == "true"

    def number(self, name: str) -> int:
        """Return a parameter of type int; ComplianceError if it is not one."""
        try:
            return int(self.text(name))
        except ValueError:
            raise ComplianceError(
                f"rule {self.rule}: parameter {name} = {self.text(name)!r}: a number is wanted"
            ) from None


Judge = Callable[[ConfigurationItem, Parameters, Inventory], Ruling]


@dataclass(frozen=True)
class Evaluator:
    """What judges the resources of some types by one of AWS's managed rules."""

    identifier: str
    resource_types: tuple[str, ...]
    judge: Judge


def evaluates(identifier: str, *resource_types: str) -> Callable[[Judge], Evaluator]:
    """Make an evaluator of the function that follows."""
    return lambda judge: Evaluator(identifier, resource_types, judge)
