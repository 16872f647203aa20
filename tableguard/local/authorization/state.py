"""The memory of authorization between requests: one object, emptied together with the embedded AWS."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import NamedTuple

from tableguard.local.authorization.call import Caller

DECISIONS_KEPT = 20_000  # different decisions, the latest: some 300 bytes each


class Vpc(NamedTuple):
    """A VPC of an account in a region."""

    account: str
    region: str
    vpc_id: str


@dataclass(frozen=True)
class DecisionRecord:
    """One decision: the principal, the action on a resource, and the policies that decided."""

    account: str
    principal: str
    action: str
    resource: str
    allowed: bool
    because: str
    via: str = ""


@dataclass
class AuthorizationState:
    """Callers, session tags and VPCs by access key, and the decisions made, each with its count."""

    callers: dict[str, Caller] = field(default_factory=dict)
    session_tags: dict[str, Mapping[str, str]] = field(default_factory=dict)
    vpcs: dict[str, Vpc] = field(default_factory=dict)
    account_alone: str = ""  # which is guarded without an organization
    _decisions: OrderedDict[DecisionRecord, int] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def record(self, decision: DecisionRecord) -> None:
        """Count a decision; the one that was not met for longest is dropped beyond DECISIONS_KEPT."""
        with self._lock:
            self._decisions[decision] = self._decisions.pop(decision, 0) + 1
            if len(self._decisions) > DECISIONS_KEPT:
                self._decisions.popitem(last=False)

    def decisions(self) -> dict[DecisionRecord, int]:
        """Return the different decisions with their counts, the latest last."""
        with self._lock:
            return dict(self._decisions)

    def reset(self) -> None:
        """Forget everything, as before the first request."""
        self.callers.clear()
        self.session_tags.clear()
        self.vpcs.clear()
        self.account_alone = ""
        with self._lock:
            self._decisions.clear()


STATE = AuthorizationState()  # moto makes a handler for each request, which finds the state nowhere else
