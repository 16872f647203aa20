"""List the stacks of templates/ in the order of deployment; the only module that imports templates/."""

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tableguard.errors import TemplateError
from tableguard.partitions import in_partition
from tableguard.paths import ROOT
from tableguard.settings import OPTIONAL_STACKS, Settings

if TYPE_CHECKING:
    from troposphere import Template

Principal = Literal["administrator", "management", "archive", "deployer", "break-glass"]


def account_of(settings: Settings, principal: Principal) -> str:
    """Return the account that a principal is of."""
    if principal == "archive" and settings.log_archive is not None:
        return settings.log_archive.account_id
    return settings.management_account_id if principal == "management" else settings.account_id


@dataclass(frozen=True)
class StackModule:
    """One module of templates/ and the principal that deploys its stack."""

    name: str
    principal: Principal

    def account(self, settings: Settings) -> str:
        """Return the account that the stack is deployed to."""
        return account_of(settings, self.principal)

    @property
    def is_elsewhere(self) -> bool:
        """Tell whether the stack is of another account than the workload's, whose principals cannot ask about it."""
        return self.principal in ("management", "archive")

    def template(self, settings: Settings) -> "Template":
        """Build the stack's template."""
        if str(ROOT) not in sys.path:
            sys.path.insert(0, str(ROOT))
        build: Callable[[Settings], Template] = importlib.import_module(f"templates.{self.name}").template
        return build(settings)

    def document(self, settings: Settings) -> dict[str, Any]:
        """Build the stack's template as CloudFormation reads it, with the ARNs of the home Region's partition."""
        document: dict[str, Any] = in_partition(settings.partition, self.template(settings).to_dict())
        return document


# First, by an administrator, the buckets that deploying needs, the members' user pool, and the roles, of which one is
# the members' own: who may change a user pool can sign in as anybody of it, and the deployer reads no message. Then, by
# the deployer, the evidence (audit), and only then what it is evidence of; the guardrails last, from the management
# account: attached earlier, they would stand in the way of whoever repairs a first deployment. The oversight is there
# before what it watches, and a log archive's bucket before the trail that writes to it.
STACKS = (
    StackModule("bootstrap", "administrator"),
    StackModule("login", "administrator"),
    StackModule("access", "administrator"),
    StackModule("archive", "archive"),
    StackModule("audit", "deployer"),
    StackModule("network", "deployer"),
    StackModule("table", "deployer"),
    StackModule("stream", "deployer"),
    StackModule("cache", "deployer"),
    StackModule("onprem", "deployer"),
    StackModule("config", "deployer"),
    StackModule("oversight", "management"),
    StackModule("guardrails", "management"),
)


def enabled_stacks(settings: Settings) -> tuple[StackModule, ...]:
    """Return the stacks that these settings enable, in the order of deployment."""
    return tuple(s for s in STACKS if s.name not in OPTIONAL_STACKS or s.name in settings.optional_stacks)


def find_stack(name: str) -> StackModule:
    """Return a stack by its name; TemplateError lists the names there are."""
    for stack in STACKS:
        if stack.name == name:
            return stack
    raise TemplateError(f"unknown stack {name!r}; there are: {', '.join(stack.name for stack in STACKS)}")
