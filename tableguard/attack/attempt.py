"""An attempt: calls that somebody tries one after another, and what is claimed of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# a bucket's, key's, queue's, topic's or role's own policy, which a template writes
OWN_POLICY = "its own policy"


@dataclass(frozen=True)
class AttackStep:
    """One call; `who` is the attempt's own principal (""), what a former step has taken, or
    another principal, as whom the attacker acts by now.

    `keeps` names parts of the answer, which later steps write in angle brackets.
    """

    service: str
    operation: str
    parameters: Mapping[str, Any]
    region: str = ""  # the home region
    who: str = ""
    takes: str = ""
    keeps: Mapping[str, str] = field(default_factory=dict)
    times: int = 1


@dataclass(frozen=True)
class Attempt:
    """What somebody tries, and the claim that covers it.

    One of four is given: `statements`, each of which refuses it alone; `document`, which denies or does not allow it;
    `refused_with`, the service's own error; or `uncovered`, the reason why no claim excludes it.
    """

    id: str
    area: str  # the file that holds it
    says: str
    by: str
    steps: tuple[AttackStep, ...]
    attack: tuple[str, ...]
    catalogue: tuple[str, ...] = ()
    statements: tuple[str, ...] = ()
    otherwise: str = ""  # what refuses it where these statements are gone
    document: str = ""
    refused_with: str = ""
    uncovered: str = ""
    unseen: str = ""  # why nobody is told of it, though it succeeds
    goal: str = ""  # of policies/together.toml: it is the sequence to it that `tableguard reach` shows

    @property
    def claimed(self) -> bool:
        """Return True if something is claimed to refuse it."""
        return not self.uncovered

    @property
    def words(self) -> frozenset[str]:
        """Return what --only may name it by: id, area, principal, techniques and catalogue."""
        return frozenset((self.id, self.area, self.by, *self.attack, *self.catalogue))
