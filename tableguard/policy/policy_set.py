"""The shipped documents with the settings of one organization: each filled and parsed once, where a command begins."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tableguard.paths import POLICIES
from tableguard.policy import contract, documents
from tableguard.policy.contract import Contract
from tableguard.policy.documents import PolicyDocument
from tableguard.policy.shorthand import Shorthand
from tableguard.policy.statements import Policy, policy
from tableguard.policy.worlds import Estate
from tableguard.settings import Settings


@dataclass(frozen=True)
class PolicySet:
    """The documents as written, and by kind and name as policies; `shorthand` completes what people write short.

    `contents` are the documents in the same order with their placeholders filled.
    """

    shorthand: Shorthand
    documents: tuple[PolicyDocument, ...]
    policies: Mapping[str, Mapping[str, Policy]]
    contents: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def filled(cls, settings: Settings, root: Path = POLICIES) -> "PolicySet":
        """Read every document under `root` and fill its placeholders from the settings."""
        shorthand, written = Shorthand(settings), documents.load_all(root)
        policies: dict[str, dict[str, Policy]] = {kind: {} for kind in documents.KINDS}
        contents = tuple(documents.fill(document, shorthand.values) for document in written)
        for document, content in zip(written, contents, strict=True):
            policies[document.kind][document.name] = policy(document.name, content)
        return cls(shorthand, written, policies, contents)

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
