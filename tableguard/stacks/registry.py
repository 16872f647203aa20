"""The stacks of templates/ in the order they are deployed; the only place that imports templates/."""

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tableguard.errors import TemplateError
from tableguard.paths import ROOT
from tableguard.settings import OPTIONAL_STACKS, Settings

if TYPE_CHECKING:
    from troposphere import Template

Principal = Literal["administrator", "management", "deployer"]


@dataclass(frozen=True)
class Stack:
    """One module of templates/ and the principal that deploys it."""

    name: str
    principal: Principal

    def template(self, settings: Settings) -> "Template":
        """The stack's template, built by its module."""
        if str(ROOT) not in sys.path:
            sys.path.insert(0, str(ROOT))
        build: Callable[[Settings], Template] = importlib.import_module(f"templates.{self.name}").template
        return build(settings)


# Roles first, by an administrator; then the guardrails, from the management account; then, by the deployer
# and under those guardrails, the evidence (audit), and only then what it is evidence of.
STACKS = (
    Stack("access", "administrator"),
    Stack("guardrails", "management"),
    Stack("audit", "deployer"),
    Stack("network", "deployer"),
    Stack("table", "deployer"),
    Stack("stream", "deployer"),
    Stack("config", "deployer"),
)


def chosen(settings: Settings) -> tuple[Stack, ...]:
    """The stacks that these settings ask for, in the order they are deployed."""
    return tuple(s for s in STACKS if s.name not in OPTIONAL_STACKS or s.name in settings.optional_stacks)


def named(name: str) -> Stack:
    """One stack by name; TemplateError lists the names there are."""
    for stack in STACKS:
        if stack.name == name:
            return stack
    raise TemplateError(f"unknown stack {name!r}; there are: {', '.join(stack.name for stack in STACKS)}")
