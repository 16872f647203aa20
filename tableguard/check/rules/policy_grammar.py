"""The grammar of SCPs, RCPs, endpoint, resource and managed policies: what AWS accepts beyond their common language."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tableguard.check.rules.document_path import Document, LineOf, Path, no_line, shown, statements
from tableguard.findings.finding import Finding, Level

# (where in the document, what is wrong there)
Problems = Iterator[tuple[Path, str]]

_ALL = frozenset(("scp", "rcp", "endpoint", "resource", "role"))
_ATTACHED_TO_PRINCIPALS = frozenset(("scp", "role"))
_ANYBODY = ("*", {"AWS": "*"})


@dataclass(frozen=True)
class GrammarRule:
    """A rule: the kinds of document it binds, the function that finds faults, and the remedy."""

    name: str
    kinds: frozenset[str]
    remedy: str
    faults: Callable[[str, Document], Problems]
    level: Level = "error"


def check(file: str, kind: str, document: Document, line_of: LineOf = no_line) -> list[Finding]:
    """Return a finding for every rule that a filled document breaks."""
    return [
        Finding(rule.name, file, shown(path, document), line_of(path), problem, rule.remedy, rule.level)
        for rule in RULES
        if kind in rule.kinds
        for path, problem in rule.faults(kind, document)
    ]


@dataclass(frozen=True)
class Limit:
    """The most characters a document may have, and the number above which a warning is due."""

    most: int
    safe: int
    counted: Callable[[Document], int]


def _as_sent(document: Document) -> int:
    """Count characters as CloudFormation sends them: no white space between tokens."""
    return len(json.dumps(document, separators=(",", ":"), ensure_ascii=False))


def _without_white_space(document: Document) -> int:
    return len(re.sub(r"\s", "", json.dumps(document, separators=(",", ":"), ensure_ascii=False)))


def _bytes_as_sent(document: Document) -> int:
    return len(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode())


LIMITS = {
    # 10,240 since May 2026; until then 5,120, and tools and pages that still say so refuse more
    # https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
    "scp": Limit(10_240, 5_120, _as_sent),
    "rcp": Limit(5_120, 5_120, _as_sent),
    # https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
    "endpoint": Limit(20_480, 20_480, _as_sent),
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-considerations.html
    "resource": Limit(20_480, 20_480, _bytes_as_sent),
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    "role": Limit(6_144, 6_144, _without_white_space),
}


def _too_long(kind: str, document: Document) -> Problems:
    limit = LIMITS[kind]
    if (size := limit.counted(document)) > limit.most:
        yield (), f"{size} characters; AWS takes at most {limit.most}"


def _long(kind: str, document: Document) -> Problems:
    limit = LIMITS[kind]
    if limit.safe < (size := limit.counted(document)) <= limit.most:
        yield (), f"{size} characters, more than the {limit.safe} that were the limit until May 2026"


def _no_version(kind: str, document: Document) -> Problems:
    if document.get("Version") != "2012-10-17":
        yield ("Version",), f"{document.get('Version')!r}; without 2012-10-17 variables are plain text"


def _no_statements(kind: str, document: Document) -> Problems:
    element = document.get("Statement")
    if not isinstance(element, list) or not element or not all(isinstance(item, dict) and item for item in element):
        yield ("Statement",), "not a list of statements, or one of them is empty"


def _no_sid(kind: str, document: Document) -> Problems:
    for path, statement in statements(document):
        if not statement.get("Sid"):
            yield path, "no Sid"


def _repeated_sid(kind: str, document: Document) -> Problems:
    by_sid: dict[str, list[Path]] = {}
    for path, statement in statements(document):
        by_sid.setdefault(str(statement.get("Sid") or ""), []).append(path)
    for sid, paths in sorted(by_sid.items()):
        if sid and len(paths) > 1:
            yield paths[-1], f"{len(paths)} statements have this Sid"


def _empty_element(kind: str, document: Document) -> Problems:
    for path, statement in statements(document):
        for element in ("Action", "NotAction", "Resource", "NotResource", "Principal", "Condition"):
            if element in statement and statement[element] in ([], {}, "", None):
                yield (*path, element), "empty"


def _has_principal(kind: str, document: Document) -> Problems:
    for path, statement in statements(document):
        for element in ("Principal", "NotPrincipal"):
            if element in statement:
                yield (*path, element), "a policy that is attached to principals names none"


def _no_principal(kind: str, document: Document) -> Problems:
    for path, statement in statements(document):
        if "Principal" not in statement and "NotPrincipal" not in statement:
            yield path, "no Principal: AWS refuses the document"


def _not_anybody(kind: str, document: Document) -> Problems:
    for path, statement in statements(document):
        if statement.get("Principal") not in _ANYBODY:
            yield (*path, "Principal"), f"{statement.get('Principal')!r} is not '*'"


def _not_a_denial(kind: str, document: Document) -> Problems:
    for path, statement in statements(document):
        if statement.get("Effect") != "Deny":
            yield (*path, "Effect"), f"{statement.get('Effect')!r}; only RCPFullAWSAccess allows"


def _inverted_element(kind: str, document: Document) -> Problems:
    for path, statement in statements(document):
        for element in ("NotAction", "NotPrincipal"):
            if element in statement:
                yield (*path, element), "an RCP takes no such element"


def _every_action(kind: str, document: Document) -> Problems:
    for path, statement in statements(document):
        if "*" in as_list(statement.get("Action", [])):
            yield (*path, "Action"), "'*' alone: an RCP of a customer names the services"


# "global context keys that reference system generated identifiers (for example, aws:PrincipalAccount or aws:SourceVpc)"
_SYSTEM_GENERATED = frozenset(
    key.lower()
    for key in (
        "aws:PrincipalAccount",
        "aws:PrincipalOrgID",
        "aws:ResourceAccount",
        "aws:ResourceOrgID",
        "aws:SourceAccount",
        "aws:SourceVpc",
        "aws:SourceVpce",
        "aws:userid",
    )
)


def _loose_system_keys(kind: str, document: Document) -> Problems:
    for path, operator, key, values in _conditions(document):
        wild = any("*" in value or "?" in value for value in values)
        if key.lower() in _SYSTEM_GENERATED and (wild or "numeric" in operator.lower()):
            yield (*path, "Condition", operator, key), "an endpoint takes neither wildcards nor numbers with this key"


def _loose_strings(kind: str, document: Document) -> Problems:
    for path, operator, key, values in _conditions(document):
        for value in values if "string" in operator.lower() else ():
            parts = re.split(r"[*?]", value)
            if any(max(len(left), len(right)) < 6 for left, right in pairwise(parts)):
                yield (*path, "Condition", operator, key), f"{value!r}: fewer than six characters beside a wildcard"


def _conditions(document: Document) -> Iterator[tuple[Path, str, str, list[str]]]:
    for path, statement in statements(document):
        for operator, lines in _items(statement.get("Condition")):
            for key, values in _items(lines):
                yield path, operator, key, [str(value) for value in as_list(values)]


def _items(element: Any) -> Iterable[tuple[str, Any]]:
    """Return the entries of an object; none of anything else, which cfn-lint reports."""
    return element.items() if isinstance(element, dict) else ()


def as_list(value: Any) -> list[Any]:
    """Return a policy value that is one text or a list of them as a list."""
    return value if isinstance(value, list) else [value]


_ENDPOINT = frozenset(("endpoint",))
_RCP = frozenset(("rcp",))

RULES = (
    GrammarRule("size", _ALL, "split the document, or say the same in fewer statements", _too_long),
    GrammarRule("size-near-limit", frozenset(("scp",)), "shorten it if a tool on the way refuses it", _long, "warning"),
    GrammarRule("version", _ALL, 'write "Version": "2012-10-17"', _no_version),
    GrammarRule("statements", _ALL, "write at least one statement, and none that is empty", _no_statements),
    GrammarRule("sid", _ALL, "name the statement: reports and denials speak of it by its Sid", _no_sid),
    GrammarRule("sid-repeated", _ALL, "give each statement its own Sid", _repeated_sid),
    GrammarRule("empty-element", _ALL, "name at least one value, or leave the statement out", _empty_element),
    GrammarRule("principal", _ATTACHED_TO_PRINCIPALS, "remove the element; aws:PrincipalArn selects", _has_principal),
    GrammarRule(
        "principal", frozenset(("resource",)), 'write "Principal": "*" and select by conditions', _no_principal
    ),
    # https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html
    # https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html#vpc-endpoint-policies-gateway
    GrammarRule("principal", _RCP | _ENDPOINT, 'write "Principal": "*" and select by aws:PrincipalArn', _not_anybody),
    GrammarRule("rcp-effect", _RCP, 'write "Effect": "Deny"', _not_a_denial),
    GrammarRule("rcp-element", _RCP, "write Action and Principal", _inverted_element),
    GrammarRule("rcp-action", _RCP, "write the service before it, as in dynamodb:*", _every_action),
    GrammarRule("endpoint-operator", _ENDPOINT, "write whole values", _loose_system_keys),
    GrammarRule("endpoint-wildcard", _ENDPOINT, "write more of the value", _loose_strings),
)
