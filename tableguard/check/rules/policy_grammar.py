"""The grammar of policy documents: what AWS accepts of each kind, and what this repository demands of its own.

`check` reports every rule that a document breaks. Whatever answers a question about documents first calls `refuse`:
of a document that AWS takes nowhere nothing can be said.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tableguard.check.rules.document_path import Document, LineOf, Path, no_line, shown, statements
from tableguard.check.rules.document_size import LIMITS
from tableguard.errors import PolicyError
from tableguard.findings.finding import Finding, Level

# (where in the document, what is wrong there)
Problems = Iterator[tuple[Path, str]]

_SHIPPED = frozenset(("scp", "rcp", "endpoint", "resource", "role"))
_EVERY = _SHIPPED | {"key", "trust"}
_ORGANIZATIONS = frozenset(("scp", "rcp"))
_ATTACHED_TO_PRINCIPALS = frozenset(("scp", "role"))
_OF_RESOURCES = frozenset(("resource", "key", "trust"))
_IN_IAM = frozenset(("scp", "rcp", "role", "trust"))  # where Sids follow IAM's rules; services have rules of their own
ANYBODY = ("*", {"AWS": "*"})
_VERSIONS = ("2012-10-17", "2008-10-17")


@dataclass(frozen=True)
class GrammarRule:
    """A rule: the kinds of document it binds, the function that finds faults, and the remedy.

    What is `ours` AWS would take: we demand more of our own documents.
    """

    name: str
    kinds: frozenset[str]
    remedy: str
    faults: Callable[[str, Document], Problems]
    level: Level = "error"
    ours: bool = False


def check(file: str, kind: str, document: Document, line_of: LineOf = no_line, *, ours: bool = True) -> list[Finding]:
    """Return a finding for every rule that a filled document breaks; what we demand of `ours` alone among them."""
    return [
        Finding(rule.name, file, shown(path, document), line_of(path), problem, rule.remedy, rule.level)
        for rule in RULES
        if kind in rule.kinds and (ours or not rule.ours)
        for path, problem in rule.faults(kind, document)
    ]


def refuse(place: str, kind: str, document: Document) -> None:
    """Raise PolicyError for a document that AWS takes nowhere as one of its kind: it promises nothing."""
    for rule in RULES:
        if kind in rule.kinds and not rule.ours:
            for path, problem in rule.faults(kind, document):
                where = shown(path, document)
                raise PolicyError(f"{place}: {where}: {problem}; AWS refuses it as {NAMES[kind]}: {rule.remedy}")


NAMES = {
    "scp": "an SCP",
    "rcp": "an RCP",
    "endpoint": "an endpoint's policy",
    "resource": "a resource's policy",
    "role": "a role's policy",
    "key": "a key's policy",
    "trust": "a trust policy",
}


def _beyond_quota(kind: str, document: Document) -> Problems:
    limit = LIMITS[kind]
    if limit.anywhere and (size := limit.counted(document)) > limit.anywhere:
        yield (), f"{size} characters; AWS takes at most {limit.anywhere}"


def _too_long(kind: str, document: Document) -> Problems:
    limit = LIMITS[kind]
    if limit.most < (size := limit.counted(document)) and not 0 < limit.anywhere < size:
        yield (), f"{size} characters; AWS takes at most {limit.most}"


def _long(kind: str, document: Document) -> Problems:
    limit = LIMITS[kind]
    if limit.safe < (size := limit.counted(document)) <= limit.most:
        yield (), f"{size} characters, more than the {limit.safe} that were the limit until May 2026"


def _no_such_version(kind: str, document: Document) -> Problems:
    """Find a Version that AWS does not know; Organizations demands the newer one.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
    "Every SCP must include a Version element with the value 2012-10-17", and so must every RCP:
    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_syntax.html
    """
    version = document.get("Version")
    if kind in _ORGANIZATIONS and version != _VERSIONS[0]:
        yield ("Version",), f"{version!r}; without 2012-10-17 variables are plain text"
    elif "Version" in document and version not in _VERSIONS:
        yield ("Version",), f"{version!r} is neither {_VERSIONS[0]} nor {_VERSIONS[1]}"


def _older_version(kind: str, document: Document) -> Problems:
    version = document.get("Version")
    if version in (None, _VERSIONS[1]):
        yield ("Version",), f"{version!r}; without 2012-10-17 variables are plain text"


def _no_statements(kind: str, document: Document) -> Problems:
    listed = as_list(document.get("Statement"))
    if not listed or not all(isinstance(item, dict) and item for item in listed):
        yield ("Statement",), "not a list of statements, or one of them is empty"


def _statement_alone(kind: str, document: Document) -> Problems:
    if isinstance(document.get("Statement"), dict):
        yield ("Statement",), "not a list of statements"


def _no_sid(kind: str, document: Document) -> Problems:
    for path, statement in statements(document):
        if not statement.get("Sid"):
            yield path, "no Sid"


def _sid_of_other_characters(kind: str, document: Document) -> Problems:
    """Find Sids that are no text, or, under IAM's rules, hold anything but letters and digits.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html
    """
    for path, statement in statements(document):
        sid = statement.get("Sid", "")
        if not isinstance(sid, str):
            yield (*path, "Sid"), f"{sid!r} is not a text"
        elif kind in _IN_IAM and not re.fullmatch(r"[A-Za-z0-9]*", sid):
            yield (*path, "Sid"), f"{sid!r} has other characters than letters and digits"


def _repeated_sid(kind: str, document: Document) -> Problems:
    by_sid: dict[str, list[Path]] = {}
    for path, statement in statements(document):
        by_sid.setdefault(str(statement.get("Sid") or ""), []).append(path)
    for sid, paths in sorted(by_sid.items()):
        if sid and len(paths) > 1:
            yield paths[-1], f"{len(paths)} statements have this Sid"


def _empty_element(kind: str, document: Document) -> Problems:
    for path, statement in statements(document):
        for element in ("Action", "NotAction", "Resource", "NotResource", "Principal"):
            if element in statement and statement[element] in ([], {}, "", None):
                yield (*path, element), "empty"


def _empty_condition(kind: str, document: Document) -> Problems:
    for path, statement in statements(document):
        if "Condition" in statement and not statement["Condition"]:
            yield (*path, "Condition"), "empty"


def _not_one_of_two(kind: str, document: Document) -> Problems:
    """Find statements without action or resource, and those with an element and its opposite.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html; some resources' own policies,
    as those of ECR repositories, have no Resource, and trust policies must not have one.
    """
    needed = ("Action",) if kind in ("resource", "trust") else ("Action", "Resource")
    for path, statement in statements(document):
        for element in needed:
            if element not in statement and f"Not{element}" not in statement:
                yield path, f"neither {element} nor Not{element}"
        for element in ("Action", "Resource", "Principal"):
            if element in statement and f"Not{element}" in statement:
                yield path, f"both {element} and Not{element}"


def _service_by_wildcard(kind: str, document: Document) -> Problems:
    """Find wildcards before the colon: "Action vendors (e.g., aws, ec2, etc.) must not contain wildcards"."""
    for path, statement in statements(document):
        for element in ("Action", "NotAction"):
            for action in as_list(statement.get(element, [])):
                if re.search(r"[*?].*:", str(action)):
                    yield (*path, element), f"{action}: AWS takes no wildcard in the name of a service"


def _resource_of_trust(kind: str, document: Document) -> Problems:
    """Find "Has prohibited field Resource": a trust policy is about the role that has it."""
    for path, statement in statements(document):
        for element in ("Resource", "NotResource"):
            if element in statement:
                yield (*path, element), "a trust policy is about its own role and names no resource"


def _trusting_others(kind: str, document: Document) -> Problems:
    """Find "AssumeRole policy may only specify STS AssumeRole actions"."""
    for path, statement in statements(document):
        for action in as_list(statement.get("Action", [])):
            if not str(action).lower().startswith("sts:"):
                yield (*path, "Action"), f"{action}: a trust policy is about STS's actions only"


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
        if statement.get("Principal") not in ANYBODY:
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
_SCP = frozenset(("scp",))
_TRUST = frozenset(("trust",))
_SHORTER = "split the document, or say the same in fewer statements"
_VERSION = 'write "Version": "2012-10-17"'
_STATEMENTS = "write at least one statement, and none that is empty"
_REPEATED = "give each statement its own Sid"
_EMPTY = "name at least one value, or leave the statement out"
_ANYBODY_BUT = 'write "Principal": "*" and select by aws:PrincipalArn'

RULES = (
    GrammarRule("size", _EVERY, _SHORTER, _beyond_quota),
    GrammarRule("size", _SHIPPED, _SHORTER, _too_long, ours=True),
    GrammarRule("size-near-limit", _SCP, "shorten it if a tool on the way refuses it", _long, "warning", ours=True),
    GrammarRule("version", _EVERY, _VERSION, _no_such_version),
    GrammarRule("version", _SHIPPED - _ORGANIZATIONS, _VERSION, _older_version, ours=True),
    GrammarRule("statements", _EVERY, _STATEMENTS, _no_statements),
    GrammarRule("statements", _SHIPPED, _STATEMENTS, _statement_alone, ours=True),
    GrammarRule("sid", _SHIPPED, "name the statement: reports and denials speak of it by its Sid", _no_sid, ours=True),
    GrammarRule("sid-characters", _EVERY, "write letters and digits", _sid_of_other_characters),
    GrammarRule("sid-repeated", _IN_IAM, _REPEATED, _repeated_sid),
    GrammarRule("sid-repeated", _SHIPPED - _IN_IAM, _REPEATED, _repeated_sid, ours=True),
    GrammarRule("empty-element", _EVERY, _EMPTY, _empty_element),
    GrammarRule("empty-element", _SHIPPED, _EMPTY, _empty_condition, ours=True),
    GrammarRule("element", _EVERY, "write one of the two", _not_one_of_two),
    GrammarRule("service-wildcard", _EVERY, "write the service, or * alone", _service_by_wildcard),
    GrammarRule("principal", _ATTACHED_TO_PRINCIPALS, "remove the element; aws:PrincipalArn selects", _has_principal),
    GrammarRule("principal", _OF_RESOURCES, 'write "Principal": "*" and select by conditions', _no_principal),
    # https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html
    GrammarRule("principal", _RCP, _ANYBODY_BUT, _not_anybody),
    GrammarRule("rcp-effect", _RCP, 'write "Effect": "Deny"', _not_a_denial),
    GrammarRule("rcp-element", _RCP, "write Action and Principal", _inverted_element),
    GrammarRule("rcp-action", _RCP, "write the service before it, as in dynamodb:*", _every_action),
    GrammarRule("trust-resource", _TRUST, "remove the element", _resource_of_trust),
    GrammarRule("trust-action", _TRUST, "leave the action to the role's own policies", _trusting_others),
    # of gateway endpoints, as ours are; interface endpoints take more
    # https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html#vpc-endpoint-policies-gateway
    GrammarRule("principal", _ENDPOINT, _ANYBODY_BUT, _not_anybody, ours=True),
    GrammarRule("endpoint-operator", _ENDPOINT, "write whole values", _loose_system_keys, ours=True),
    GrammarRule("endpoint-wildcard", _ENDPOINT, "write more of the value", _loose_strings, ours=True),
)
