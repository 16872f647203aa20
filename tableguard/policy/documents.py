"""The documents under policies/: JSON as deployed, with <placeholders> where an organisation must choose."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tableguard.paths import POLICIES
from tableguard.reading import placeholders
from tableguard.reading.json_file import read_json
from tableguard.reading.placeholders import Values

KINDS = ("scp", "rcp", "endpoint", "resource", "role")
GUARDRAILS = ("scp", "rcp")  # which an organization attaches


@dataclass(frozen=True)
class PolicyDocument:
    """One document: its kind (scp, rcp, endpoint, resource, role), its name, and the JSON as written."""

    kind: str
    name: str
    path: Path
    document: dict[str, Any]

    @property
    def place(self) -> str:
        """The name that errors and reports use: kind/name.json."""
        return f"{self.kind}/{self.name}.json"


def names(kind: str, root: Path = POLICIES) -> tuple[str, ...]:
    """Return the names of all documents of a kind, sorted."""
    return tuple(sorted(path.stem for path in (root / kind).glob("*.json")))


def load(kind: str, name: str, root: Path = POLICIES) -> PolicyDocument:
    """Read one document as written, placeholders unfilled."""
    path = root / kind / f"{name}.json"
    return PolicyDocument(kind, name, path, read_json(path))


def load_all(root: Path = POLICIES) -> tuple[PolicyDocument, ...]:
    """Read every document, in the order of KINDS and then by name."""
    return tuple(load(kind, name, root) for kind in KINDS for name in names(kind, root))


def applicable(policies: Iterable[PolicyDocument], *, in_organization: bool) -> tuple[PolicyDocument, ...]:
    """Return the documents that apply: nobody attaches guardrails where there is no organization."""
    return tuple(policy for policy in policies if in_organization or policy.kind not in GUARDRAILS)


def fill(policy: PolicyDocument, values: Values) -> dict[str, Any]:
    """Return the document with every placeholder replaced; a list item that holds a list becomes one per value."""
    return placeholders.fill(policy.document, values, policy.place)
