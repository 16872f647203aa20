"""The shipped documents as every question about them takes them: filled, and refused if AWS would refuse them."""

from pathlib import Path

from tableguard.check.rules import policy_grammar
from tableguard.paths import POLICIES
from tableguard.policy.policy_set import PolicySet
from tableguard.settings import Settings


def filled(settings: Settings, root: Path = POLICIES) -> PolicySet:
    """Fill and parse each document once; PolicyError for one that AWS refuses as these settings fill it.

    Settings may lengthen a document beyond what AWS takes, and a proof about such a one would be about nothing.
    """
    policies = PolicySet.filled(settings, root)
    for document, content in zip(policies.documents, policies.contents, strict=True):
        policy_grammar.refuse(document.place, document.kind, content)
    return policies
