"""The shipped documents with the settings of one organization: each filled and parsed once, where a command begins."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from tableguard.paths import POLICIES
from tableguard.policy import contract, documents
from tableguard.policy.contract import Contract
from tableguard.policy.documents import GUARDRAILS, PolicyDocument
from tableguard.policy.shorthand import Shorthand
from tableguard.policy.statements import Policy, policy
from tableguard.policy.worlds import Estate
from tableguard.settings import Settings


@dataclass(frozen=True)
class PolicySet:
    """The documents as written, and by kind and name as policies; `shorthand` completes what people write short.

    `contents` are the documents in the same order with their placeholders filled. Without an organization its SCPs and
    RCPs are not attached.
    """

    shorthand: Shorthand
    documents: tuple[PolicyDocument, ...]
    policies: Mapping[str, Mapping[str, Policy]]
    contents: tuple[Mapping[str, Any], ...] = ()
    guardrails_attached: bool = True

    @classmethod
    def filled(cls, settings: Settings, root: Path = POLICIES) -> "PolicySet":
        """Read every document under `root` and fill its placeholders from the settings."""
        shorthand, written = Shorthand(settings), documents.load_all(root)
        policies: dict[str, dict[str, Policy]] = {kind: {} for kind in documents.KINDS}
        contents = tuple(documents.fill(document, shorthand.values) for document in written)
        for document, content in zip(written, contents, strict=True):
            policies[document.kind][document.name] = policy(document.name, content)
        return cls(shorthand, written, policies, contents, settings.has_organization)

    def attached(self, kind: str) -> tuple[Policy, ...]:
        """Return the policies of a kind, if there is an organization to attach those of its kind."""
        return tuple(self.policies[kind].values()) if self.guardrails_attached or kind not in GUARDRAILS else ()

    @property
    def with_guardrails(self) -> "PolicySet":
        """The same as they would be with the guardrails attached."""
        return replace(self, guardrails_attached=True)

    @property
    def settings(self) -> Settings:
        """The settings that the documents are filled with."""
        return self.shorthand.settings

    @property
    def estate(self) -> Estate:
        """The accounts and the organization of the settings."""
        return self.shorthand.estate

    @cached_property
    def contracts(self) -> tuple[Contract, ...]:
        """The contract of each document, in the documents' order."""
        return tuple(map(contract.load, self.documents))

    def policy_of(self, contract: Contract) -> Policy:
        """Return the policy that a contract is about."""
        return self.policies[contract.policy.kind][contract.policy.name]
